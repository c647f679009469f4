"""Where orders come from: a generated market, or files of real order flow.

source = open_source("AAPL_2012-06-21_message_50.csv", "lobster")
engine.apply(source.setup())
for commands in source.batches():
    engine.apply(commands)
"""

from __future__ import annotations

from pathlib import Path

from flow.errors import FlowError
from flow.generator import MarketGenerator
from flow.itch import ItchSource
from flow.lobster import LobsterSource
from flow.source import Source

FORMATS = ("lobster", "itch")

__all__ = ["FORMATS", "FlowError", "MarketGenerator", "Source", "open_source"]


def open_source(path: Path | str, format: str) -> Source:  # noqa: A002
    """The file's order flow as commands.

    Args:
        format: "lobster" or "itch".

    Raises:
        FlowError: there is no such file, or it is a folder or empty. What is wrong further inside
            shows when the batches are read.
        ValueError: the format is not one of FORMATS.
    """
    if format == "lobster":
        return LobsterSource(path)
    if format == "itch":
        return ItchSource(path)
    raise ValueError(f"format is {format!r}; it must be one of {', '.join(FORMATS)}")
