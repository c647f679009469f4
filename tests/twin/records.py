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
_U64 = struct.Struct("<Q")
_SHARED = {"symbol": b"", "trigger_price": 0, "state_hash": 0}
"""Fields of an event that share their bytes; which of them it has goes by what it answers."""

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
    names = [name for name in EVENT_NAMES if name not in ("symbol", "state_hash")]
    array = np.zeros(0, EVENT)
    rows = [tuple(map(_overlaid(event).__getitem__, names)) for event in events]
    if rows:
        array = np.array(rows, dtype=EVENT[names]).view(EVENT)
    return array


def _overlaid(event: Event) -> Event:
    """The event with its symbol or state hash, if it has one, in the bytes of ``trigger_price``."""
    if not event["symbol"] and not event["state_hash"]:
        return event
    own = event["symbol"].ljust(8, b"\0") if event["symbol"] else _U64.pack(event["state_hash"])
    return event | {"trigger_price": int.from_bytes(own, "little", signed=True)}


def array_to_events(array: np.ndarray) -> list[Event]:
    """Plain Python events out of an array of ``lmax.schema.EVENT``."""
    events = [dict(zip(EVENT_NAMES, row, strict=True)) for row in array.tolist()]
    for event in events:
        accepted = event["command"] if event["type"] == EventType.ACCEPTED else None
        own = "symbol" if accepted in _TELLS_A_SYMBOL else "trigger_price"
        own = "state_hash" if accepted == CommandType.CHECKPOINT else own
        event |= {name: blank for name, blank in _SHARED.items() if name != own}
    return events
