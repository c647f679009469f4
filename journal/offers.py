"""What a node offers to one that has nothing: files, and the place that they lead to."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from journal.errors import JournalError
from journal.headers import segment_name
from journal.place import Place, place_of
from journal.schema import BLOCK_BYTES

SEGMENT, SNAPSHOT = "segment", "snapshot"
NAMES = {SEGMENT: re.compile(r"\d{8,12}\.segment"), SNAPSHOT: re.compile(r"\d{20}\.snapshot")}


@dataclass(frozen=True)
class ShippedFile:
    """kind: SEGMENT or SNAPSHOT; size, sha256: of what is sent; full: with the zeros behind it."""

    kind: str
    name: str
    size: int
    full: int
    sha256: str


@dataclass(frozen=True)
class Offer:
    """files: a snapshot, if there is one, and then segments in order.

    before: sequence and hash before the first of them; end: where the last one ends.
    """

    files: list[ShippedFile]
    before: tuple[int, bytes]
    end: Place

    @property
    def segments(self) -> list[ShippedFile]:
        return [file for file in self.files if file.kind == SEGMENT]

    @property
    def snapshot(self) -> ShippedFile | None:
        return next((file for file in self.files if file.kind == SNAPSHOT), None)

    @property
    def first_segment(self) -> int:
        return number_of(self.segments[0])

    @property
    def size(self) -> int:
        """Bytes that are sent in all."""
        return sum(file.size for file in self.files)

    def as_bytes(self) -> bytes:
        """As it is sent: some 200 bytes for each file."""
        found = {
            "files": [asdict(file) for file in self.files],
            "before": [self.before[0], self.before[1].hex()],
            "end": self.end.as_json(),
        }
        return json.dumps(found).encode()


def number_of(file: ShippedFile) -> int:
    """Of a segment."""
    return int(file.name.split(".")[0])


def offer_of(data: bytes) -> Offer:
    """What `as_bytes` gave. It comes from elsewhere, so all of it is looked at. JournalError."""
    try:
        found: dict[str, Any] = json.loads(data)
        files = [ShippedFile(**file) for file in found["files"]]
        sequence, digest = found["before"]
        offer = Offer(files, (int(sequence), bytes.fromhex(digest)), place_of(found["end"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise JournalError("what was offered is no list of files") from None
    for file in files:
        _check(file)
    numbers = [number_of(file) for file in offer.segments]
    first = numbers[0] if numbers else 0
    in_line = numbers == list(range(first, first + len(numbers)))
    if not numbers or not in_line or len(files) - len(numbers) > 1:
        raise JournalError("the files that were offered are not a snapshot and segments in a row")
    return offer


def _check(file: ShippedFile) -> None:
    """That it can be nothing but a file of a journal."""
    numbers = isinstance(file.size, int) and isinstance(file.full, int)
    text = isinstance(file.name, str) and isinstance(file.sha256, str)
    named = text and file.kind in NAMES and bool(NAMES[file.kind].fullmatch(file.name))
    if named and file.kind == SEGMENT:
        named = file.name == segment_name(number_of(file)) and number_of(file) > 0
    if not numbers or not named or not 0 < file.size <= file.full or _odd(file):
        raise JournalError(f"the file {file.name!r} that was offered is none of a journal")


def _odd(file: ShippedFile) -> int:
    return file.size % BLOCK_BYTES or file.full % BLOCK_BYTES
