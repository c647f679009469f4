"""What encryption costs the journal: plain and encrypted in turns, within one run.

A part of ``python -m bench.journal --encrypted``. Processor time is that of the journaler's thread
alone, in the kernel too, so neighbours on the machine change it less than they change time.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench import common
from bench._drive import feed
from bench._journal import drain, one_in_flight
from journal._writer import Journaler
from journal.keys import Keys
from lmax.histogram import Histogram
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

Writing = tuple[RingBuffer, RingSequence, Journaler]
Opened = Callable[[Path, Keys | None], AbstractContextManager[Writing]]

WINDOW_NS = 40_000_000
TURN = 40


@dataclass
class Kind:
    """A journal with keys or without, and what was measured of it; ns a command."""

    keys: Keys | None
    alone: Histogram = field(default_factory=Histogram)
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def load(self, opened: Opened, folder: Path, seconds: float) -> None:
        """A ring that is never empty, for so long."""
        commands = common.recording(100_000)[1]
        with opened(folder, self.keys) as (ring, synced, agent):
            feeder = threading.Thread(
                target=feed,
                args=(ring, commands),
                kwargs={"seconds": seconds, "id_step": common.ID_STEP, "batch": 256},
            )
            feeder.start()
            drain(agent, synced, WINDOW_NS, np.zeros(1 << 16, np.int64))
            while feeder.is_alive():
                self._window(agent, synced)
            feeder.join()
        for path in folder.iterdir():
            path.unlink()

    def _window(self, agent: Journaler, synced: RingSequence) -> None:
        before, used = synced.value, time.thread_time_ns()
        _, ns = drain(agent, synced, WINDOW_NS, np.zeros(1 << 16, np.int64))
        used, done = time.thread_time_ns() - used, synced.value - before
        if done:
            self.wall.append(ns / done)
            self.processor.append(used / done)

    def told(self) -> dict[str, Any]:
        return {
            "one_in_flight_ns": common.percentiles(self.alone),
            "processor_ns": round(statistics.median(self.processor), 1),
            "best_processor_ns": round(min(self.processor), 1),
            "wall_ns": round(statistics.median(self.wall), 1),
            "best_wall_ns": round(min(self.wall), 1),
        }


def encrypted_cost(
    folder: Path, opened: Opened, keys: Keys, *, rounds: int, loads: int, seconds: float
) -> dict[str, Any]:
    """One command in flight and full load, in turns; `ratio`: encrypted to plain."""
    kinds = {"plain": Kind(None), "encrypted": Kind(keys)}
    with ExitStack() as stack:
        ready = [
            (kind, stack.enter_context(opened(folder / name, kind.keys)))
            for name, kind in kinds.items()
        ]
        for _ in range(rounds):
            for kind, (ring, synced, agent) in ready:
                one_in_flight(ring, agent, synced, kind.alone, TURN)
    for turn in range(loads):
        for name, kind in kinds.items():
            kind.load(opened, folder / f"{name}-{turn}", seconds)
    plain, encrypted = (kind.told() for kind in kinds.values())
    names = ("processor_ns", "best_processor_ns", "wall_ns", "best_wall_ns")
    ratio = {name: round(encrypted[name] / plain[name], 2) for name in names}
    ratio |= common.ratios(encrypted["one_in_flight_ns"], plain["one_in_flight_ns"])
    return {
        "plain": plain,
        "encrypted": encrypted,
        "ratio": ratio,
        "best_processor_ns_a_command": round(
            encrypted["best_processor_ns"] - plain["best_processor_ns"], 1
        ),
    }


def table_rows(found: dict[str, Any]) -> list[list[str]]:
    rows = [
        [
            f"{name}: one in flight",
            *map(common.microseconds, found[name]["one_in_flight_ns"].values()),
        ]
        for name in ("plain", "encrypted")
    ]
    for name in ("plain", "encrypted"):
        told = found[name]
        rows.append(
            [
                f"{name}: full load, a command",
                f"processor {told['processor_ns']} ns",
                f"best {told['best_processor_ns']} ns",
                f"time {told['wall_ns']} ns",
                *[""] * 3,
            ]
        )
    return rows
