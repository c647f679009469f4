"""Where a journal begins whose first segments were deleted, because they are safe elsewhere.

A journal that begins with segment 7 may have lost six of them. So who deletes a segment first
writes down, in the file `beginning`, with which command and hash the next one goes on; that is
where checking begins. A start does not ask for it: it goes on from a snapshot.
"""

from __future__ import annotations

import json

from journal.errors import JournalError
from journal.folder import Folder, ReadFolder, read_all
from journal.headers import present_numbers
from journal.reader import Reader

NAME = "beginning"
KEPT = 8
"""Of the newest notes: deletion may have broken off behind any of the last."""


def note(folder: Folder, segment: int, sequence: int, digest: bytes) -> None:
    """That the journal may begin with that segment, behind that command and that hash; safe."""
    known = notes(folder) | {segment: (sequence, digest)}
    lines = {str(n): [s, h.hex()] for n, (s, h) in sorted(known.items())[-KEPT:]}
    folder.write_file(f"{NAME}.part", json.dumps(lines, indent=1).encode())
    folder.rename(f"{NAME}.part", NAME)
    folder.sync()


def notes(folder: ReadFolder) -> dict[int, tuple[int, bytes]]:
    """By segment: the sequence and hash before it. JournalError if the file is damaged."""
    if not folder.exists(NAME):
        return {}
    try:
        found = json.loads(read_all(folder, NAME).tobytes())
        return {int(n): (int(s), bytes.fromhex(h)) for n, (s, h) in found.items()}
    except (ValueError, TypeError, AttributeError):
        raise JournalError(
            f"{folder.path / NAME} is damaged. Take it from a copy, or restore the segments that"
            " were deleted: `lmax journal restore`."
        ) from None


def begin(reader: Reader) -> tuple[int, bytes] | None:
    """Let a reader begin where the journal does; sequence and hash there, None at the very first.

    Where nothing is noted the reader is left as it is, and will say what is missing.
    """
    numbers = present_numbers(reader.folder)
    if not numbers or numbers[0] == 1:
        return None
    place = notes(reader.folder).get(numbers[0])
    if place:
        reader.begin_behind(*place)
    return place
