"""Events in files: NumPy's, and a JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from lmax.event import Event, events_of
from lmax.schema import EVENT

Events = npt.NDArray[np.void]

FLAT = np.dtype([(name, EVENT[name]) for name in EVENT.names or () if name != "reserved0"])
"""The fields of EVENT one after the other: .npy knows none that share their bytes, as a symbol, a
trigger price and a state hash do. What an event is about says which of these it has."""

RAW = {"raw_price": "price", "raw_amount": "amount", "raw_trigger_price": "trigger_price"}
"""Prices and money are integers here too, in 10^-4, under the names of docs/records.md."""


class Writer(Protocol):
    """One file of events."""

    def __init__(self, path: Path) -> None: ...

    def write(self, events: Events) -> None: ...

    def finish(self) -> None:
        """Everything is written: make it safe."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class File:
    """What both kinds share."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")

    def finish(self) -> None:
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class NumpyFile(File):
    """For `numpy.load`, also with `mmap_mode`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._count = 0
        self._write_header()
        self._start = self._file.tell()

    def _write_header(self) -> None:
        """Its length does not depend on the count: NumPy leaves room for that to grow."""
        values = {
            "descr": np.lib.format.dtype_to_descr(FLAT),
            "fortran_order": False,
            "shape": (self._count,),
        }
        self._file.seek(0)
        np.lib.format.write_array_header_1_0(self._file, values)

    def write(self, events: Events) -> None:
        flat = np.empty(len(events), FLAT)
        for name in FLAT.names or ():
            flat[name] = events[name]
        self._file.write(flat.tobytes())
        self._count += len(events)

    def finish(self) -> None:
        self._write_header()
        if self._file.tell() != self._start:
            raise AssertionError("the header of a .npy file has grown")
        super().finish()


class JsonLines(File):
    """One object a line: codes by name, and without what is zero."""

    def write(self, events: Events) -> None:
        lines = (json.dumps(as_json(event)) for event in events_of(events))
        self._file.write("".join(f"{line}\n" for line in lines).encode())


def as_json(event: Event) -> dict[str, Any]:
    """The fields of an event that say something, under the names of docs/records.md."""
    values = {
        RAW.get(name, name): value.name if isinstance(value, IntEnum) else value
        for name, value in asdict(event).items()
    }
    always = ("sequence", "index")
    return {name: value for name, value in values.items() if value or name in always}


WRITERS: dict[str, type[Writer]] = {".npy": NumpyFile, ".jsonl": JsonLines}
"""By the end of the file's name."""
