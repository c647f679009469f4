"""The lives of generated orders: born, perhaps changed once, cancelled.

A block of the stream is the births of its new orders plus the changes and cancels that fall due,
in the order of their times. Ids are the positions in the stream, so an order's id is known only
once its block is arranged; what refers to it later finds it in the life.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flow.instruments import TICK
from lmax.schema import COMMAND, CommandType

SUBTICKS = 1 << 16
"""Parts of one arrival, so that what falls due between two arrivals has an order."""

NEVER = np.iinfo(np.int64).max

LIFE = np.dtype(
    [
        ("born_at", "i8"),
        ("modify_at", "i8"),
        ("cancel_at", "i8"),
        ("id", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),
        ("new_price", "i8"),
        ("change", "i8"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("side", "i1"),
        ("order_type", "i1"),
        ("time_in_force", "i1"),
        ("replaces", "i1"),
    ]
)
"""One order. Prices are in ticks, times in 1 / SUBTICKS arrivals. `change` is by how much a reduce
reduces, or the new total of a replace."""

Lives = NDArray[np.void]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Schedule:
    """Which lives act in a block, as indices into the lives, and where in the block they do."""

    born: Indices
    modified: Indices
    cancelled: Indices
    position: Indices
    """Positions of the births, then of the changes, then of the cancels."""


def arrange(lives: Lives, first_new: int, end: int) -> Schedule:
    """Orders everything due before `end`; lives from index `first_new` on are born now."""
    born = np.arange(first_new, len(lives))
    modified = np.flatnonzero(lives["modify_at"] < end)
    cancelled = np.flatnonzero(lives["cancel_at"] < end)
    due = np.concatenate(
        [lives["born_at"][born], lives["modify_at"][modified], lives["cancel_at"][cancelled]]
    )
    position = np.empty(len(due), dtype=np.int64)
    position[np.argsort(due, kind="stable")] = np.arange(len(due))
    return Schedule(born, modified, cancelled, position)


def write_commands(lives: Lives, schedule: Schedule, first_id: int) -> NDArray[np.void]:
    """The commands of a block; notes in the lives the ids that they got."""
    commands = np.zeros(len(schedule.position), dtype=COMMAND)
    births, changes, cancels = np.split(
        schedule.position,
        np.cumsum([len(schedule.born), len(schedule.modified)]),
    )
    _write_births(commands, births, lives, schedule.born, first_id)
    _write_changes(commands, changes, lives, schedule.modified, first_id)
    _write_cancels(commands, cancels, lives[schedule.cancelled])
    return commands


def _write_births(
    commands: NDArray[np.void], at: Indices, lives: Lives, born: Indices, first_id: int
) -> None:
    lives["id"][born] = first_id + at
    life = lives[born]
    commands["type"][at] = CommandType.NEW_ORDER
    commands["client_order_id"][at] = life["id"]
    commands["price"][at] = life["price"] * TICK
    commands["quantity"][at] = life["quantity"]
    for name in ("account", "instrument", "side", "order_type", "time_in_force"):
        commands[name][at] = life[name]


def _write_changes(
    commands: NDArray[np.void], at: Indices, lives: Lives, modified: Indices, first_id: int
) -> None:
    life = lives[modified]
    replaces = life["replaces"] == 1
    new_id = np.where(replaces, first_id + at, 0)
    commands["type"][at] = np.where(replaces, CommandType.REPLACE, CommandType.REDUCE)
    commands["client_order_id"][at] = new_id
    commands["orig_client_order_id"][at] = life["id"]
    commands["price"][at] = np.where(replaces, life["new_price"] * TICK, 0)
    commands["quantity"][at] = life["change"]
    commands["account"][at] = life["account"]
    commands["instrument"][at] = life["instrument"]
    # The cancel of a replaced order must name its new id.
    lives["id"][modified] = np.where(replaces, new_id, life["id"])


def _write_cancels(commands: NDArray[np.void], at: Indices, life: Lives) -> None:
    commands["type"][at] = CommandType.CANCEL
    commands["orig_client_order_id"][at] = life["id"]
    commands["account"][at] = life["account"]
    commands["instrument"][at] = life["instrument"]
