"""What people see of a drill: a line for everything that happens, and one of how things stand.

The latter is drawn again and again at the bottom of a terminal, and is not there elsewhere.
"""

from __future__ import annotations

import bisect
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from node.drill.load import Load
from node.drill.machine import Machine

EVERY_S = 0.1
SHORT_S = 0.05
"""Less than this without an answer is nothing to tell of."""

STYLES = {"PRIMARY": "bold green", "IN_SYNC": "cyan", "": "bold red"}


class Lines:
    """Writes what happens, each with the time since the beginning. err: to stderr."""

    def __init__(self, *, err: bool = False) -> None:
        self._began = time.monotonic()
        self._err = err

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def tell(self, line: str) -> None:
        click.echo(f"{self.elapsed:7.1f} s  {line}", err=self._err)

    def look(self, machine: Machine, load: Load) -> None:
        """Called again and again while something is waited for."""


class Screen(Lines):
    """And a line that says how things stand."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live
        self._due = 0.0

    def tell(self, line: str) -> None:
        self._live.console.print(Text(f"{self.elapsed:7.1f} s  {line}"), soft_wrap=True)

    def look(self, machine: Machine, load: Load) -> None:
        if self.elapsed >= self._due:
            self._due = self.elapsed + EVERY_S
            self._live.update(standing(self.elapsed, machine, load), refresh=True)


def standing(elapsed: float, machine: Machine, load: Load) -> Text:
    """Roles as they were seen last, answers in the last second, and how long none has come."""
    now, answered = time.time(), load.answered
    text = Text(f"{elapsed:7.1f} s  ", no_wrap=True, overflow="ellipsis")
    for name in machine.files:
        role = machine.seen.get(name, "") if name in machine.processes else ""
        text.append(f"{name} ").append(f"{role or 'silent':12}", STYLES.get(role, "yellow"))
    rate = len(answered) - bisect.bisect_left(answered, now - 1.0)
    text.append(f" {rate:7,} answers/s  {len(answered):,} in all")
    since = now - answered[-1] if answered else 0.0
    if since > SHORT_S:
        text.append(f"  none for {since:.2f} s", "bold red")
    return text


@contextmanager
def shown(*, as_json: bool) -> Iterator[Lines]:
    """The view, on for as long as the context is open."""
    console = Console()
    if as_json or not console.is_terminal:
        yield Lines(err=as_json)
        return
    with Live(Text(""), console=console, auto_refresh=False, transient=True) as live:
        yield Screen(live)
