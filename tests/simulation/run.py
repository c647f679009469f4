"""A whole seeded run: a venue that lives, crashes and recovers, its clients, and a twin.

The twin is an engine that never crashes: it is fed what survived. What must hold is named as in
the list of invariants: I1 nothing acknowledged is lost, I2 at most once, I3 the log is whole, I4
same state and same events, I5 money and shares are conserved, I9 every request is answered.
"""

import contextlib
from collections import Counter
from random import Random

import numpy as np

from journal.errors import JournalCorrupt
from journal.files import Journal
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import COMMAND, EVENT, CommandType, EventType
from tests.journal.simulated import Chances, PowerLost, SimulatedFolder
from tests.simulation.clients import ACCOUNTS, INSTRUMENTS, Clients, Key
from tests.simulation.damage import Damage
from tests.simulation.venue import Venue, reuse_a_segment


class Forgiving(Journal):
    """The mistake to take damage for the end."""

    def replay(self):
        try:
            yield from super().replay()
        except JournalCorrupt:
            self._reader.close()
            self._cluster = self._reader.cluster or bytes(16)
            self._recovered = True


class Run:
    """One run. mistake: one that must be found.

    "no sync": the disk keeps nothing safe; "second sync": a sync that failed is tried again and
    believed; "early": the logic does not wait for the journal; "skips": damage is taken for the
    end; "alters": recovery applies something else than was journaled.
    """

    def __init__(self, seed: int, *, mistake: str = "") -> None:
        self.seed = seed
        self.random = Random(seed)
        self.mistake = mistake
        self.folder = SimulatedFolder(
            self.random, syncs=mistake != "no sync", background=self.random.random() < 0.5
        )
        self.folder.forgives = mistake == "second sync"
        self.clients = Clients(self.random)
        self.published = np.empty(0, COMMAND)
        self.survived = self.published
        self.seen: list[np.ndarray] = []
        self.twin = Engine()
        self.accepted: Counter[Key] = Counter()
        self.venues: list[Venue] = []

    def run(self) -> None:
        try:
            for _ in range(self.random.randint(2, 3)):
                self.live()
            self.live_in_peace()
            if self.random.random() < 0.5:
                Damage(self).happen()
        finally:
            for venue in self.venues:
                venue.journal.close()

    def open(self) -> Venue:
        self.venues.append(
            Venue(
                self.folder,
                gated=self.mistake != "early",
                alters=self.mistake == "alters",
                journal_class=Forgiving if self.mistake == "skips" else Journal,
            )
        )
        return self.venues[-1]

    # ---- lives ----

    def live(self) -> None:
        """Recover, work while the disk fails in its ways, and lose power."""
        reuse_a_segment(self.random, self.folder)
        venue = self.recover()
        self.check(venue)
        chance = self.random.random
        often = self.random.choice([0.0, 1.0])
        self.folder.chances = Chances(
            interrupted=0.1 * chance(),
            short=0.3 * chance(),
            write_error=0.02 * chance() * often,
            sync_error=0.03 * chance() * often,
            no_room=0.5 * chance(),
            late=0.9 * chance(),
            dies=0.02 * chance(),
        )
        with contextlib.suppress(PowerLost):
            failed = False
            for _ in range(self.random.randint(5, 120)):
                failed = self.step(venue, failed=failed)
        self.clients.crashed()
        venue.crash()

    def recover(self) -> Venue:
        """Up to three times the power is lost in the middle of it."""
        for _ in range(3):
            self.folder.chances = Chances(dies=0.3 * self.random.random())
            try:
                return self.open()
            except PowerLost:
                self.folder.crash()
        self.folder.chances = Chances()
        return self.open()

    def step(self, venue: Venue, *, failed: bool) -> bool:
        """One agent's turn; whether the journaler has stopped for good."""
        turn = self.random.randrange(10)
        if turn < 3:
            self.publish(venue)
        elif turn < 6 and not failed:
            failed = venue.journal_step() < 0
        elif turn < 8:
            venue.logic_step()
        elif turn == 8:
            self.listen(venue)
        else:
            venue.journal.make_segment()
        return failed

    def live_in_peace(self) -> None:
        """Liveness: without faults everybody is answered, and orders are taken as before."""
        self.folder.chances = Chances()
        venue = self.open()
        self.check(venue)
        goal = len(self.clients.requests) + 5
        while self.clients.unknown or len(self.clients.requests) < goal:
            self.publish(venue)
            venue.settle()
            self.listen(venue)
        assert self.clients.acknowledged == venue.input.cursor
        venue.crash()
        venue = self.open()
        self.check(venue)
        assert len(self.survived) == self.clients.acknowledged
        self.clients.settled(self.accepted)
        self.twin.check()
        venue.crash()

    def publish(self, venue: Venue) -> None:
        commands = self.clients.next_commands(venue.journal.sequence, venue.input.cursor)
        if not venue.publish(commands):
            self.clients.refused(commands)
            return
        self.clients.sent(commands)
        self.published = joined([self.published, commands])

    def listen(self, venue: Venue) -> None:
        events = venue.events()
        self.clients.told(events)
        self.seen.append(events.copy())

    # ---- what must hold ----

    def check(self, venue: Venue) -> None:
        """After a recovery."""
        found, lost = venue.survived, len(venue.survived) < self.clients.acknowledged
        assert not lost, "I1: an acknowledged command is lost"
        begun = self.published.tobytes().startswith(found.tobytes())
        assert begun, "I3: the log is not a beginning of what was sent"
        assert found.tobytes().startswith(self.survived.tobytes()), "I3: the log has changed"
        self.feed_twin(found[len(self.survived) :])
        self.survived = self.published = found
        state = venue.business.state.state_hash
        assert state == self.twin.state_hash, "I4: another state than the twin's"
        assert state == venue.business.state.recomputed_state_hash(), "I4: a wrong state hash"
        self.check_conservation(found)

    def feed_twin(self, commands: np.ndarray) -> None:
        """What survived of the last life; its events are those that clients have seen."""
        events = self.twin.apply(commands)
        seen = joined([np.empty(0, EVENT), *self.seen])
        assert events.tobytes().startswith(seen.tobytes()), "I4: other events than the twin's"
        self.seen = []
        orders = events[
            (events["type"] == EventType.ACCEPTED) & (events["command"] == CommandType.NEW_ORDER)
        ]
        self.accepted.update(
            zip(orders["account"].tolist(), orders["client_order_id"].tolist(), strict=True)
        )
        twice = [key for key, times in self.accepted.items() if times > 1]
        assert not twice, f"I2: accepted twice: {twice}"

    def check_conservation(self, log: np.ndarray) -> None:
        """I5: nothing but deposits makes money or shares."""
        given = log[log["type"] == CommandType.DEPOSIT]
        for asset in (0, *INSTRUMENTS):
            there = int(given["quantity"][given["instrument"] == asset].sum())
            holders = [self.holding(account, asset) for account in ACCOUNTS]
            assert sum(total for total, _ in holders) == there, f"I5: asset {asset}"
            assert all(0 <= held <= total for total, held in holders), f"I5: asset {asset}"

    def holding(self, account: int, asset: int) -> tuple[int, int]:
        """(all, reserved)."""
        if asset:
            return self.twin.position(account, asset)
        return self.twin.account(account) or (0, 0)
