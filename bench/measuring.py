"""Runs repeated on a machine that is never quite quiet, and what to tell of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench import common
from bench._clock import timer_cost
from lmax.histogram import Histogram


class Rates:
    """How fast runs of the same work were: the best tells of the code, the median of the day."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.wall: list[int] = []
        self.processor: list[int] = []
        self.parts: list[list[int]] = []

    def add(self, wall_ns: int, processor_ns: int) -> None:
        """A run: time that passed, and time the process had a core."""
        self.wall.append(max(1, wall_ns))
        self.processor.append(max(1, processor_ns))

    def time(self, work: Callable[[], object]) -> None:
        """Do the work once."""
        processor, begun = time.process_time_ns(), time.perf_counter_ns()
        work()
        wall = time.perf_counter_ns() - begun
        self.add(wall, time.process_time_ns() - processor)

    def time_parts(self, parts: Sequence[Callable[[], object]]) -> None:
        """Do the work once, in the same parts every time."""
        took, clock = [], time.perf_counter_ns
        processor, begun = time.process_time_ns(), clock()
        last = begun
        for part in parts:
            part()
            now = clock()
            took.append(now - last)
            last = now
        self.add(last - begun, time.process_time_ns() - processor)
        self.parts.append(took)

    @property
    def undisturbed_per_s(self) -> int:
        """As if every part had its best time in one run: where no whole run was left in peace."""
        return round(self.count * 1e9 / sum(min(took) for took in zip(*self.parts, strict=True)))

    @property
    def best_ns(self) -> float:
        """Of one message."""
        return min(self.wall) / self.count

    @property
    def best_per_s(self) -> int:
        return round(1e9 / self.best_ns)

    @property
    def median_per_s(self) -> int:
        return round(self.count * 1e9 / statistics.median(self.wall))

    @property
    def cpu_share(self) -> float:
        """Of all runs: 1.0 when the process never had to wait for a core."""
        return round(sum(self.processor) / sum(self.wall), 2)

    def told(self, what: str = "messages") -> dict[str, Any]:
        undisturbed = {"undisturbed_per_s": self.undisturbed_per_s} if self.parts else {}
        return {
            f"{what}_per_s": self.best_per_s,
            "median_per_s": self.median_per_s,
            **undisturbed,
            "runs": len(self.wall),
            "cpu_share": self.cpu_share,
        }


class Spans:
    """Spans of single messages over several runs: all in one histogram, and the quietest run."""

    def __init__(self) -> None:
        self.runs: list[Histogram] = []

    def run(self) -> Histogram:
        """A histogram for one more run."""
        self.runs.append(Histogram())
        return self.runs[-1]

    def told(self, name: str = "percentiles_ns") -> dict[str, Any]:
        """Percentiles over all runs, and of the run with the lowest p99.9.

        Both hold the cost of the timer (`timer_told`).
        """
        everything = Histogram()
        for run in self.runs:
            everything.add(run)
        quietest = min(self.runs, key=lambda run: (run.percentile(99.9), run.percentile(99)))
        return {
            name: common.percentiles(everything),
            f"quietest_{name}": common.percentiles(quietest),
        }


def timer_told() -> dict[str, int]:
    """What an empty span measures, ns: it is part of every span, and so is its spread."""
    timer_cost(10_000)
    return common.percentiles(timer_cost())
