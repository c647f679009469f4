"""A status line a second, for logs and pipes."""

from __future__ import annotations

import sys

from node.system import Status, System
from node.view.meter import Meter
from node.view.text import duration


class PlainWatch:
    """Writes where everything stands to stderr."""

    pause = 0.1
    """Seconds between two looks."""

    EVERY_S = 1.0

    def __init__(self, system: System) -> None:
        self._meter = Meter(system)
        self._due = self.EVERY_S
        self.phase = "trading"

    def look(self) -> None:
        """Write a line if a second has gone by."""
        if self._meter.elapsed >= self._due:
            self._due += self.EVERY_S
            self.write()

    def write(self) -> None:
        """Write a line now."""
        status = self._meter.look()
        print(line(self._meter.elapsed, self._meter.rate, status, self.phase), file=sys.stderr)
        sys.stderr.flush()


def line(elapsed: float, rate: float, status: Status, phase: str) -> str:
    """The status in one line."""
    latency, ledger = status.latency_ns, status.ledger
    parts = [
        f"{elapsed:6.1f} s {phase}",
        f"applied {status.applied:,} ({rate:,.0f}/s)",
        f"rejected {sum(status.rejected.values()):,}",
        f"trades {status.trades:,}",
        f"p50 {duration(latency['p50'])} p99 {duration(latency['p99'])}",
        f"segment {status.journal['segment']}",
        f"ledger {ledger['position']:,} {ledger['state']}, {ledger['lag']:,} behind",
    ]
    problem = status.journal["problem"] or ledger["problem"]
    return "  ".join([*parts, " ".join(str(problem).split())] if problem else parts)
