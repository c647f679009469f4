"""Commands and events as NumPy records, the shape the engine takes and gives."""

import struct
from collections.abc import Iterable

import numpy as np

from lmax.schema import (
    COMMAND,
    COMMAND_FIELDS,
    EVENT,
    EVENT_FIELDS,
    RECORD_BYTES,
    CommandType,
    EventType,
    offsets,
)
from tests.twin.commands import Command, Event

COMMAND_NAMES = [field.name for field in COMMAND_FIELDS]
EVENT_NAMES = [field.name for field in EVENT_FIELDS]

_FORMATS = {"u8": "<B", "u16": "<H", "u32": "<I", "u64": "<Q", "i64": "<q", "c8": "<8s"}
_PACKING = [
    (field.name, struct.Struct(_FORMATS[field.kind]), offset)
    for field, offset in zip(COMMAND_FIELDS, offsets(COMMAND_FIELDS), strict=True)
]
_TELLS_A_SYMBOL = (CommandType.DEFINE_INSTRUMENT, CommandType.CORPORATE_ACTION)


def commands_to_array(commands: Iterable[Command]) -> np.ndarray:
    """Commands as an array of ``lmax.schema.COMMAND``; OverflowError if a value does not fit.

    Only fields that are not zero are written, because those of different bodies overlap.
    """
    rows = list(commands)
    buffer = bytearray(len(rows) * RECORD_BYTES)
    for index, command in enumerate(rows):
        values = vars(command)
        for name, packing, offset in _PACKING:
            if values[name]:
                try:
                    packing.pack_into(buffer, index * RECORD_BYTES + offset, values[name])
                except struct.error as error:
                    raise OverflowError(f"{name} cannot be {values[name]}: {error}") from error
    return np.frombuffer(buffer, dtype=COMMAND)


def array_to_commands(array: np.ndarray) -> list[Command]:
    """Plain Python commands out of an array of ``lmax.schema.COMMAND``, read as every body."""
    return [Command(*row) for row in array.tolist()]


def normalised(commands: Iterable[Command]) -> list[Command]:
    """The same commands with every field as the record has it, whichever body it belongs to."""
    return array_to_commands(commands_to_array(commands))


def events_to_array(events: Iterable[Event]) -> np.ndarray:
    """Events as an array of ``lmax.schema.EVENT``; OverflowError if a value does not fit."""
    names = [name for name in EVENT_NAMES if name != "symbol"]
    array = np.zeros(0, EVENT)
    rows = [tuple(map(_with_symbol(event).__getitem__, names)) for event in events]
    if rows:
        array = np.array(rows, dtype=EVENT[names]).view(EVENT)
    return array


def _with_symbol(event: Event) -> Event:
    """The event with its symbol, if it has one, in the bytes of ``trigger_price``."""
    if not event["symbol"]:
        return event
    symbol = int.from_bytes(event["symbol"].ljust(8, b"\0"), "little", signed=True)
    return event | {"trigger_price": symbol}


def array_to_events(array: np.ndarray) -> list[Event]:
    """Plain Python events out of an array of ``lmax.schema.EVENT``."""
    events = [dict(zip(EVENT_NAMES, row, strict=True)) for row in array.tolist()]
    for event in events:
        accepted = event["type"] == EventType.ACCEPTED and event["command"] in _TELLS_A_SYMBOL
        if accepted:
            event["trigger_price"] = 0
        else:
            event["symbol"] = b""
    return events
