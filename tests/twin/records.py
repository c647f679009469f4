"""Commands and events as NumPy records, the shape the engine takes and gives."""

from collections.abc import Iterable

import numpy as np

from lmax.schema import COMMAND, COMMAND_FIELDS, EVENT, EVENT_FIELDS
from tests.twin.commands import Command, Event

COMMAND_NAMES = [field.name for field in COMMAND_FIELDS]
EVENT_NAMES = [field.name for field in EVENT_FIELDS]


def commands_to_array(commands: Iterable[Command]) -> np.ndarray:
    """Commands as an array of ``lmax.schema.COMMAND``; OverflowError if a value does not fit."""
    rows = [tuple(getattr(command, name) for name in COMMAND_NAMES) for command in commands]
    return np.array(rows, dtype=COMMAND)


def array_to_commands(array: np.ndarray) -> list[Command]:
    """Plain Python commands out of an array of ``lmax.schema.COMMAND``."""
    return [Command(*row) for row in array.tolist()]


def events_to_array(events: Iterable[Event]) -> np.ndarray:
    """Events as an array of ``lmax.schema.EVENT``; OverflowError if a value does not fit."""
    return np.array([tuple(event[name] for name in EVENT_NAMES) for event in events], dtype=EVENT)


def array_to_events(array: np.ndarray) -> list[Event]:
    """Plain Python events out of an array of ``lmax.schema.EVENT``."""
    return [dict(zip(EVENT_NAMES, row, strict=True)) for row in array.tolist()]
