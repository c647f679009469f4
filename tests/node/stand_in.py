"""A member that does what a test says, for what is built around members."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum
from types import SimpleNamespace
from typing import Any

from node.observing import ROLES, UNLIMITED

ROLE = {name: SimpleNamespace(name=name) for name in ROLES}
State = Enum("State", ["ASIDE", "FEEDING", "LIVE", "COUNTED", "HAILING", "JOINING", "FOLLOWING"])


class StandIn:
    """Leads, with one standby in sync, unless told otherwise.

    at_step: called in every step; steps counts them. A switch is done two steps after it was asked
    for, unless `stuck`.
    """

    def __init__(
        self, told: Callable[[str], None] = lambda line: None, *, role: str = "PRIMARY"
    ) -> None:
        self.told = told
        self.role: Any = ROLE[role]
        self.record: Any = SimpleNamespace(epoch=3, leader="a", in_sync=frozenset({"a", "b"}))
        self.problem = self.disk_problem = self.last_handover = ""
        self.handovers = {"asked": 2, "disk-stall": 1, "disk-full": 0}
        self.switching = False
        self.core: Any = core()
        self.leading: Any = leading() if role == "PRIMARY" else None
        self.following: Any = following() if role in ("IN_SYNC", "CATCHING_UP") else None
        self.lease_until = time.monotonic_ns() + 60_000_000_000 if role == "PRIMARY" else 0
        self.steps = 0
        self.closed = threading.Event()
        self.heir = True
        self.stuck = False
        self.at_step: Callable[[], None] = lambda: None
        self._left = 0
        self._next = "b"

    @property
    def acknowledges(self) -> bool:
        return self.role is ROLE["PRIMARY"] and time.monotonic_ns() < self.lease_until

    @property
    def takes_orders(self) -> bool:
        return self.acknowledges and not self.switching

    def step(self) -> int:
        self.steps += 1
        self.at_step()
        if self.switching and not self.stuck:
            self._left -= 1
            if self._left <= 0:
                self.follow(self._next)
        return 0

    def follow(self, leader: str) -> None:
        """From now on that one leads, one epoch on."""
        self.told("is no longer primary: handed over")
        self.role, self.switching, self.lease_until = ROLE["STANDBY"], False, 0
        self.leading = None
        self.record = SimpleNamespace(
            epoch=self.record.epoch + 1, leader=leader, in_sync=frozenset({leader})
        )

    def lead(self, name: str) -> None:
        """From now on this one does."""
        self.role, self.leading, self.following = ROLE["PRIMARY"], leading(), None
        self.lease_until = time.monotonic_ns() + 60_000_000_000
        self.record = SimpleNamespace(
            epoch=self.record.epoch + 1, leader=name, in_sync=frozenset({name})
        )

    def switch(self, to: str = "") -> None:
        if self.role is not ROLE["PRIMARY"]:
            raise ValueError("this node is not the primary")
        if not self.heir:
            raise ValueError("no standby is in sync, so nobody can take over")
        if to not in ("", "a", "b", "c"):
            raise ValueError(f"{to} is not in sync, so it cannot take over; in sync: b, c")
        self.switching, self._left, self._next = True, 2, to or "b"

    def close(self) -> None:
        self.closed.set()


def core() -> Any:
    """Where everything stands: 100 published, 90 applied."""
    return SimpleNamespace(
        input=SimpleNamespace(cursor=100),
        synced=SimpleNamespace(value=95),
        permitted=SimpleNamespace(value=UNLIMITED),
        business=SimpleNamespace(applied=90, state=SimpleNamespace(checkpoint=(80, 0xABCDEF))),
        journal=SimpleNamespace(problem="", mode="direct"),
        snapshots=None,
    )


def leading() -> Any:
    """A standby b that has 93, 90, 88."""
    peer = SimpleNamespace(name="b", state=State.COUNTED, feed=None, problem="")
    agent = SimpleNamespace(
        said=lambda index: (93, 90, 88, 0),
        counters={"batches": 7, "resent": 1, "waits": 2},
        ends=[SimpleNamespace(limited=6)],
    )
    return SimpleNamespace(agent=agent, standbys=[peer])


def following() -> Any:
    """A primary that has sent 120 and permits 110."""
    agent = SimpleNamespace(
        leader=(3, 120, 110, 3),
        counters={"batches": 5, "refused": 1, "resends": 4},
        end=SimpleNamespace(limited=8),
    )
    return SimpleNamespace(agent=agent, stage=State.FOLLOWING, problem="")
