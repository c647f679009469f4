"""Reading a journal, also while another process writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from journal.errors import JournalError
from journal.headers import present_numbers, read_header, segment_path
from journal.verify import read_patiently, scan_segment
from node.system import journal_folder

__all__ = ["Segment", "journal_of", "read_patiently", "segments"]


def journal_of(folder: Path) -> Path:
    """The journal's folder of a data folder. Raises JournalError if there is none in it."""
    found = journal_folder(folder)
    if not present_numbers(found):
        raise JournalError(f"{found} holds no journal. Name a folder that `lmax run` has used.")
    return found


@dataclass(frozen=True)
class Segment:
    """One file of a journal. first, last: sequences; last is first - 1 while it is empty.

    bytes: in use, header included; state: "" or what is wrong behind the last good batch.
    """

    name: str
    first: int
    last: int
    commands: int
    batches: int
    bytes: int
    size: int
    created: int
    epoch: int
    state: str


def segments(folder: Path) -> Iterator[Segment]:
    """The segments in use. What is checked is each by itself; `verify` checks the whole chain."""
    for number in present_numbers(folder):
        path = segment_path(folder, number)
        header = read_header(folder, path.name)
        if header is None:
            continue  # made ahead
        scan = scan_segment(folder, number, hashes=False)
        if scan is None:
            raise JournalError(f"{path}: {header}. `lmax journal verify` tells more.")
        yield Segment(
            name=path.name,
            first=scan.header["first_sequence"],
            last=scan.last,
            commands=scan.commands,
            batches=scan.batches,
            bytes=scan.bytes,
            size=path.stat().st_size,
            created=scan.header["created"],
            epoch=scan.epoch,
            state=scan.wrong,
        )
