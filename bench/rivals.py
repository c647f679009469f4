"""Other order books on the same messages, each in a process of its own, beside ours."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench.adapters import ADAPTERS
from bench.flows import Flow
from bench.ours import SingleCalls
from bench.plain import PlainBook
from bench.playing import Outcome, Player, differences, play
from flow import shapes
from lmax.orderbook import OrderBook
from lmax.schema import ReportType

PLAIN = "plain Python"
OURS = "lmax, single calls"
PLAYERS: dict[str, type[Player]] = {OURS: SingleCalls, PLAIN: PlainBook, **ADAPTERS}

REPEATS = 5
SECONDS = 4.0
"""At most about so long for one repeat on one flow."""


def expected(flow: Flow) -> Outcome:
    """What a flow comes to in our book."""
    book = OrderBook()
    reports = book.apply(shapes.to_messages(flow))
    fills = reports[reports["type"] == ReportType.FILL]
    levels = [*book.levels(0), *book.levels(1)]
    return Outcome(
        len(fills), int(fills["quantity"].sum()), len(book), sum(level[1] for level in levels)
    )


def compete(name: str, flow: Flow) -> dict[str, Any]:
    """The best of some runs, and whether it comes to the same as ours. For a process of its own."""
    best = max(
        (play(PLAYERS[name](), flow, SECONDS) for _ in range(REPEATS)),
        key=lambda run: run["messages_per_s"],
    )
    wrong = differences(best, expected(flow[: best["messages"]]))
    return {**best, "agrees": not wrong, "differences": wrong}


def about(name: str) -> dict[str, Any]:
    """Which version is installed and what it cannot do, or why it is not there."""
    try:
        note = PLAYERS[name]().note
    except ImportError as error:
        log = Path(sys.prefix) / "peers" / f"{name}.log"
        why = log.read_text().strip() if log.exists() else "`make bench` installs it"
        return {"installed": False, "error": f"{error}: {why}"}
    try:
        found = version(name)
    except PackageNotFoundError:
        found = ""
    return {"installed": True, "version": found, "note": note}


@contextmanager
def own_process() -> Iterator[ProcessPoolExecutor]:
    """A fresh interpreter: what a peer does to it does not touch us, not even if it crashes."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


def measure(name: str, flows: dict[str, Flow]) -> dict[str, Any]:
    """A book on the first messages of each flow; an `error` if it is missing or its process died.

    What goes wrong in an adapter itself is raised.
    """
    with own_process() as pool:
        try:
            found: dict[str, Any] = pool.submit(about, name).result()
            if found["installed"]:
                runs = {flow: pool.submit(compete, name, flows[flow]) for flow in flows}
                found["flows"] = {flow: run.result() for flow, run in runs.items()}
        except BrokenProcessPool as error:
            return {"installed": True, "error": f"its process died: {error}"}
    return found


def add_ratios(peers: dict[str, Any], batches_per_s: dict[str, int]) -> None:
    """How many times faster ours is on each flow: in batches, and with one call a message."""
    single = peers[OURS]["flows"]
    for peer in peers.values():
        for flow, run in peer.get("flows", {}).items():
            rate = run["messages_per_s"]
            run["ratio"] = round(batches_per_s[flow] / rate, 2)
            run["ratio_single_calls"] = round(single[flow]["messages_per_s"] / rate, 2)
        if peer.get("flows"):
            ratios = [run["ratio"] for run in peer["flows"].values()]
            peer["least_ratio"], peer["median_ratio"] = min(ratios), float(np.median(ratios))
