"""What goes wrong when a file of order flow is read."""

from __future__ import annotations

from pathlib import Path


class FlowError(Exception):
    """A file of order flow cannot be read, or cannot be read any further.

    Everything before the fault has been handed out when this is raised.

    Attributes:
        path: the file.
        offset: bytes from the start of the file to the message or line at fault. In a compressed
            file they are counted in what it unpacks to.
        what: what was wrong and, where there is something, what to do about it.
        line: number of the faulty line, from 1, in a text file; else None.
    """

    def __init__(self, path: Path | str, offset: int, what: str, line: int | None = None) -> None:
        self.path = Path(path)
        self.offset = offset
        self.what = what
        self.line = line
        where = f"byte {offset}" if line is None else f"line {line}, byte {offset}"
        super().__init__(f"{path}: {where}: {what}")
