"""By what a command is known when it is asked about or sent again: account, id, type.

The id is the command's client order id. Every type of command may carry one: the engine reads it
in new orders and replaces and passes over it in all others. A cancel or reduce without an id of its
own is known by the order it is about; any other command without one cannot be asked about.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lmax.schema import COMMAND_FIELDS, CommandType, offsets

Records = npt.NDArray[np.void]
Key = tuple[int, int]
"""Id; account × 256 + type. The id is never 0."""

GUARDED = frozenset({CommandType.NEW_ORDER, CommandType.REPLACE})
"""The engine itself refuses the second of two with one id, as long as it remembers the first."""

_BY_ORDER = (CommandType.CANCEL, CommandType.REDUCE)
_PLACES = {
    field.name: at for field, at in zip(COMMAND_FIELDS, offsets(COMMAND_FIELDS), strict=True)
}
_TYPE = _PLACES["type"]
_SESSION = slice(_PLACES["session"], _PLACES["session"] + 4)
_BODY = _PLACES["client_order_id"]
"""Before it are sequence and timestamp, which the node sets."""


def key(account: int, id_: int, kind: int) -> Key:
    return id_, account << 8 | kind


def keys_of(commands: Records) -> list[Key]:
    """The key of each; its id is 0 where there is none."""
    ids, kinds = commands["client_order_id"], commands["type"]
    by_order = (ids == 0) & ((kinds == _BY_ORDER[0]) | (kinds == _BY_ORDER[1]))
    ids = np.where(by_order, commands["orig_client_order_id"], ids)
    heads = commands["account"].astype(np.uint64) << np.uint64(8) | kinds
    return list(zip(ids.tolist(), heads.tolist(), strict=True))


def body_of(command: bytes) -> bytes:
    """What the client asked for: all but sequence, timestamp and an order's connection."""
    body = bytearray(command)
    if body[_TYPE] == CommandType.NEW_ORDER:
        body[_SESSION] = bytes(4)
    return bytes(body[_BODY:])
