"""What was cut off a journal, kept in a file of its own: it stays readable.

The file begins with one line of JSON, filled up with zeros to whole blocks of 4,096 bytes: what
the tail goes on from, where it ends, and `pieces`, [segment, first byte, end] each. Then, for each
piece, the segment's header block and those bytes of the segment, as they stood; what was encrypted
stays so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from journal.batches import BatchReader
from journal.errors import JournalError
from journal.folder import Bytes, Folder, ReadFolder, read_all
from journal.headers import segment_name
from journal.keys import Keys
from journal.pieces import Span, assemble
from journal.place import Place, place_of
from journal.schema import BLOCK_BYTES

SUFFIX = ".tail"
PART = ".part"
FORMAT = 1


@dataclass(frozen=True)
class Piece:
    """Bytes of one segment; at: where its header block is in the file."""

    segment: int
    start: int
    end: int
    at: int


def keep_tail(
    folder: Folder, name: str, before: Place, end: Place, spans: list[tuple[int, int, int]]
) -> None:
    """Write what stands in those bytes of those segments to a file of its own; safe when it is.

    spans: (segment, first byte, end) each; before, end: the places that it leads from and to.
    """
    for old in [other for other in folder.names() if other.endswith(SUFFIX + PART)]:
        folder.remove(old)
    note = {
        "format": FORMAT,
        "before": before.as_json(),
        "end": end.as_json(),
        "pieces": spans,
    }
    parts: list[Span | bytes] = [json.dumps(note).encode() + b"\n"]
    for segment, start, stop in spans:
        parts.append(Span(segment_name(segment), 0, BLOCK_BYTES))
        parts.append(Span(segment_name(segment), start, stop))
    assemble(folder, name + PART, parts)
    folder.rename(name + PART, name)
    folder.sync()


def tail_names(folder: ReadFolder) -> list[str]:
    """Of all that were kept in a journal's folder."""
    return sorted(name for name in folder.names() if name.endswith(SUFFIX))


class TailFolder:
    """A tail, seen as a folder of segments of which the first may begin in the middle.

    before, end: the places that it leads from and to. Raises JournalError if it is none.
    """

    def __init__(self, folder: ReadFolder, name: str) -> None:
        self.path: Path = folder.path / name
        self._folder = folder
        self._name = name
        self._open: dict[int, Piece] = {}
        try:
            note, at = self._note()
            if note["format"] != FORMAT:
                raise JournalError(f"{self.path}: format {note['format']}, not {FORMAT}")
            self.before, self.end = place_of(note["before"]), place_of(note["end"])
            self._pieces: dict[str, Piece] = {}
            for segment, start, end in note["pieces"]:
                self._pieces[segment_name(segment)] = Piece(segment, start, end, at)
                at += BLOCK_BYTES + end - start
        except (ValueError, TypeError, KeyError):
            raise JournalError(f"{self.path} is no tail of a journal, or damaged") from None

    def _note(self) -> tuple[dict[str, Any], int]:
        """The line at the beginning, and where what follows begins."""
        text, at = b"", 0
        while b"\n" not in text:
            block = read_all(self._folder, self._name, at, BLOCK_BYTES).tobytes()
            if not block:
                raise ValueError("no line")
            text, at = text + block, at + BLOCK_BYTES
        return dict(json.loads(text.partition(b"\n")[0])), at

    def batches(self, keys: Keys | None = None) -> BatchReader:
        """Goes through it, and checks every batch."""
        inside = segment_name(self.before.segment) in self._pieces
        at = self.before if inside else replace(self.before, segment=0)
        return BatchReader(self, keys=keys, at=at)

    def names(self) -> list[str]:
        return list(self._pieces)

    def exists(self, name: str) -> bool:
        return name in self._pieces

    def size(self, name: str) -> int:
        return self._pieces[name].end

    def open_to_read(self, name: str) -> int:
        handle = self._folder.open_to_read(self._name)
        self._open[handle] = self._pieces[name]
        return handle

    def read_at(self, handle: int, into: Bytes, offset: int) -> int:
        """Between the header and the first byte that was kept there are zeros."""
        piece = self._open[handle]
        into = into[: max(0, piece.end - offset)]
        done = 0
        while done < len(into):
            at = offset + done
            if at < BLOCK_BYTES:
                part = into[done : done + BLOCK_BYTES - at]
                got = self._folder.read_at(handle, part, piece.at + at)
            elif at < piece.start:
                part = into[done : done + piece.start - at]
                part[:] = np.uint8(0)
                got = len(part)
            else:
                where = piece.at + BLOCK_BYTES + at - piece.start
                got = self._folder.read_at(handle, into[done:], where)
                return done + got
            done += got
        return done

    def close(self, handle: int) -> None:
        self._open.pop(handle, None)
        self._folder.close(handle)
