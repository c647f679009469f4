"""A cluster in one process: members over a simulated network, disks, witness and clock.

Nothing here runs by itself. `World.step` lets one node do one thing, the scheduler's seed says
which, and time goes on a little. A node can be killed (its disk keeps what was synced), paused,
cut off one way or both ways, and started again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from journal.cutting import cut_behind
from journal.snapshots import SnapshotStore
from lmax._tail import RingTail
from lmax.ringbuffer.ring import RingFull
from lmax.ringbuffer.sequence import RingSequence
from node.core import Core
from node.member import Member, Role, Settings
from node.refusals import CoreFailed
from replicator._secure import SecureLink
from replicator.common import MS, Post, Timing
from replicator.fetching import Fetching
from replicator.own_log import OwnLog
from replicator.standbys import Rule
from replicator.witness import Lost, Record, Unavailable
from replicator.witness_keeper import Answer
from tests.cluster.network import Network
from tests.journal.simulated import SimulatedFolder

CLUSTER = bytes(range(1, 17))
SEGMENT_BYTES = 32 * 4096
SLOTS = 256
EPOCH_NS = 10**18
TIMING = Timing(heartbeat=20 * MS, silence=200 * MS, lease=400 * MS, hail=50 * MS)


class SimulatedWitness:
    """The record, and whether it can be reached."""

    def __init__(self) -> None:
        self.record = Record()
        self.version = 0
        self.reachable = True
        self.compares = True
        self.grants: list[tuple[int, str]] = []

    def _change(self, seen: Record, **fields: Any) -> Record:
        if self.compares and seen.revision != self.record.revision:
            raise Lost(self.record)
        self.version += 1
        self.record = replace(self.record, revision=self.version, **fields)
        return self.record

    def read(self) -> Record:
        return self.record

    def take(self, seen: Record, node: str) -> Record:
        taken = self._change(
            seen,
            epoch=seen.epoch + 1,
            leader=node,
            in_sync=frozenset({node}),
            released=False,
            heir="",
        )
        self.grants.append((taken.epoch, node))
        return taken

    def renew(self, mine: Record) -> Record:
        return self._change(mine, renewals=mine.renewals + 1)

    def set_in_sync(self, mine: Record, names: frozenset[str]) -> Record:
        return self._change(mine, in_sync=frozenset(names))

    def release(self, mine: Record, heir: str = "") -> Record:
        return self._change(mine, released=True, heir=heir)


class SlowKeeper:
    """Asks the witness at once or later; the answer may be late, or never come."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.waiting: list[tuple[int, int, str, tuple[Any, ...]]] = []
        self.answers: list[tuple[int, Answer]] = []

    def request(self, action: str, *args: Any) -> None:
        now, random = self.world.now, self.world.random
        self.waiting.append((now + random.randrange(20 * MS), now, action, args))

    def poll(self) -> list[Answer]:
        now, random = self.world.now, self.world.random
        for item in [item for item in self.waiting if item[0] <= now]:
            self.waiting.remove(item)
            _, sent, action, args = item
            late = now + random.randrange(20 * MS)
            if self.world.witness.reachable and self.name not in self.world.unwitnessed:
                try:
                    result: Any = getattr(self.world.witness, action)(*args)
                except Lost as lost:
                    result = lost
                if random.random() < self.world.witness_loss:
                    result = Unavailable("the answer was lost")
            else:
                result, late = Unavailable("no answer"), now + 100 * MS
            self.answers.append((late, Answer(action, sent, result)))
        due = [answer for when, answer in self.answers if when <= now]
        self.answers = [pair for pair in self.answers if pair[0] > now]
        return due


class PlainGreeter:
    """A handshake without secrets: keys follow from a number that both know."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def hello(self) -> bytes:
        self.number = self.random.getrandbits(63)
        return b"\1\0\0\0" + self.number.to_bytes(8, "little")

    def welcomed(self, frame: bytes) -> SecureLink | str:
        number, connection = frame[4:12], frame[12:20]
        if len(frame) != 20 or number != getattr(self, "number", 0).to_bytes(8, "little"):
            return ""
        return link(number, connection, initiator=True)

    def answer(self, frame: bytes) -> tuple[bytes, SecureLink | None]:
        number, connection = frame[4:12], self.random.randbytes(8)
        if len(number) != 8:
            return b"", None
        return b"\2\0\0\0" + number + connection, link(number, connection, initiator=False)


def link(number: bytes, connection: bytes, *, initiator: bool) -> SecureLink:
    one, other = (number + connection).ljust(32, b"a"), (number + connection).ljust(32, b"b")
    numbered = int.from_bytes(connection, "little")
    return SecureLink(one, other, numbered) if initiator else SecureLink(other, one, numbered)


class Files:
    """Cutting a simulated journal."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def cut(self, sequence: int) -> str:
        self.node.cuts.append(sequence)
        return self.node.world.cut(self.node.folder, sequence)

    def fetch(self, post: Post, clock: Callable[[], int]) -> Fetching:
        raise AssertionError("nothing is pruned here")


def own_log(core: Core) -> OwnLog:
    folder = core.journal.folder
    return OwnLog(
        folder,
        SnapshotStore(folder),
        CLUSTER,
        core.journal.keys,
        synced=lambda: core.synced.value,
        pause=lambda: None,
    )


class Node:
    """A machine: its disk stays, its process comes and goes."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.background = world.random.random() < 0.5
        self.folder = SimulatedFolder(world.random, background=self.background)
        self.member: Member | None = None
        self.tail: RingTail | None = None
        self.tailed: Core | None = None
        self.paused_until = self.down_until = self.stalled_until = 0
        self.cuts: list[int] = []
        self.lines: list[str] = []
        self.clock = RingSequence()
        self.wall = RingSequence()
        self.drift = 0

    @property
    def core(self) -> Core:
        return self.alive.core

    @property
    def alive(self) -> Member:
        """Its process, which is not dead."""
        assert self.member is not None
        return self.member

    def open_core(self) -> Core:
        return Core(
            self.folder,
            layout="invoker",
            slots=SLOTS,
            segment_bytes=SEGMENT_BYTES,
            replicated=True,
            cluster=CLUSTER,
            clock=self.wall,
        )

    def now(self) -> int:
        """Monotonic time; the wall clock is wrong by `drift`, which may jump."""
        self.clock.value = self.world.now
        self.wall.value = max(1, EPOCH_NS + self.world.now + self.drift)
        return self.world.now

    def start(self) -> None:
        world = self.world
        others = [name for name in world.names if name != self.name]
        self.now()
        self.member = Member(
            replace(world.settings, name=self.name, bootstrap=self.name == world.names[0]),
            self.open_core,
            {name: world.network.channel(self.name, name) for name in others},
            {name: PlainGreeter(world.random) for name in others},
            SlowKeeper(world, self.name),
            clock=self.now,
            log_of=own_log,
            files=Files(self),
            simulated=self.clock,
            told=self.told,
        )

    def told(self, line: str) -> None:
        self.lines.append(f"{self.world.now / 1e9:8.3f} {self.name}: {line}")
        self.world.lines.append(self.lines[-1])

    def kill(self) -> None:
        """Power is lost: what was not synced may be gone."""
        if self.member is not None:
            self.folder.crash()
            self.core.journal.close()
            self.core.journaler.release()
            self.member = self.tail = self.tailed = None
            self.told("is killed")

    @property
    def is_primary(self) -> bool:
        return self.member is not None and self.member.role is Role.PRIMARY

    @property
    def held_up(self) -> bool:
        """Whether its agents wait with the one that is in a write that does not return."""
        return self.folder.stalls and not self.background and self.core.journaler.outstanding > 0

    def have_disk(self, background: bool) -> None:
        """Another one, in the background or not, before its first start."""
        self.background = background
        self.folder = SimulatedFolder(self.world.random, background=background)

    def step(self) -> None:
        """One turn: its control, or its agents."""
        if self.member is None or self.world.now < self.paused_until:
            return
        self.now()
        self.folder.stalls = self.world.now < self.stalled_until
        try:
            if self.world.random.random() < 0.4:
                self.member.step()
            elif not self.held_up:
                self.member.core.step()
        except (CoreFailed, OSError) as failed:  # a full disk, where something is set aside
            self.told(f"ends: {failed}")
            self.world.failures.append((self.name, str(failed)))
            self.kill()

    def events(self) -> np.ndarray | None:
        """What its outputs gave since the last call; None where there is nobody to ask."""
        if not self.is_primary:
            self.tail = self.tailed = None
            return None
        if self.tailed is not self.core:
            self.tailed, self.tail = self.core, RingTail(self.core.output)
        assert self.tail is not None
        events = self.tail.read()
        if events is None:  # too much at once: what is lost is asked for again
            self.tail.attach()
        return events

    def publish(self, commands: np.ndarray) -> int:
        """The sequence of the last, 0 if they were not taken."""
        if not self.alive.takes_orders:
            return 0
        try:
            return self.core.entrance.offer(commands)
        except RingFull:
            return 0


class World:
    """All nodes, and what is between them."""

    def __init__(self, seed: int, names: tuple[str, ...] = ("a", "b"), **settings: Any) -> None:
        self.random = Random(seed)
        self.now = 10**9
        self.names = names
        self.settings = Settings("", CLUSTER, timing=TIMING, **({"rule": Rule()} | settings))
        self.network = Network(self)
        self.witness = SimulatedWitness()
        self.witness_loss = 0.0
        self.unwitnessed: set[str] = set()
        self.lines: list[str] = []
        self.failures: list[tuple[str, str]] = []
        self.nodes = {name: Node(self, name) for name in names}
        self.pace = 10 * MS

    def start(self) -> None:
        for node in self.nodes.values():
            node.start()

    def step(self) -> None:
        self.now += self.random.randrange(self.pace)
        for node in self.random.sample(list(self.nodes.values()), len(self.nodes)):
            node.step()

    def until(self, happens: Callable[[], bool], most: int = 60_000) -> None:
        for _ in range(most):
            if happens():
                return
            self.step()
        raise AssertionError("\n".join(["it does not happen", *self.lines[-30:]]))

    def close(self) -> None:
        """Nobody looks at its disks any more."""
        for node in self.nodes.values():
            if node.member is not None:
                node.member.close()

    @property
    def primary(self) -> Node | None:
        """The one whose epoch is the highest."""
        leading = [n for n in self.nodes.values() if n.is_primary and n.member is not None]
        return max(leading, key=lambda node: node.core.epoch, default=None)

    def cut(self, folder: SimulatedFolder, sequence: int) -> str:
        done = cut_behind(folder, sequence, snapshots=None)
        return f"{done.first} to {done.last} are set aside in {done.tail or 'nothing'}"

    @property
    def lead(self) -> Node:
        """The primary, which there is."""
        assert self.primary is not None
        return self.primary


def in_sync(world: World) -> Callable[[], bool]:
    return lambda: (
        world.primary is not None
        and len(world.witness.record.in_sync) > 1
        and any(n.member and n.member.role is Role.IN_SYNC for n in world.nodes.values())
    )
