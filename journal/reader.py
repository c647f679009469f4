"""Reading a journal from its first command on, also while it is being written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from journal._scan import (
    EXHAUSTED,
    SIZES,
    SPOILED,
    Chain,
    all_zeros,
)
from journal.errors import JournalCorrupt, JournalKeyError
from journal.folder import Bytes, ReadFolder, read_all
from journal.headers import (
    NO_TYPE,
    announced_skips,
    as_folder,
    is_skip,
    present_numbers,
    read_header,
    segment_name,
    segment_numbers,
    segment_path,
)
from journal.keys import Keys
from journal.newer import rest_of
from journal.place import Place
from journal.schema import (
    HASH_BYTES,
    SEGMENT_HEADER_BYTES,
    SEGMENT_MAGIC,
    SegmentFields,
    offset_of,
)
from lmax.schema import COMMAND

__all__ = [
    "BATCH_BYTES",
    "BLOCK_BYTES",
    "NO_LIMIT",
    "NO_TYPE",
    "READ_BYTES",
    "Commands",
    "Reader",
    "as_folder",
    "read_header",
    "segment_name",
    "segment_numbers",
    "segment_path",
]

BLOCK_BYTES, BATCH_BYTES, _ = SIZES
READ_BYTES = 2 * BATCH_BYTES
"""At most, at once; small enough that what is read is still in a cache when it is used."""

NO_LIMIT = 2**64 - 1

NOT_OPENED = "a batch that this key does not open"

NOTHING, NEXT_SEGMENT = 0, 1
"""What lies ahead of the place where the next batch would be, besides damage."""

Commands = npt.NDArray[np.void]


class Reader:
    """Goes through the batches of a journal in order and checks each.

    sequence: of the last command read; segment, offset: where the next batch would be;
    `torn` says what stands at the end where it is not clean. hashes: check SHA-256 too; keys: of
    an encrypted journal; as_written: also commands that are left out (journal.skips) as they are.
    """

    def __init__(
        self,
        directory: Path | ReadFolder,
        *,
        hashes: bool = True,
        keys: Keys | None = None,
        as_written: bool = False,
    ) -> None:
        self.folder = as_folder(directory)
        self.chain = Chain(hashes=hashes)
        self._hashes = hashes
        self.cluster = b""
        self.segment = 0
        self.offset = 0
        self.torn = ""
        self.segment_bytes = 0
        self.key = 0
        self._keys = keys or Keys()
        self._recycled = False
        self._handle = -1
        self._as_written = as_written
        self._skips: dict[int, int] | None = None
        self._chunk = np.empty(READ_BYTES, np.uint8)
        self._out = np.empty(READ_BYTES, np.uint8)

    @property
    def sequence(self) -> int:
        return self.chain.sequence

    def close(self) -> None:
        if self._handle >= 0:
            self.folder.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, last: int = NO_LIMIT, into: Bytes | None = None) -> Commands:
        """The next commands up to `last`; an empty array at the end so far.

        The array lies in `into`, of READ_BYTES, or is valid until the next call. Raises
        JournalCorrupt.
        """
        out = self._out if into is None else into
        filled = self._fill(last, out)
        return self._leave_out(out[:filled].view(COMMAND)) if filled else np.empty(0, COMMAND)

    def _fill(self, last: int, out: Bytes) -> int:
        """How many bytes of what comes next were put in `out`; 0 at the end so far."""
        ahead: JournalCorrupt | int | None = None
        while self.sequence < last:
            if self._handle < 0 and not self._open_next():
                break
            filled, wrong = self._gather(last, out)
            if filled:
                self.torn = ""
                return filled
            if isinstance(ahead, JournalCorrupt):
                raise ahead
            if ahead == NEXT_SEGMENT:
                self.close()
                ahead = None
                continue
            # A writer may have gone on between the look here and the look ahead. So what lies
            # ahead counts only if there is still nothing here after it was seen.
            ahead = self._look_ahead(wrong)
            if ahead == NOTHING:
                break
        return 0

    @property
    def skipped(self) -> dict[int, int]:
        """Commands that are left out, by the sequence of the record that says so."""
        if self._skips is None:
            self._skips = announced_skips(self.folder)
        return self._skips

    def _leave_out(self, commands: Commands) -> Commands:
        """Those that are not to be applied become commands of no type."""
        if self.skipped:
            first = int(commands["sequence"][0])
            inside = range(first, first + len(commands))
            for record, skipped in self.skipped.items():
                if record in inside and not is_skip(commands[record - first], skipped):
                    what = f"no record that command {skipped} is left out,"
                    raise JournalCorrupt(self._path(), BLOCK_BYTES, record, what)
                if skipped in inside and not self._as_written:
                    commands["type"][skipped - first] = NO_TYPE
        return commands

    def _gather(self, last: int, out: Bytes) -> tuple[int, str]:
        """Read on; bytes of commands found, or what is wrong where the next batch should be."""
        size = self.folder.read_at(self._handle, self._chunk, self.offset)
        stop, consumed, filled, wrong = self._take(self._chunk[:size], last, out)
        self.offset += consumed
        if not filled and stop == SPOILED:
            if wrong == NOT_OPENED and self.offset == BLOCK_BYTES:
                raise self._wrong_key()
            raise self._corrupt(self._path(), self.offset, wrong)
        if not filled and stop == EXHAUSTED and size:
            wrong = "a batch that is cut off by the end of the file"
        return filled, wrong

    def _take(self, data: Bytes, last: int, out: Bytes) -> tuple[int, int, int, str]:
        """What `Chain.gather` makes of these bytes."""
        return self.chain.gather(data, self.offset, last, out)

    def batches(self, last: int = NO_LIMIT) -> Iterator[Commands]:
        """`read` until the end."""
        while len(commands := self.read(last)):
            yield commands

    def begin_behind(self, sequence: int, digest: bytes) -> None:
        """Begin with a first segment that is not the journal's first: what comes before it."""
        self.chain = Chain(hashes=self._hashes, sequence=sequence, hash=digest)

    def go_on_at(self, header: SegmentFields, place: Place) -> None:
        """Begin behind a batch within a segment; who calls has seen that it is there."""
        self.close()
        self.chain = Chain(hashes=self._hashes, sequence=place.sequence)
        self._enter(place.segment, {**header, "previous": place.hash, "epoch": place.epoch})
        self.offset = place.offset
        self._handle = self.folder.open_to_read(segment_name(place.segment))

    @property
    def place(self) -> Place:
        """Behind the batch that was read last; segment 0 before the first."""
        return Place(
            cluster=self.cluster,
            sequence=self.sequence,
            hash=self.chain.hash,
            epoch=self.chain.epoch,
            generation=self.chain.generation,
            segment=self.segment,
            offset=self.offset,
        )

    def _path(self) -> Path:
        return segment_path(self.folder.path, self.segment)

    def _open_next(self) -> bool:
        """Open the segment after the current one; False when there is none in use."""
        number = self.segment + 1
        if self.segment == 0 and (numbers := present_numbers(self.folder)):
            number = numbers[0]
        name = segment_name(number)
        header = read_header(self.folder, name) if self.folder.exists(name) else None
        if isinstance(header, str):
            self.torn = header
            if not self._cut_short(name) or self._follows(number):
                raise self._corrupt(self.folder.path / name, 0, header)
        if header is None and (damage := self._lost_header(number)):
            raise damage
        if not isinstance(header, dict):
            return False
        if header["skips"] and header["first_sequence"] not in self.skipped:
            self.torn = "a record that a command is left out, cut short"
            if self._follows(number):
                raise self._corrupt(self.folder.path / name, BLOCK_BYTES, self.torn)
            return False
        self._check_header(self.folder.path / name, number, header)
        self._enter(number, header)
        self._handle = self.folder.open_to_read(name)
        return True

    def _enter(self, number: int, header: SegmentFields) -> None:
        self.segment, self.offset = number, BLOCK_BYTES
        self.segment_bytes = header["segment_bytes"]
        self.cluster = header["cluster"]
        self.key = header["key"]
        self._recycled = bool(header["recycled"])
        self.chain.enter(
            header["generation"],
            epoch=header["epoch"],
            recycled=self._recycled,
            previous=header["previous"],
            key=header["key"],
            secret=self._keys.of_segment(header["key"], header["cluster"], header["salt"]),
        )

    def _check_header(self, path: Path, number: int, header: SegmentFields) -> None:
        """That this segment follows the one before; the first begins its journal."""
        cluster = self.cluster or header["cluster"]
        begun = self.segment or self.sequence
        before = self.chain.hash if begun else cluster.ljust(HASH_BYTES, b"\0")
        expected = {
            "number": number,
            "first_sequence": self.sequence + 1,
            "cluster": cluster,
            "previous": before,
        }
        names = {"cluster": "cluster id", "previous": "previous hash"}
        in_line = header["number"] == number and header["cluster"] == cluster
        if self.segment and in_line and header["first_sequence"] > self.sequence + 1:
            what = f"zeros, before a segment that begins with command {header['first_sequence']},"
            raise self._corrupt(self._path(), self.offset, what)
        for name, value in expected.items():
            if (found := header[name]) != value:  # type: ignore[literal-required]
                is_, not_ = (v.hex() if isinstance(v, bytes) else v for v in (found, value))
                words = names.get(name, name.replace("_", " "))
                what = f"a segment whose {words} is {is_}, not {not_},"
                if name == "first_sequence" and not begun and number > 1:
                    what += " (if those before were pruned, `lmax journal restore` has them),"
                raise self._corrupt(path, 0, what)
        if header["generation"] <= self.chain.generation:
            what = f"a segment of generation {header['generation']}, after one of generation"
            raise self._corrupt(path, 0, f"{what} {self.chain.generation},")
        if header["epoch"] < self.chain.epoch:
            what = f"a segment of epoch {header['epoch']}, after one of epoch {self.chain.epoch},"
            raise self._corrupt(path, 0, what)

    def _look_ahead(self, wrong: str) -> JournalCorrupt | int:
        """What follows where the next batch is not: the next segment, nothing, or proof of damage.

        At the very end bad bytes are a write that the stop cut short; elsewhere, damage.
        """
        name, generation = segment_name(self.segment), self.chain.generation
        rest = rest_of(self.folder, name, self.offset, generation, BLOCK_BYTES)
        if rest.batches:
            first = rest.batches[0]
            wrong = f"{wrong or 'zeros'}, before a batch that begins with command {first},"
            return self._corrupt(self._path(), self.offset, wrong)
        unclean = not wrong and not self._recycled and not rest.zeros
        if self._follows(self.segment):
            wrong = wrong or ("bytes behind the last batch" if unclean else "")
            return self._corrupt(self._path(), self.offset, wrong) if wrong else NEXT_SEGMENT
        if damage := self._lost_header(self.segment + 1) or self._missing(self.segment + 1):
            return self._corrupt(self._path(), self.offset, wrong) if wrong else damage
        self.torn = wrong or ("bytes that begin no batch" if unclean else "")
        return NOTHING

    def _cut_short(self, name: str) -> bool:
        """Whether a bad header may be a first write that was cut short: nothing stands behind it.

        Zeros follow in its block, and whatever batches the file holds are from before.
        """
        block = read_all(self.folder, name, 0, BLOCK_BYTES)
        magic = offset_of("SegmentHeader", "magic")
        rest = magic + len(SEGMENT_MAGIC)
        if block[magic:rest].tobytes() == SEGMENT_MAGIC:
            rest = SEGMENT_HEADER_BYTES
        return all_zeros(block[rest:]) and not self._begun(name, BLOCK_BYTES)

    def _begun(self, name: str, start: int) -> bool:
        """Whether a batch stands in that later segment, from `start` on."""
        return bool(rest_of(self.folder, name, start, self.chain.generation + 1).batches)

    def _lost_header(self, number: int) -> JournalCorrupt | None:
        """Header and first batch are written at once, so either may be missing after a stop.

        With a later batch, or a segment after it, the first was safe, and so was the header.
        """
        name = segment_name(number)
        if not self.folder.exists(name):
            return None
        later = self._follows(number) or self._begun(name, 2 * BLOCK_BYTES)
        if later and read_header(self.folder, name) is None:  # still: a writer may have begun it
            return self._corrupt(self.folder.path / name, 0, "a segment without its header")
        return None

    def _missing(self, number: int) -> JournalCorrupt | None:
        """A segment that is not there, although a later one is in use."""
        name = segment_name(number)
        names = (segment_name(n) for n in present_numbers(self.folder) if n > number)
        later = next((n for n in names if read_header(self.folder, n) is not None), "")
        if not later or self.folder.exists(name):
            return None
        what = f"a segment that is missing, before {later},"
        return self._corrupt(self.folder.path / name, 0, what)

    def _follows(self, number: int) -> bool:
        """Whether the segment after that one is in use."""
        name = segment_name(number + 1)
        return self.folder.exists(name) and read_header(self.folder, name) is not None

    def _wrong_key(self) -> JournalKeyError:
        """Its checksums are right, and nothing of this segment was opened before."""
        return JournalKeyError(
            f"{self._path()} was encrypted with another key {self.key} than that of"
            f" {self._keys.origin or 'those given'}. Name the source that has it. Nothing was"
            " changed. (If that is the right one, the file was edited and its checksums set right.)"
        )

    def _corrupt(self, path: Path, offset: int, what: str) -> JournalCorrupt:
        return JournalCorrupt(path, offset, self.sequence + 1, what)
