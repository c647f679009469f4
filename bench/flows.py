"""The flows that the book and the engine are measured with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from flow import shapes

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "flow"

IDS = ("random", "dense")

Flow = npt.NDArray[np.void]
"""Records of flow.shapes.FLOW."""


def flow_of(name: str, *, ids: str = "random", first: int | None = None) -> tuple[Flow, str]:
    """(the first messages of a flow, "recorded" or "generated").

    Recorded ones lie in ../shared/data/flow; where that folder is missing, flows of the same shape
    are made. ids: "dense" leaves order ids 1, 2, 3, …; "random" makes arbitrary numbers of 64 bits
    of them, so that no table by id can be a plain array.
    """
    path = FOLDER / f"{name}.bin.xz"
    flow, source = (
        (shapes.load(path), "recorded") if path.exists() else (shapes.generate(name), "generated")
    )
    flow = flow[:first].copy()
    if ids == "random":
        flow["order_id"] = scrambled(flow["order_id"])
    return flow, source


def scrambled(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Each number's own arbitrary 64 bits (a bijection; the finaliser of SplitMix64)."""
    z = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
