"""Reading to the end or to the fault, for tests of readers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from flow import FlowError

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
"""Real order flow, beside the checkout on some machines; nothing here needs it."""


def read_all(arrays: Iterable[np.ndarray]) -> tuple[list[tuple], Any]:
    """Every record that came before the end or the fault, and the FlowError or None."""
    records: list[tuple] = []
    try:
        for array in arrays:
            records += array.tolist()
    except FlowError as error:
        return records, error
    return records, None
