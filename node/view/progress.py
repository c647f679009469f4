"""How far a file has been played."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from flow import Source
from node.system import System
from node.view.meter import Meter
from node.view.plain import line

LOOK_S = 0.2


class Progress:
    """Looked at often, it says something now and then: lines here, a bar in BarProgress."""

    EVERY_S = 1.0

    def __init__(self, system: System, source: Source) -> None:
        self._source = source
        self._meter = Meter(system)
        self._due = time.monotonic() + self.EVERY_S
        self.phase = "playing"

    def look(self) -> None:
        """Show how far we are, if that is due."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + self.EVERY_S
            self._show()

    def _show(self) -> None:
        done, size = self._source.progress
        part = f"{self.phase} {100 * done // max(size, 1)} %"
        status = self._meter.look()
        print(line(self._meter.elapsed, self._meter.rate, status, part), file=sys.stderr)
        sys.stderr.flush()


class BarProgress(Progress):
    """A bar on a terminal."""

    EVERY_S = LOOK_S

    def __init__(self, system: System, source: Source, bar: Bar) -> None:
        super().__init__(system, source)
        self._bar = bar
        self._task = bar.add_task(self.phase, total=source.progress[1], status="")
        self._show()

    def _show(self) -> None:
        status = self._meter.look()
        text = f"{self._meter.rate:,.0f}/s, {status.trades:,} trades"
        if self.phase == "finishing":
            text = f"ledger {status.ledger['lag']:,} behind"
        self._bar.update(
            self._task,
            completed=self._source.progress[0],
            description=self.phase,
            status=text,
            refresh=True,
        )


@contextmanager
def progressing(system: System, source: Source, *, plain: bool) -> Iterator[Progress]:
    """A bar on stderr if that is a terminal, else a line a second."""
    console = Console(stderr=True)
    if plain or not console.is_terminal:
        yield Progress(system, source)
        return
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[status]}"),
    )
    with Bar(*columns, console=console, auto_refresh=False, expand=True) as bar:
        progress = BarProgress(system, source, bar)
        yield progress
        progress._show()
