"""The end of a run: what was safe changes, by a flipped bit or a write that went elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journal.errors import JournalCorrupt
from journal.reader import BLOCK_BYTES, Reader, segment_name
from tests.journal.simulated import Chances, File
from tests.journal.writing import batch_bytes

if TYPE_CHECKING:
    from tests.simulation.run import Run

Place = tuple[File, int, int]
"""A file, from which byte, how many."""


class Damage:
    """It is refused, or nothing is lost that was not hit itself, at the very end of the log."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.folder = run.folder
        self.hit: list[Place] = []

    def happen(self) -> None:
        self.run.random.choice([self.flip, self.misdirect])()
        batches = self.whole
        self.run.survived = self.run.survived[:0]
        try:
            venue = self.run.open()
        except JournalCorrupt:
            return
        found = venue.survived
        assert self.run.published.tobytes().startswith(found.tobytes()), "commands nobody sent"
        for last, place in batches:
            hit = any(overlap(place, one) for one in self.hit)
            assert last <= len(found) or hit, "damage was taken for the end"
        venue.crash()

    def survey(self) -> list[tuple[int, Place]]:
        """Every batch: its last sequence and where it stands."""
        found = []
        with Reader(self.folder) as reader:
            while len(commands := reader.read(reader.sequence + 1)):
                size = batch_bytes(len(commands))
                start, file = reader.offset - size, self.folder.seen_names
                if start == BLOCK_BYTES:  # written with the header
                    start, size = 0, size + BLOCK_BYTES
                found.append((reader.sequence, (file[segment_name(reader.segment)], start, size)))
        return found

    def flip(self) -> None:
        """A bit anywhere below the end."""
        self.whole = self.survey()
        _, (file, start, size) = self.run.random.choice(self.whole)
        at = self.run.random.randrange(start, start + size)
        name = next(n for n, one in self.folder.seen_names.items() if one is file)
        self.folder.flip(name, at)
        self.hit = [(file, at, 1)]

    def misdirect(self) -> None:
        """The last write of a life went to another place, and the disk said that all is well."""
        self.whole = self.survey()
        venue = self.run.open()
        self.run.publish(venue)
        self.folder.misdirected.clear()
        self.folder.chances = Chances(misdirected=1.0)
        venue.journal.make_segment()
        for _ in range(5):
            venue.journal_step()
            if self.folder.misdirected:
                break
        venue.crash()
        self.folder.chances = Chances()
        self.hit = list(self.folder.misdirected)


def overlap(one: Place, other: Place) -> bool:
    return one[0] is other[0] and one[1] < other[1] + other[2] and other[1] < one[1] + one[2]
