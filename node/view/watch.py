"""Which view a run gets: the screen on a terminal, else a line a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from node.cli.errors import Failure
from node.cli.exits import Exit
from node.cli.stopping import Stop
from node.system import System
from node.view.plain import PlainWatch
from node.view.screen import ScreenWatch


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
    """The view of a run, on as long as the context is open.

    instrument: symbol or number of the one whose book is shown. Raises Failure if unknown.
    """
    number = _number(system, instrument)
    console = Console()
    if plain or not console.is_terminal:
        yield PlainWatch(system)
        return
    live = Live(Text(""), console=console, screen=True, auto_refresh=False)
    with live:
        stop.screen = True
        try:
            yield ScreenWatch(system, stop, live, seconds, number)
        finally:
            stop.screen = False


def _number(system: System, instrument: str | None) -> int | None:
    if instrument is None:
        return None
    symbols = system.core.marketdata.instruments()
    for number, symbol in symbols.items():
        if instrument in (symbol, str(number)):
            return number
    raise Failure(
        Exit.USAGE,
        f"there is no instrument {instrument!r}; known are {', '.join(symbols.values())}",
    )
