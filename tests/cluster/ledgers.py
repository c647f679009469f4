"""I7 in the simulation: each node that leads feeds the one ledger, as ledger.tail does it.

ledger = fold(log): whatever was in the database at a time is held, at the end, against one fold of
the log that has survived. A second draw decides what happens here, so the seeds of clusters
stay what they are.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, cast

import numpy as np

from ledger.errors import LedgerCorrupt, LedgerFenced, LedgerGap, LedgerUnavailable
from ledger.fold import Batch, fold
from node.core import Core
from node.follower import AheadOfJournal, Follower
from replicator.common import MS
from tests.cluster.database import ApartLedger, Database, SimulatedLedger
from tests.cluster.tables import Tables
from tests.cluster.world import Node, World


class Hasty:
    """A core that calls committed what is but on its own disk: a mistake."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    @property
    def committed(self) -> int:
        return self._core.synced.value


class Feeding:
    """One node's ledger loop, a turn at a time: ledger.tail without its thread and its pauses."""

    def __init__(self, node: Node, ledgers: Ledgers) -> None:
        self.core: Core = node.core
        core = cast(Core, Hasty(self.core)) if ledgers.hasty else self.core
        self.follower = Follower(core, node.folder, chunk=ledgers.chunk)
        self.fenced = False
        self.waits_until = 0
        self._ledgers = ledgers
        self._ledger: SimulatedLedger | None = None

    def turn(self, now: int, most: int) -> None:
        """Connect and go to the last sequence in the database; else write what comes next."""
        if self.fenced or now < self.waits_until:
            return
        try:
            if self._ledger is None:
                self._ledger = self._ledgers.connect(self.core.epoch)
                self.follower.restart(self._ledger.last_sequence)
            elif len(events := self.follower.poll(most)):
                self._ledger.apply(events)
        except (LedgerUnavailable, LedgerGap) as error:
            self._ledgers.happened[type(error).__name__] += 1
            self._ledger = None
            self.waits_until = now + self._ledgers.random.randrange(200 * MS)
        except LedgerFenced as error:
            self._ledgers.happened[type(error).__name__] += 1
            self.fenced = True
        except (LedgerCorrupt, AheadOfJournal) as error:
            raise AssertionError(f"I7: {error}") from error

    def close(self) -> None:
        self.follower.close()


class Ledgers:
    """The database, and who feeds it. mistake: "apart", "hasty" or "lower", see Run.

    happened: names of errors that were raised.
    """

    def __init__(self, world: World, seed: int, mistake: str = "") -> None:
        self.world = world
        self.random = Random(f"the ledger of {seed}")
        self.database = Database(self.random, mistaken=mistake == "lower")
        self.feedings: dict[str, Feeding] = {}
        self.happened: Counter[str] = Counter()
        self.hasty = mistake == "hasty"
        self._made = ApartLedger if mistake == "apart" else SimulatedLedger
        self.chance = self.random.choice([0.005, 0.02, 0.05])
        self.most = self.random.choice([4, 30, 500])
        self.chunk = self.random.choice([2, 30, 8192])
        self.back_at = 0

    def connect(self, epoch: int) -> SimulatedLedger:
        return self._made(self.database, epoch=epoch)

    # ---- what happens

    def step(self) -> None:
        now, random = self.world.now, self.random
        self.database.trouble = 0.05
        if random.random() < 0.003:
            ends = random.random() < 0.6
            self.database.fail_over(random.choice([0, 1, 3, 10]), ends=ends)
            self.database.away, self.back_at = ends, now + random.randrange(3000 * MS)
        if now >= self.back_at:
            self.database.away = False
        for node in self.world.nodes.values():
            if random.random() < self.chance and now >= node.paused_until:
                self._turn(node, self.most)

    def _turn(self, node: Node, most: int) -> None:
        feeding = self.feedings.get(node.name)
        if feeding is not None and (node.member is None or feeding.core is not node.core):
            self._drop(node.name)  # its process died, or began again from its journal
            feeding = None
        if feeding is not None and self.random.random() < 0.01:
            self._drop(node.name)
            feeding = None
        if feeding is None and node.is_primary:
            feeding = self.feedings[node.name] = Feeding(node, self)
        if feeding is not None:
            feeding.turn(self.world.now, most)

    def _drop(self, name: str) -> None:
        self.feedings.pop(name).close()

    def settle(self, primary: Node) -> None:
        """Without faults the database gets all there is."""
        self.database.trouble, self.database.away = 0.0, False
        for name in list(self.feedings):
            self._drop(name)
        self.chunk = 8192
        for _ in range(1000):
            if self.database.progress[0] == primary.core.business.applied:
                return
            self._turn(primary, 500)
            feeding = self.feedings[primary.name]
            feeding.waits_until = 0
            assert not feeding.fenced, "I7: the primary is refused by the ledger"
        raise AssertionError("I7: the ledger does not get what the log has")

    def close(self) -> None:
        for name in list(self.feedings):
            self._drop(name)
        self.database.close()

    # ---- what must hold

    def check(self, events: np.ndarray) -> None:
        """events: of the log that survived."""
        epochs = [commit.epoch for commit in self.database.commits]
        assert epochs == sorted(epochs), "I7: a lower epoch has written after a higher one"
        wanted = Tables()
        if len(events):
            whole = fold(events)
            self._check_commits(whole)
            wanted.apply(whole)
        different = self.database.tables.differences(wanted)
        assert not different, f"I7: the ledger is not the fold of the log: {different}"

    def _check_commits(self, whole: Batch) -> None:
        """What was in the database after each transaction, up to its sequence."""
        legs = whole.postings
        keys, which = np.unique(legs[["account", "asset"]], return_inverse=True)
        amounts = np.zeros((len(legs) + 1, len(keys)), "i8")
        amounts[np.arange(1, len(legs) + 1), which] = legs["amount"]
        sums = amounts.cumsum(axis=0)
        names = keys.tolist()
        for commit in self.database.seen:
            count = int(np.searchsorted(legs["sequence"], commit.sequence, side="right"))
            trades = int(np.searchsorted(whole.trades["sequence"], commit.sequence, side="right"))
            found: Any = commit.trades, commit.postings
            wanted: Any = trades, count
            assert found == wanted, f"I7: at {commit.sequence}: {found} rows instead of {wanted}"
            held = dict(zip(names, sums[count].tolist(), strict=True))
            moved = {key: amount for key, amount in commit.holdings.items() if amount}
            wanted = {key: amount for key, amount in held.items() if amount}
            assert moved == wanted, f"I7: at {commit.sequence}: other holdings than the log's"
