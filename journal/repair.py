"""Mending a damaged journal from a good copy: by sequence and hash, and proven before it counts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from journal.beginning import begin
from journal.errors import JournalCorrupt, JournalError
from journal.files import lock_folder
from journal.folder import Folder, ReadFolder, RealFolder, read_all
from journal.keys import Keys
from journal.reader import BLOCK_BYTES, Reader, as_folder, read_header, segment_name
from journal.verify import Verdict, scan_segment, verify

ASIDE = ".damaged"
COPY = ".repair"


@dataclass(frozen=True)
class Repaired:
    """What was done. segments: taken from the copy; kept: the damaged files; first, last: commands.

    verdict: of the whole journal afterwards.
    """

    segments: list[str]
    kept: list[str]
    first: int
    last: int
    verdict: Verdict


def repair(
    directory: Path, source: Path | ReadFolder, *, keys: Keys | None = None
) -> Repaired | None:
    """Take what is damaged in `directory` from the copy in `source`; None if nothing is damaged.

    Segment after segment is replaced until the chain is whole. A segment of the copy is taken only
    if its own chain is whole, it follows the good part here by sequence and hash, and no batch that
    is good here would be lost. The damaged file stays beside it as `….damaged`. Raises JournalError
    when the copy cannot help; what was replaced until then is good. JournalLocked while it is used.
    """
    lock = lock_folder(directory)
    try:
        return _repair(RealFolder(directory), as_folder(source), keys)
    finally:
        os.close(lock)


def _repair(folder: Folder, copy: ReadFolder, keys: Keys | None) -> Repaired | None:
    segments: list[str] = []
    kept: list[str] = []
    first = 0
    while damage := (verdict := verify(folder, keys=keys)).damage:
        name = damage.path.name
        if name in segments:
            raise JournalError(f"{copy.path} has the same damage: {damage.what} in {name}")
        if aside := replace(folder, copy, name, damage, keys):
            kept.append(aside)
        segments.append(name)
        first = first or damage.sequence
    if not segments:
        return None
    return Repaired(segments, kept, first, verdict.last_sequence, verdict)


def replace(
    folder: Folder, copy: ReadFolder, name: str, damage: JournalCorrupt, keys: Keys | None
) -> str:
    """Put the copy's segment in the damaged one's place; the name the old one has now, if any."""
    number = int(name.split(".")[0])
    prove(folder, copy, number, damage, keys)
    folder.write_file(name + COPY, read_all(copy, name).tobytes())
    if read_all(folder, name + COPY).tobytes() != read_all(copy, name).tobytes():
        raise JournalError(f"{folder.path / (name + COPY)} is not what was written: another disk?")
    aside = name + ASIDE if folder.exists(name) else ""
    while aside and folder.exists(aside):
        aside += "+"
    if aside:
        folder.rename(name, aside)
    folder.rename(name + COPY, name)
    folder.sync()
    return aside


def prove(
    folder: Folder, copy: ReadFolder, number: int, damage: JournalCorrupt, keys: Keys | None
) -> None:
    """That the copy's segment is whole and belongs here. JournalError says why not."""
    name = segment_name(number)
    scan = scan_segment(copy, number, keys=keys) if copy.exists(name) else None
    if scan is None:
        raise JournalError(f"{copy.path} has no {name}. Name a folder that holds a newer copy.")
    if scan.wrong:
        raise JournalError(f"{copy.path / name} at byte {scan.bytes}: {scan.wrong}; not taken.")
    with Reader(folder, keys=keys) as reader:
        begin(reader)
        for _ in reader.batches(scan.header["first_sequence"] - 1):
            pass
        if number > 1 and (reader.sequence, reader.chain.hash) != (
            scan.header["first_sequence"] - 1,
            scan.header["previous"],
        ):
            raise JournalError(
                f"{copy.path / name} does not follow command {reader.sequence} of this journal by"
                " its hash: it is a copy of another journal, or of another history."
            )
    if scan.last < damage.sequence and damage.offset >= BLOCK_BYTES:
        raise JournalError(
            f"{copy.path / name} ends with command {scan.last}; {damage.sequence} is damaged here."
            " Name a folder that holds a newer copy."
        )
    check_successor(folder, number, scan.last, scan.hash)


def check_successor(folder: ReadFolder, number: int, last: int, digest: bytes) -> None:
    """That the segment after it, if its header is good, goes on where the copy's ends."""
    name = segment_name(number + 1)
    header = read_header(folder, name) if folder.exists(name) else None
    if isinstance(header, dict) and (header["first_sequence"], header["previous"]) != (
        last + 1,
        digest,
    ):
        raise JournalError(
            f"{segment_name(number)} of the copy ends with command {last}, but {name} here begins"
            f" with {header['first_sequence']}, or goes on from another hash: not taken."
        )
