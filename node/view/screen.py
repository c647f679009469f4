"""The live screen: book and trades above, gauges below."""

from __future__ import annotations

from itertools import zip_longest

from rich.console import Console
from rich.live import Live
from rich.text import Text

from node.cli.stopping import Stop
from node.system import Status, System
from node.view.gauges import gauges
from node.view.ladder import ladder, standing, tape
from node.view.meter import Meter
from node.view.text import bar

TURN_S = 5.0
"""How long the book of one instrument is shown, when they take turns."""

IN_TURN = 5
"""So many of the busiest instruments take turns."""

TAPE_WIDTH = 36
FIXED_LINES = 11
"""Title, two headings, five gauges, and two lines around the last message."""


class ScreenWatch:
    """Draws the whole screen at every look; as many lines as the terminal has.

    seconds: how long the run is to last, 0 for no end; instrument: whose book, None for
    the busiest in turn.
    """

    pause = 0.2
    """Seconds between two looks: five frames a second."""

    def __init__(
        self, system: System, stop: Stop, live: Live, seconds: float, instrument: int | None
    ) -> None:
        self._system = system
        self._stop = stop
        self._live = live
        self._seconds = seconds
        self._fixed = instrument
        self._shown = instrument or 0
        self._shown_since = 0.0
        self._next_look = 0.0
        self._meter = Meter(system)
        self._symbols = system.core.marketdata.instruments()
        self.phase = "trading"

    def look(self) -> None:
        """Draw a frame, unless the last one is younger than `pause`."""
        if self._meter.elapsed >= self._next_look:
            self._next_look = self._meter.elapsed + self.pause
            self._live.update(self.frame(self._live.console), refresh=True)

    def frame(self, console: Console) -> Text:
        """The screen as one text, as wide and high as the console."""
        width, height = console.size
        status = self._meter.look()
        lines = [self._title(width)]
        lines += self._market(width, max(height - FIXED_LINES, 3))
        lines += [Text(" " + "─" * (width - 2), style="bright_black")]
        lines += gauges(status, self._meter, width)
        lines += [_problem(status), self._hint()]
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        return Text("\n", no_wrap=True, end="").join(lines[:height])

    def _title(self, width: int) -> Text:
        elapsed = self._meter.elapsed
        phase = "stopping" if self._stop.asked else self.phase
        line = Text(" ").append(" lmax ", style="bold reverse").append(f"  {phase}  ", style="bold")
        if not self._seconds:
            return line.append(f"{elapsed:.0f} s, until Ctrl-C")
        left = max(self._seconds - elapsed, 0)
        line.append(f"{elapsed:.0f} s, {left:.0f} s to go  ")
        room = max(width - len(line) - 1, 0)
        return line.append(bar(elapsed, self._seconds, room).replace(" ", "░"), style="blue")

    def _market(self, width: int, height: int) -> list[Text]:
        """Two headings and the two columns under them."""
        market = self._system.core.marketdata
        if not self._symbols:
            return [Text("")] * (height + 2)
        instrument = self._instrument()
        left = width - TAPE_WIDTH - 3
        book = ladder(market, instrument, left - 2, height)
        trades = tape(market, self._symbols, height)
        headings = [Text(""), self._headings(instrument, left)]
        return headings + [_beside(a, b, left) for a, b in zip_longest(book, trades)]

    def _headings(self, instrument: int, left: int) -> Text:
        symbol = self._symbols[instrument]
        line = Text().append(f"{symbol:>10}", style="bold")
        line.append(f"{'quantity':>9}{'no.':>4}  ", style="bright_black")
        line.append(standing(self._system.core.marketdata.trading(instrument)), style="yellow")
        last = Text("last trades", style="bright_black")
        return _beside(line, last, left)

    def _instrument(self) -> int:
        """The one whose book is shown now."""
        if self._fixed is not None:
            return self._fixed
        now = self._meter.elapsed
        if not self._shown or now - self._shown_since >= TURN_S:
            self._shown_since = now
            busiest = self._busiest()
            at = busiest.index(self._shown) + 1 if self._shown in busiest else 0
            self._shown = busiest[at % len(busiest)]
        return self._shown

    def _busiest(self) -> list[int]:
        market = self._system.core.marketdata
        trades = {number: market.statistics(number).trades for number in self._symbols}
        return sorted(self._symbols, key=lambda number: -trades[number])[:IN_TURN]

    def _hint(self) -> Text:
        """What Ctrl-C does now."""
        if self._stop.asked or self.phase != "trading":
            return Text(" the ledger catches up; Ctrl-C ends at once", style="bright_black")
        return Text(" Ctrl-C finishes what was sent and closes", style="bright_black")


def _problem(status: Status) -> Text:
    """What is wrong at the moment, if anything is."""
    problem = str(status.journal["problem"] or status.ledger["problem"] or "")
    return Text(f" {' '.join(problem.split())}".rstrip(), style="bold yellow")


def _beside(left: Text, right: Text | None, width: int) -> Text:
    """Two lines as one, the right one behind `width` characters."""
    line = left.copy()
    line.truncate(width, pad=True)
    return line.append_text(Text("   ")).append_text(right or Text(""))
