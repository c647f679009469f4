"""Arrays of messages for the bare book, also made of commands."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lmax.schema import COMMAND, MESSAGE, CommandType

type Records = npt.NDArray[np.void]

BARE = "a bare book takes NEW_ORDER, CANCEL, REDUCE and REPLACE"
UNREAD = ["instructions", "display_quantity", "min_quantity"]
"""Fields of a new order that ask for more than a bare book can do."""


def as_messages(array: object) -> Records:
    """A contiguous array of dtype MESSAGE, converted if it is of dtype COMMAND.

    TypeError for anything else; ValueError for a command that a bare book has no use for.
    """
    if not isinstance(array, np.ndarray) or array.dtype not in (MESSAGE, COMMAND):
        raise TypeError("messages are a NumPy array of dtype lmax.schema.MESSAGE, or COMMAND")
    if array.ndim != 1:
        raise TypeError(f"messages are an array of one dimension, not {array.ndim}")
    return np.ascontiguousarray(array if array.dtype == MESSAGE else from_commands(array))


def from_commands(commands: Records) -> Records:
    """The same requests as messages. A replace's quantity is taken for the open quantity."""
    _check_types(commands["type"])
    new = commands["type"] == CommandType.NEW_ORDER
    for name in UNREAD:
        if (wrong := new & (commands[name] != 0)).any():
            where = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"command {where} has {name}: those are the business of lmax.Engine")
    messages = np.zeros(len(commands), MESSAGE)
    messages["order_id"] = np.where(
        new, commands["client_order_id"], commands["orig_client_order_id"]
    )
    replace = commands["type"] == CommandType.REPLACE
    messages["new_order_id"] = np.where(replace, commands["client_order_id"], 0)
    for name in ("price", "quantity", "type", "side", "order_type", "time_in_force"):
        messages[name] = commands[name]
    return messages


def _check_types(types: npt.NDArray[np.uint8]) -> None:
    wrong = (types < CommandType.NEW_ORDER) | (types > CommandType.REPLACE)
    if not wrong.any():
        return
    where = int(np.flatnonzero(wrong)[0])
    kind = int(types[where])
    name = CommandType(kind).name if kind in list(CommandType) else f"type {kind}"
    raise ValueError(
        f"command {where} is a {name}: {BARE}; the others are the business of lmax.Engine"
    )
