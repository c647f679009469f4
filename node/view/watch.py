"""Which view a run gets: the screen on a terminal, else a line a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from node.cli.stopping import Stop
from node.system import System
from node.view.plain import PlainWatch


class Watch(Protocol):
    """Something that shows a running system. pause: seconds until the next look is due."""

    phase: str

    @property
    def pause(self) -> float: ...

    def look(self) -> None:
        """Show where everything stands now."""


@contextmanager
def watching(
    system: System, stop: Stop, *, plain: bool, seconds: float, instrument: str | None
) -> Iterator[Watch]:
    """The view of a run, on as long as the context is open."""
    yield PlainWatch(system)
