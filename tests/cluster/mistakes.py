"""Clusters that are broken on purpose: what must be caught, for a check that cannot fail proves
nothing. Each breaks one thing that an invariant rests on."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from journal.batches import BatchReader
from lmax.schema import COMMAND, CommandType
from node.core import EVERYTHING, Core
from tests.cluster.network import End, Wire
from tests.cluster.world import Node

if TYPE_CHECKING:
    from tests.cluster.run import Run


CRUEL = ("kill", "isolate", "clog", "heal", "heal")
"""Where a mistake has to show."""


class Mistake:
    """alarms: what may tell of it; faults: what happens to nodes and network, calm: steps between
    two, at most; nodes: how many it needs, 0 for any; all_count: every standby has to be recorded.
    """

    alarms: ClassVar[tuple[str, ...]] = ()
    faults: ClassVar[tuple[str, ...]] = CRUEL
    calm: ClassVar[int] = 250
    nodes: ClassVar[int] = 0
    all_count: ClassVar[bool] = False

    def begins(self, run: Run) -> None:
        """Before anything runs."""

    def happens(self, run: Run) -> None:
        """After every step."""

    def starts(self, run: Run, node: Node) -> None:
        """Before that node does."""


class Early(Mistake):
    """The primary answers before the standby has it."""

    alarms = ("I1", "I3", "I4", "I6", "I7")

    def happens(self, run: Run) -> None:
        for node in primaries(run):
            node.core.permitted.value = EVERYTHING


class OneOfTwo(Mistake):
    """Two standbys are recorded in sync, and what one of them has is acknowledged.

    It shows where the one that lags takes over: the primary is lost before it has noticed.
    """

    alarms = ("I1", "I3", "I4", "I6", "I7")
    faults = ("one way", "kill", "kill", "heal")
    calm = 50
    nodes = 3
    all_count = True

    def happens(self, run: Run) -> None:
        for node in primaries(run):
            leading, permitted = node.alive.leading, node.core.permitted
            if leading is None or node.alive.lease_until <= run.world.now:
                continue
            agent = leading.agent
            counted = [
                index
                for index in range(len(leading.standbys))
                if agent.is_counted(index) and agent.is_live(index)
            ]
            permitted.value = max([permitted.value, *(agent.has(index) for index in counted)])


class Epoch(Mistake):
    """The primary goes on although another has the next epoch."""

    alarms = ("I1", "I2", "I3", "I4", "I6", "I7")

    def happens(self, run: Run) -> None:
        for node in primaries(run):
            member = node.alive
            member._lost = lambda lost: None  # type: ignore[method-assign]
            member._lease_until = 2**62
            assert member.leading is not None
            agent = member.leading.agent
            agent.lease(2**62)
            agent.may_go_alone(True)
            for index in range(len(run.world.names) - 1):
                if agent.is_counted(index):
                    agent.count(index, False)


class Cut(Mistake):
    """A node that returns drops a batch below what it has acknowledged."""

    alarms = ("I1", "I3", "I4", "I6", "I7")

    def starts(self, run: Run, node: Node) -> None:
        with BatchReader(node.folder, pause=lambda: None) as reader:
            lasts: list[int] = []
            while len(found := reader.read()):
                lasts += found.lasts.tolist()
        if len(lasts) > 2:
            run.world.cut(node.folder, lasts[-2])


class Tail(Mistake):
    """What a node has that never became everybody's is not cut: it cannot follow."""

    alarms = ("I3", "liveness")

    def begins(self, run: Run) -> None:
        run.world.cut = lambda folder, sequence: "nothing"  # type: ignore[method-assign]


class Swap(Mistake):
    """The witness does not compare before it sets: two are granted one epoch."""

    alarms = ("I1", "I3", "I4", "I6", "I7")

    def begins(self, run: Run) -> None:
        run.world.witness.compares = False


class Whole(Mistake):
    """A standby that began again, and may have lost what it had only received, takes over."""

    alarms = ("I1", "I3", "I4", "I6", "I7")

    def begins(self, run: Run) -> None:
        run.all_at_once = 1.0

    def happens(self, run: Run) -> None:
        for node in run.world.nodes.values():
            node.folder.chances.late = 0.98  # there is much that is received and not synced
            if node.member is not None:
                node.member._whole = True


class Forgets(Mistake):
    """Client order ids are forgotten at a promotion: what is sent again is done again."""

    alarms = ("I2",)

    def __init__(self) -> None:
        self._done: Core | None = None

    def happens(self, run: Run) -> None:
        for node in primaries(run):
            if node.core is not self._done and node.core.epoch > 1 and node.alive.takes_orders:
                command = np.zeros(1, COMMAND)
                command["type"] = CommandType.END_OF_DAY
                if node.publish(command):
                    self._done = node.core


class Apart(Mistake):
    """The ledger's position is moved in one transaction, the rows are written in the next."""

    alarms = ("I7",)


class Hasty(Mistake):
    """The ledger is given what is on the primary's disk, and not yet everybody's."""

    alarms = ("I7",)


class Lower(Mistake):
    """The ledger's database keeps no epoch: who led before writes on.

    It shows where that one has something left to write, so the database is slow, and there only
    while two take themselves for the primary.
    """

    alarms = ("I7",)

    def begins(self, run: Run) -> None:
        ledgers = run.ledgers
        ledgers.chance, ledgers.most, ledgers.chunk = 0.1, 4, 2

    def happens(self, run: Run) -> None:
        if len(primaries(run)) < 2:
            run.ledgers.database.away, run.ledgers.back_at = True, run.world.now + 1


class Unbounded(Mistake):
    """What a standby does not take now waits for it in a queue that has no end."""

    alarms = ("I8",)

    def begins(self, run: Run) -> None:
        run.world.network.end = Hoard


class Hoard(End):
    """Takes everything, and keeps what the wire does not."""

    def __init__(self, out: Wire, into: Wire) -> None:
        super().__init__(out, into)
        self.waiting: deque[bytes] = deque()

    def send(self, message: bytes) -> int:
        self.waiting.append(message)
        if self.out.network.world.now >= self.out.clogged_until:
            while self.waiting and super().send(self.waiting[0]):
                self.waiting.popleft()
        return len(message)


MISTAKES: dict[str, type[Mistake]] = {
    "early": Early,
    "one of two": OneOfTwo,
    "epoch": Epoch,
    "cut": Cut,
    "tail": Tail,
    "swap": Swap,
    "whole": Whole,
    "forgets": Forgets,
    "apart": Apart,
    "hasty": Hasty,
    "lower": Lower,
    "unbounded": Unbounded,
}


def primaries(run: Run) -> list[Node]:
    return [node for node in run.world.nodes.values() if node.is_primary]
