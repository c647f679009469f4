"""How far a core has come that reads its journal, for whoever asks meanwhile.

The thread that reads it is the one that would look at the member, so this is written there and
read by any other.
"""

from __future__ import annotations

from typing import NamedTuple


class Replay(NamedTuple):
    """at: the last command that is applied again; end: the last one of the journal."""

    at: int
    end: int


class Replaying:
    """`now` is None while nothing is read; it is replaced as a whole."""

    def __init__(self) -> None:
        self.now: Replay | None = None

    def begin(self, at: int, end: int) -> None:
        self.now = Replay(at, end)

    def reached(self, at: int) -> None:
        if self.now is not None:
            self.now = Replay(at, max(at, self.now.end))

    def over(self) -> None:
        self.now = None
