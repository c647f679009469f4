"""A whole seeded run of a cluster: faults first, then peace, then what must hold.

I1 everything acknowledged is in the log · I2 each (account, id) at most once · I3 the logs are one
· I4 states and outputs are equal on all nodes and an offline replay · I5 conservation · I6 one
output for each (epoch, sequence), epochs are granted once · I7 the ledger is the fold of the log,
its position moves with its rows (tests.cluster.ledgers) · I8 every queue has its bound
(tests.cluster.bounds) · I9 every request is answered.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from random import Random
from typing import Any

import numpy as np

from journal.files import Journal
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import COMMAND, CommandType, EventFlag, EventType
from node.member import Role
from replicator.common import MS
from replicator.standbys import Rule
from tests.cluster.bounds import check_containers, check_queues
from tests.cluster.ledgers import Ledgers
from tests.cluster.mistakes import MISTAKES
from tests.cluster.traders import Traders
from tests.cluster.world import CLUSTER, Node, World, in_sync
from tests.journal.simulated import Chances
from tests.simulation.clients import ACCOUNTS, INSTRUMENTS

FAULTS = [
    *["kill", "kill", "pause", "isolate", "one way", "noise", "noise", "clog", "witness"],
    *["clock", "switch", "heal", "flap", "disk"],
]

LIMIT = 300 * MS
"""After which a primary whose disk is ill hands over."""


class Run:
    """One run. mistake: one of MISTAKES, that must be found; power: it may fail for all at once;
    ill: disks may stall, in every second run, and be given the lead away for that.
    """

    def __init__(
        self,
        seed: int,
        *,
        mistake: str = "",
        nodes: int = 0,
        power: bool = True,
        ill: bool = True,
    ) -> None:
        draw = Random(seed)
        self.mistake = MISTAKES[mistake]() if mistake else None
        count = nodes or draw.choice([2, 2, 3])
        if self.mistake:
            count = self.mistake.nodes or count
        names = ("a", "b", "c")[:count]
        policy = draw.choice(["alone", "alone", "halt"])
        every = frozenset(names[1:]) if draw.random() < 0.2 and count > 2 else frozenset()
        if self.mistake:
            policy, every = "alone", frozenset(names if self.mistake.all_count else ())
        self.calm = self.mistake.calm if self.mistake else 250
        self.illness = Random(f"the illness of {seed}")
        self.ill = ill and not mistake and self.illness.random() < 0.5
        self.world = World(
            seed,
            names,
            rule=Rule(every, policy),
            durable=draw.random() < 0.3,
            disk_stall=LIMIT if self.ill else 0,
        )
        self.policy = policy
        self.traders = Traders(self.world)
        self.ledgers = Ledgers(self.world, seed, mistake)
        self.hurt: Counter[str] = Counter()
        self.power = Random(f"the power of {seed}")
        self.all_at_once = 0.2 if power else 0.0
        self.steps = 0
        if self.mistake:
            self.mistake.begins(self)

    # ---- faults

    def run(self) -> None:
        try:
            self.live()
        finally:
            self.ledgers.close()
            self.world.close()

    def live(self) -> None:
        world = self.world
        world.start()
        if self.mistake or world.random.random() < 0.8:
            world.until(in_sync(world))
        for _ in range(world.random.randint(3, 8)):
            self.disturb()
            check_containers(world, self.hurt.total())
            for _ in range(world.random.randint(20, self.calm)):
                self.step()
        self.live_in_peace()
        self.ledgers.settle(self.world.lead)
        self.check()

    def step(self) -> None:
        world = self.world
        world.step()
        if self.mistake:
            self.mistake.happens(self)
        self.ledgers.step()
        self.steps += 1
        if self.steps % 8 == 0:
            check_queues(world)
        for node in world.nodes.values():
            if node.member is None:
                if world.now >= node.down_until:
                    self.start(node)
                continue
            self.traders.listen(node)
            if world.random.random() < 0.3:
                self.traders.act(node)

    def start(self, node: Node) -> None:
        if self.mistake:
            self.mistake.starts(self, node)
        node.start()

    def disturb(self) -> None:
        """One of the things that happen to machines and networks."""
        world, random = self.world, self.world.random
        network, node = world.network, random.choice(list(world.nodes.values()))
        if world.primary is not None and random.random() < 0.5:
            node = world.primary
        fault = random.choice(self.mistake.faults if self.mistake else FAULTS)
        if fault == "kill":
            node.kill()
            node.down_until = world.now + random.randrange(2000 * MS)
            if self.power.random() < self.all_at_once:
                self.cut_power()
        elif fault == "pause":
            node.paused_until = world.now + random.randrange(2000 * MS)
        elif fault == "isolate":
            network.isolate(node.name)
            if random.random() < 0.7:
                world.unwitnessed = {node.name}
        elif fault == "one way":
            other = random.choice([name for name in world.names if name != node.name])
            network.wire(node.name, other).cut = True
        elif fault == "noise":
            network.loss = random.choice([0.0, 0.05, 0.3])
            network.doubles = random.choice([0.0, 0.5])
            network.shuffles = random.choice([0.0, 0.3])
        elif fault == "clog":
            for wire in network.wires.values():
                wire.clogged_until = world.now + random.randrange(5000 * MS)
        elif fault == "witness":
            world.unwitnessed = {name for name in world.names if random.random() < 0.6}
            world.witness_loss = random.choice([0.0, 0.2])
        elif fault == "clock":
            node.drift = random.randrange(-10_000 * MS, 10_000 * MS)
        elif fault == "switch" and node.is_primary and node.member is not None:
            # Whom to is not drawn: seeds that once failed stay what they were.
            to = ("", *world.names)[self.hurt["switch"] % (len(world.names) + 1)]
            with contextlib.suppress(ValueError):
                node.member.switch("" if to == node.name else to)
        elif fault == "flap":
            network.isolate(node.name, cut=random.random() < 0.5)
        elif fault == "disk":
            chance = random.random
            node.folder.chances = Chances(
                interrupted=0.1 * chance(),
                short=0.3 * chance(),
                late=0.9 * chance(),
                sync_error=random.choice([0.0, 0.01]),
                no_room=random.choice([0.0, 0.5]),
            )
        elif fault == "heal":
            self.heal()
        self.hurt[fault] += 1
        if self.ill and self.illness.random() < 0.5:
            self.stall(node)

    def stall(self, node: Node) -> None:
        """Its disk, or those of everybody, take a while for the next write."""
        nodes = [node] if self.illness.random() < 0.8 else list(self.world.nodes.values())
        for each in nodes:
            each.stalled_until = self.world.now + self.illness.randrange(3000 * MS)
        self.hurt["stall"] += 1

    def cut_power(self) -> None:
        """Everybody dies at once, and returns when it likes."""
        for node in self.world.nodes.values():
            node.kill()
            node.down_until = self.world.now + self.power.randrange(2000 * MS)
        self.hurt["power"] += 1

    def heal(self) -> None:
        world = self.world
        world.network.heal()
        world.unwitnessed, world.witness_loss = set(), 0.0
        for node in world.nodes.values():
            node.folder.chances = Chances()
            node.stalled_until = 0

    # ---- liveness

    def live_in_peace(self) -> None:
        """Without faults everybody gets in sync and is answered."""
        world = self.world
        self.heal()
        for node in world.nodes.values():
            node.paused_until = node.down_until = 0
            if node.member is None:
                self.start(node)
        self.traders.wanted = len(self.traders.requests) + 5
        for _ in range(5_000 if self.mistake else 30_000):
            self.step()
            asked = len(self.traders.requests) >= self.traders.wanted and not self.traders.open
            if asked and self.all_follow():
                return
        raise AssertionError(
            "\n".join(["liveness: no peace comes", self.sketch(), *world.lines[-40:]])
        )

    def all_follow(self) -> bool:
        """Everybody holds the primary's log, and all of it is applied."""
        primary = self.world.primary
        if primary is None:
            return False
        wanted = primary.core.input.cursor
        return all(
            node.member is not None
            and node.core.business.applied == wanted
            and node.core.journaler.synced == wanted
            and (node is primary or node.member.role in (Role.IN_SYNC, Role.CATCHING_UP))
            for node in self.world.nodes.values()
        )

    def sketch(self) -> str:
        lines = [f"witness {self.world.witness.record}"]
        for node in self.world.nodes.values():
            member = node.member
            if member is None:
                lines.append(f"{node.name}: dead")
                continue
            peers = member.leading.standbys if member.leading else []
            lines.append(
                f"{node.name}: {member.role.name} input {node.core.input.cursor}"
                f" synced {node.core.journaler.synced} applied {node.core.business.applied}"
                f" {[(peer.name, peer.state.name, peer.problem) for peer in peers]}"
                f" {member.following.stage.name if member.following else ''} {member.problem}"
            )
        lines.append(f"open {len(self.traders.open)}")
        return "\n".join(lines)

    # ---- what must hold

    def check(self) -> None:
        world, traders = self.world, self.traders
        states = {node.core.business.state.state_hash for node in world.nodes.values()}
        logs = [self.log_of(node) for node in world.nodes.values()]
        assert all(
            len(log) == len(logs[0]) and log.tobytes() == logs[0].tobytes() for log in logs
        ), "I3"
        twin = Engine()
        events = twin.apply(logs[0])
        assert states == {twin.state_hash}, "I4: states differ"
        told = self.by_sequence(events)
        for sequence, (epoch, answer) in traders.acknowledged.items():
            assert sequence <= len(logs[0]), f"I1: {sequence} of epoch {epoch} is lost"
            assert told[sequence] == answer, f"I1, I4: {sequence} of epoch {epoch} is another one"
        taken = events[
            (events["type"] == EventType.ACCEPTED) & (events["command"] == CommandType.NEW_ORDER)
        ]
        keys = Counter(
            zip(taken["account"].tolist(), taken["client_order_id"].tolist(), strict=True)
        )
        assert max(keys.values(), default=1) == 1, "I2"
        self.check_conservation(twin, logs[0])
        epochs = [epoch for epoch, _ in world.witness.grants]
        assert epochs == sorted(set(epochs)), "I6: an epoch was granted twice"
        self.ledgers.check(events)

    def log_of(self, node: Node) -> np.ndarray:
        node.core.abandon()
        with Journal(node.folder, segment_bytes=4096 * 32, cluster=CLUSTER) as journal:
            parts = [part.copy() for part in journal.replay()]
        return joined([np.empty(0, COMMAND), *parts])

    def by_sequence(self, events: np.ndarray) -> dict[int, bytes]:
        ends = np.flatnonzero(events["flags"] & EventFlag.LAST) + 1
        return {int(part["sequence"][0]): part.tobytes() for part in np.split(events, ends[:-1])}

    def check_conservation(self, twin: Any, log: np.ndarray) -> None:
        given = log[log["type"] == CommandType.DEPOSIT]
        for asset in (0, *INSTRUMENTS):
            there = int(given["quantity"][given["instrument"] == asset].sum())
            held = [
                twin.position(account, asset) if asset else (twin.account(account) or (0, 0))
                for account in ACCOUNTS
            ]
            assert sum(total for total, _ in held) == there, f"I5: asset {asset}"
            assert all(0 <= reserved <= total for total, reserved in held), f"I5: asset {asset}"
