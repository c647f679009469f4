"""Five single-symbol flows for benches: read from files, or made to the same shape.

The flows differ in how far the price swings while the same orders come and go: from `static` (a
fixed mid, the deepest book) to `flash-crash` (the widest book). The orders of a flow are drawn
along a geometric random walk and then shuffled, so the book always spans the whole swing. 15 % of
the new orders are immediate-or-cancel; of the others 95 % are cancelled within a few messages,
20 % modified before; 2 % of the modifies and cancels come twice, the second time mostly stale.
"""

from __future__ import annotations

import lzma
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flow import tables
from flow.commands import CASH, Commands, define_instrument, deposits, open_accounts
from flow.errors import FlowError
from lmax.records import joined
from lmax.schema import COMMAND, MESSAGE, CommandType, MessageType, TimeInForce

FLOW = np.dtype(
    [
        ("type", "u1"),
        ("side", "u1"),
        ("ioc", "u1"),
        ("pad", "u1"),
        ("quantity", "<u4"),
        ("sequence", "<u8"),
        ("order_id", "<u8"),
        ("price", "<i8"),
        ("reserved", "<i8"),
    ]
)
"""One message, 40 bytes. type: NEW, CANCEL or MODIFY; side: 0 buy, 1 sell; price in ticks."""

NEW, CANCEL, MODIFY = 0, 1, 2

SWINGS = {"static": 0.0, "normal": 0.02, "swing-25": 0.25, "swing-40": 0.40, "flash-crash": 0.60}
"""The flows, and the standard deviation of the price over each, as a part of it."""

START = 33_504
"""The first mid, in ticks."""

MAGIC, VERSION = 0x4D45_4257_5F30_3031, 1
_HEADER = struct.Struct("<QII")

ACCOUNT, INSTRUMENT = 1, 1
"""Every order of these flows belongs to one account and one instrument."""


def generate(name: str, seed: int = 1, orders: int = 200_000) -> NDArray[np.void]:
    """A flow of `orders` new orders and what follows on them, as FLOW records.

    Args:
        name: one of SWINGS; KeyError if it is not. Flows of one seed differ only in their prices.
    """
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal(orders) * (SWINGS[name] / np.sqrt(orders))
    mid = np.round(START * np.exp(np.cumsum(steps))).astype(np.int64)
    new = np.zeros(orders, dtype=FLOW)
    new["side"] = rng.integers(0, 2, orders)
    new["ioc"] = rng.random(orders) < 0.15
    new["quantity"] = rng.integers(1, 101, orders)
    new["order_id"] = np.arange(1, orders + 1)
    away = np.where(new["side"] == 0, -1, 1)
    new["price"] = np.maximum(mid + away * _distances(rng, orders), 1)
    arrival = rng.permutation(orders).astype(np.float64)
    messages, times = _follow_ups(rng, new, arrival)
    flow = np.concatenate([new, *messages])
    flow = flow[np.argsort(np.concatenate([arrival, *times]), kind="stable")]
    flow["sequence"] = np.arange(len(flow))
    return flow


def _distances(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Ticks from the mid: most orders gather around nine, some lie near it by a power law."""
    gathered = np.clip(np.round(rng.normal(9.0, 1.1, count)), 1, None).astype(np.int64)
    near = tables.power_law(1, 650, 1.2)[rng.integers(0, tables.DRAWS, count)]
    return np.where(rng.random(count) < 0.10, near, gathered)


def _follow_ups(
    rng: np.random.Generator, new: NDArray[np.void], arrival: NDArray[np.float64]
) -> tuple[list[NDArray[np.void]], list[NDArray[np.float64]]]:
    """Modifies and cancels with their times, and the repeats of both."""
    count = len(new)
    rests = new["ioc"] == 0
    delay = rng.exponential(0.2, count)
    modifies = np.flatnonzero(rests & (rng.random(count) < 0.20))
    modify = new[modifies]
    modify["type"] = MODIFY
    modify["quantity"] += 1
    move = rng.choice([-1, 0, 1], p=[0.4, 0.2, 0.4], size=len(modify))
    modify["price"] = np.maximum(modify["price"] + move, 1)
    cancels = np.flatnonzero(rests & (rng.random(count) < 0.95))
    cancel = new[cancels]
    cancel["type"] = CANCEL
    messages = [modify, cancel]
    times = [arrival[modifies] + delay[modifies] / 2, arrival[cancels] + delay[cancels]]
    for message, time in list(zip(messages, times, strict=True)):
        again = rng.random(len(message)) < 0.02
        messages.append(message[again])
        times.append(time[again] + rng.exponential(0.2, int(again.sum())))
    return messages, times


def load(path: Path | str) -> NDArray[np.void]:
    """The FLOW records of a `.bin` or `.bin.xz` file; FlowError if it is not one or is cut."""
    try:
        raw = Path(path).read_bytes()
        if str(path).endswith(".xz"):
            raw = lzma.decompress(raw)
    except OSError as error:
        raise FlowError(path, 0, f"cannot be read: {error.strerror}") from error
    except lzma.LZMAError as error:
        raise FlowError(path, 0, f"is not a whole xz file: {error}") from error
    if len(raw) < _HEADER.size:
        raise FlowError(path, len(raw), f"ends within the header of {_HEADER.size} bytes")
    magic, version, count = _HEADER.unpack_from(raw)
    if (magic, version) != (MAGIC, VERSION):
        raise FlowError(path, 0, f"is not a flow file: magic {magic:#x}, version {version}")
    if len(raw) != _HEADER.size + count * FLOW.itemsize:
        whole = (len(raw) - _HEADER.size) // FLOW.itemsize
        offset = _HEADER.size + min(whole, count) * FLOW.itemsize
        raise FlowError(path, offset, f"the header promises {count} messages, {whole} are there")
    return np.frombuffer(raw, dtype=FLOW, offset=_HEADER.size)


def setup_commands() -> Commands:
    """The instrument and the account of these flows, with funds that never run out."""
    account = np.array([ACCOUNT])
    return joined(
        [
            define_instrument(INSTRUMENT, "FLOW"),
            open_accounts(account),
            deposits(account, CASH, 2**61),
            deposits(account, INSTRUMENT, 2**61),
        ]
    )


def to_commands(flow: NDArray[np.void]) -> Commands:
    """One command a message: NEW_ORDER (IOC or DAY), CANCEL, or REPLACE for a modify.

    In these flows a modify is cancel + reinsert under the same id, refused if the order does not
    rest. A REPLACE is the one command that does both or neither. Since no client order id is used
    twice, it takes a fresh id above all others, and later messages about the order name that one.
    Priority is lost as in the flow, because every modify raises the quantity. One difference
    remains: a REPLACE counts what was filled before towards the new quantity, so a partly filled
    order comes back smaller than in the flow by that much. It concerns no modify of `static` and
    4 % of the modifies of the other flows.
    """
    commands = np.zeros(len(flow), dtype=COMMAND)
    kind = flow["type"]
    commands["type"] = np.array(
        [CommandType.NEW_ORDER, CommandType.CANCEL, CommandType.REPLACE], dtype=np.uint8
    )[kind]
    commands["account"] = ACCOUNT
    commands["instrument"] = INSTRUMENT
    not_cancel = kind != CANCEL
    commands["price"] = np.where(not_cancel, flow["price"], 0)
    commands["quantity"] = np.where(not_cancel, flow["quantity"], 0)
    is_new = kind == NEW
    commands["side"] = np.where(is_new, flow["side"], 0)
    ioc = is_new & (flow["ioc"] == 1)
    commands["time_in_force"] = np.where(ioc, TimeInForce.IOC, TimeInForce.DAY)
    own = flow["order_id"].copy()
    modify = kind == MODIFY
    own[modify] = own.max(initial=0) + 1 + np.arange(int(modify.sum()), dtype=np.uint64)
    commands["client_order_id"] = np.where(not_cancel, own, 0)
    commands["orig_client_order_id"] = np.where(is_new, 0, _names(flow, own))
    return commands


def to_messages(flow: NDArray[np.void]) -> NDArray[np.void]:
    """One MESSAGE for a bare book a message: NEW (IOC or GTC), CANCEL, or REPLACE for a modify.

    A REPLACE under the same id is what the flow means: cancel and reinsert, refused if the order
    does not rest, its quantity the open one.
    """
    messages = np.zeros(len(flow), dtype=MESSAGE)
    kind = flow["type"]
    kinds = [MessageType.NEW, MessageType.CANCEL, MessageType.REPLACE]
    messages["type"] = np.array(kinds, dtype=np.uint8)[kind]
    messages["order_id"] = flow["order_id"]
    not_cancel = kind != CANCEL
    messages["price"] = np.where(not_cancel, flow["price"], 0)
    messages["quantity"] = np.where(not_cancel, flow["quantity"], 0)
    is_new = kind == NEW
    messages["side"] = np.where(is_new, flow["side"], 0)
    ioc = is_new & (flow["ioc"] == 1)
    messages["time_in_force"] = np.where(ioc, TimeInForce.IOC, TimeInForce.GTC)
    return messages


def _names(flow: NDArray[np.void], own: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The id under which each message's order rests when the message comes."""
    order = np.argsort(flow["order_id"], kind="stable")
    gives = flow["type"][order] != CANCEL
    # Per order, in time: the last message before this one that gave the order an id.
    last = np.maximum.accumulate(np.where(gives, np.arange(len(order)), 0))
    last = np.concatenate([[0], last[:-1]])[: len(order)]
    giver = order[last]
    same_order = flow["order_id"][giver] == flow["order_id"][order]
    names = np.empty(len(flow), dtype=np.uint64)
    # What refers to an order before its first message names an id that does not rest.
    names[order] = np.where(same_order, own[giver], flow["order_id"][order])
    return names
