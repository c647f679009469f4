"""What the harnesses share: options, a recording of commands, scratch folders, output."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from flow.generator import MarketGenerator
from lmax.histogram import Histogram

Commands = npt.NDArray[np.void]

ID_STEP = 1 << 32
"""How far client order ids move each time a recording is played again."""

QUANTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9, "p9999": 99.99}


def parser(description: str) -> argparse.ArgumentParser:
    """Options that every harness has."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", action="store_true", help="print one JSON object last on stdout")
    made.add_argument(
        "--dir",
        type=Path,
        default=Path.cwd(),
        help="where journals are written while it runs; a real disk (default: this folder)",
    )
    return made


def positive(text: str) -> float:
    """An argparse type: a number above zero."""
    value = float(text)
    if not 0 < value <= 1e9:
        raise argparse.ArgumentTypeError(f"{text} is not above zero and at most 1e9")
    return value


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """An empty folder on the disk of `parent`, removed at the end."""
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=parent) as folder:
        yield Path(folder)


def recording(commands: int = 1_000_000) -> tuple[Commands, Commands]:
    """(what a new engine needs first, commands to play again and again): 20 instruments."""
    market = MarketGenerator(1)
    return market.setup(), market.next_batch(commands)


def percentiles(histogram: Histogram) -> dict[str, int]:
    """p50 to p99.99 and the maximum, ns."""
    found = {name: histogram.percentile(q) for name, q in QUANTILES.items()}
    return {**found, "max": histogram.max}


def ratios(ours: dict[str, int], bare: dict[str, int]) -> dict[str, float]:
    """Ours over bare, each percentile."""
    return {name: round(ours[name] / max(1, bare[name]), 3) for name in ours}


def show(title: str, columns: list[str], rows: list[list[Any]], result: Any, as_json: bool) -> None:
    """A table on stderr, and the result on stdout where JSON was asked for."""
    table = Table(title=title)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console = Console(stderr=True)
    console.width = max(console.width, 110)
    console.print(table)
    if as_json:
        print(json.dumps(result))


def add_plot(options: argparse.ArgumentParser) -> None:
    options.add_argument("--plot", type=Path, metavar="FILE", help="percentile picture (png, svg)")


def plot(curves: dict[str, Histogram], path: Path) -> None:
    """Latency over percentile, one curve for each name."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 5.5))
    for name, histogram in curves.items():
        values, share = histogram.curve()
        beyond = 1 / np.maximum(1 - share, 1 / histogram.count)
        axes.plot(beyond, values / 1000, label=name)
    axes.set(xscale="log", yscale="log", xlabel="percentile", ylabel="µs")
    axes.set_xticks([2, 10, 100, 1e3, 1e4], ["50", "90", "99", "99.9", "99.99"])
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def microseconds(ns: float) -> str:
    return f"{ns / 1000:,.1f}"
