"""One of several nodes that hold the same log: its roles, and how it changes from one to another.

    STANDBY ──▶ CATCHING_UP ──▶ IN_SYNC ──▶ PROMOTING ──▶ PRIMARY
       ▲                                                     │ another epoch, or demoted
       └──────────────────────── FENCED ◀───────────────────┘

A member is *stepped*: `step` does what can be done now and waits for nothing, so a thread of a real
node calls it every millisecond, and a simulation whenever its scheduler says so. Batches
and acknowledgements do not go through here: agents on the core's thread move them
(replicator._replicator, replicator._receiver).

A node that was primary and is not any more throws its state away and begins anew from its
journal, since it may have applied what never became everybody's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import numpy as np

from lmax.ringbuffer.agent import AgentBase, AgentRunner
from lmax.ringbuffer.ring import RingFull
from lmax.ringbuffer.sequence import RingSequence
from lmax.ringbuffer.wait import WaitStrategy
from lmax.schema import COMMAND, CommandType, EpochChange
from node.core import Core
from node.refusals import CoreFailed
from node.snapshots import Every
from replicator._end import LinkEnd
from replicator._receiver import ReceiverAgent
from replicator._replicator import ReplicatorAgent
from replicator.channel import ChannelBase
from replicator.common import Clock, Greeter, Place, Post, Timing
from replicator.fetching import Fetching
from replicator.following import Following, Stage
from replicator.leading import Leading, Log, PeerState, Rule, Standby
from replicator.messages import Answer, Kind, Verb
from replicator.witness import Lost, Record, Unavailable, Watch


class Role(Enum):
    """What a member is at the moment."""

    STANDBY = "holds the log, and is not connected to the primary"
    CATCHING_UP = "gets what it lacks"
    IN_SYNC = "acknowledgements wait for it; it may take over"
    PROMOTING = "has the next epoch, and begins to lead"
    PRIMARY = "makes the log longer"
    FENCED = "was primary; acknowledges nothing any more"


class Keeper(Protocol):
    """Asks the witness, off this thread; see replicator.witness_keeper."""

    def request(self, action: str, *args: object) -> None: ...

    def poll(self) -> list[Any]: ...


class Files(Protocol):
    """What only a node with its journal closed can do to it."""

    def cut(self, sequence: int) -> str:
        """Set aside what lies behind; what was done, for the log."""

    def fetch(self, post: Post, clock: Clock) -> Fetching:
        """Set aside what is there, and take what the primary offers in its place."""


@dataclass(frozen=True)
class Settings:
    """name: of this node; peers: of the others; bootstrap: whether it may begin a new cluster.

    rule: which standbys count, and what happens without them; durable: they have to have synced.
    """

    name: str
    cluster: bytes
    bootstrap: bool = False
    rule: Rule = field(default_factory=Rule)
    durable: bool = False
    timing: Timing = field(default_factory=Timing)
    checkpoints: float | None = None
    timer: float | None = None
    snapshots: Every | None = None



class Member:
    """One node of a cluster.

    open_core: makes the core over this node's journal; channels, greeters: to and for each other
    node by name; keeper: of the witness; clock: monotonic nanoseconds, that of the agents;
    drivers: agents that move the channels' bytes; simulated: the agents' clock, where it is not
    the machine's. log_of: how a primary's own journal is read.
    """

    def __init__(
        self,
        settings: Settings,
        open_core: Callable[[], Core],
        channels: Mapping[str, ChannelBase],
        greeters: Mapping[str, Greeter],
        keeper: Keeper,
        *,
        clock: Clock,
        log_of: Callable[[Core], Log],
        files: Files,
        drivers: tuple[AgentBase, ...] = (),
        simulated: RingSequence | None = None,
        told: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.settings = settings
        self.role = Role.STANDBY
        self.record: Record | None = None
        self.problem = ""
        self.switching = False
        self.following: Following | None = None
        self.leading: Leading | None = None
        self._open_core = open_core
        self._greeters = greeters
        self._channels = channels
        self._keeper = keeper
        self._clock = clock
        self._log_of = log_of
        self._files = files
        self._drivers = drivers
        self._simulated = simulated
        self._told = told
        self._watch = Watch(settings.timing.lease)
        self._asking: dict[str, int] = {}
        self._looked = -settings.timing.lease
        self._lease_until = 0
        self._mine: Record | None = None
        self._noted = 0
        self._gives_way_until = 0
        self._leader = ""
        self._fetching: Fetching | None = None
        self._pump: AgentRunner | None = None
        self.core = self._begin()

    # ---- life

    def _begin(self) -> Core:
        """The core, from what the journal holds; it follows nobody yet."""
        self.role, self._leader = Role.STANDBY, ""
        self.following = self.leading = None
        self._whole = self._ready = False
        core = self._open_core()
        core.arrange(self._drivers)
        core.start()
        if self.settings.snapshots:
            core.start_snapshots(self.settings.snapshots)
        return core

    def _begin_again(self, change: Callable[[], str] | None = None) -> None:
        """Everything anew from the journal, with `change` made to it in between."""
        self.core.abandon()
        if change is not None:
            self._told(change())
        self.core = self._begin()

    def step(self) -> int:
        """What can be done now; how much that was. Raises CoreFailed where the node has to end."""
        done = self._hear_witness()
        self._look_at_witness()
        if self._fetching is not None:
            return done + self._fetch(self._fetching)
        self.core.raise_failure()
        if self.role is Role.PRIMARY:
            return done + self._lead()
        if self.role is Role.PROMOTING:
            return done + self._promote()
        return done + self._follow()

    def close(self) -> None:
        """End the threads; what is on the disk stays."""
        if self._fetching is not None:
            self._fetching.close()
            self._end_pump()
        else:
            self.core.abandon()

    # ---- the witness

    def _ask(self, action: str, *args: object) -> None:
        if action not in self._asking:
            self._asking[action] = self._clock()
            self._keeper.request(action, *args)

    def _look_at_witness(self) -> None:
        """The primary renews its lease; everybody else looks whether it does."""
        now, timing = self._clock(), self.settings.timing
        if now - self._looked < (timing.renewal if self.role is Role.PRIMARY else timing.look):
            return
        if self._asking.keys() & CHANGES:
            return  # one change of the record at a time: each goes on from the last
        self._looked = now
        if self.role is Role.PRIMARY and self._mine is not None:
            self._ask("renew", self._mine)
        else:
            self._ask("read")

    def _hear_witness(self) -> int:
        answers = self._keeper.poll()
        for answer in answers:
            self._asking.pop(answer.action, None)
            if isinstance(answer.result, Unavailable):
                self._not_answered(str(answer.result))
            elif isinstance(answer.result, Lost):
                self._lost(answer.result)
            else:
                self._answered(answer.action, answer.sent_ns, answer.result)
        return len(answers)

    def _not_answered(self, why: str) -> None:
        self.problem = why
        if self.leading is not None:
            self.leading.refused()

    def _lost(self, lost: Lost) -> None:
        """Somebody else changed the record: if the epoch is another one, we are not primary."""
        if self._mine is not None and lost.record is not None:
            if lost.record.epoch == self._mine.epoch and lost.record.leader == self.settings.name:
                self._mine = lost.record  # an answer of ours went astray
                if self.leading is not None:
                    self.leading.witnessed(lost.record.in_sync)
            else:
                self._step_down(f"epoch {lost.record.epoch} is {lost.record.leader}'s")
        if lost.record is not None:
            self._saw(lost.record)

    def _answered(self, action: str, sent_ns: int, record: Record) -> None:
        self.problem = ""
        if action == "take":
            self._taken(record, sent_ns)
        elif action in ("renew", "set_in_sync") and self._mine is not None:
            self._mine = record
            self._extend_lease(sent_ns)
            if action == "set_in_sync" and self.leading is not None:
                self.leading.witnessed(record.in_sync)
        elif action == "release" and self.role is Role.PRIMARY:
            self._released()
        self._saw(record)

    def _saw(self, record: Record) -> None:
        if self.record is None or record.epoch >= self.record.epoch:
            self.record = record
            self._watch.saw(record, self._clock())

    def _extend_lease(self, sent_ns: int) -> None:
        self._lease_until = sent_ns + self.settings.timing.lease
        if self.leading is not None:
            self.leading.agent.lease(self._lease_until)

    # ---- following

    def _follow(self) -> int:
        record = self.record
        if record is None:
            return 0
        if record.leader in self._channels and record.leader != self._leader:
            self._follow_whom(record.leader)
        done = self.following.step() if self.following else 0
        if self.following is not None:
            if self.following.wants is not None:
                self._do_first(self.following.wants)
                return 1
            self.role = self._standing(record)
            self._whole = self._whole or self.role is Role.IN_SYNC
            if self.following.take_over:
                self.following.take_over = False
                self._looked = -self.settings.timing.lease  # ask the witness at once
        if "take" not in self._asking:
            self._try_to_take(record)
        return done

    def _try_to_take(self, record: Record) -> None:
        """Ask for the next epoch, once all that was received is on the disk and applied."""
        if not self._may_take(record):
            if self._ready and self.following is not None:
                self.following.hail("another one leads")
            self._ready = False
            return
        if self.following is not None and not self._ready:
            self.following.agent.stop()
        self._ready = True
        if self.following is not None and not self.following.agent.end.idle:
            return
        if self.core.settled:
            self._told(f"asks for epoch {record.epoch + 1}")
            self._ask("take", record, self.settings.name)

    def _may_take(self, record: Record) -> bool:
        """Whether this node certainly has everything that was acknowledged, and nobody leads.

        Who was primary has it on its disk. A standby has, if it synced before it answered; else
        only as long as it did not begin anew since it was counted.
        """
        name = self.settings.name
        if record.epoch == 0 and not self.settings.bootstrap:
            return False
        if self._clock() < self._gives_way_until:
            return False
        if not (self._whole or self.settings.durable or record.leader in ("", name)):
            return False
        blank = self.core.input.cursor == 0 and not self.settings.bootstrap
        return self._watch.may_take(record, name, self._clock(), blank=blank)

    def _standing(self, record: Record) -> Role:
        assert self.following is not None
        if self.following.stage is not Stage.FOLLOWING:
            return Role.STANDBY
        if self.following.counted and self.settings.name in record.in_sync:
            return Role.IN_SYNC
        return Role.CATCHING_UP

    def _follow_whom(self, leader: str) -> None:
        """Agents of another thread cannot be changed while they run."""
        core = self.core
        place = self._place()
        assert core.sealed is not None
        core.pause()
        agent = ReceiverAgent(
            LinkEnd(self._channels[leader]),
            core.input,
            core.sealed,
            core.synced,
            core.business.position,
            period_ns=self.settings.timing.heartbeat,
            clock=self._simulated,
        )
        core.arrange([agent, *self._drivers])
        core.start()
        self._leader = leader
        self._told(f"follows {leader} from {place.sequence} on")
        self.following = Following(
            agent,
            self._greeters[leader],
            place,
            self.settings.cluster,
            timing=self.settings.timing,
            clock=self._clock,
            told=self._told,
        )

    def _place(self) -> Place:
        """Where the log ends here; all that was received is on the disk when nothing is under way."""
        if self.following is not None and self.following.agent.place is not None:
            return self.following.agent.place
        return Place(*self.core.journaler.place)

    def _do_first(self, answer: Answer) -> None:
        """What the primary wants of this node before it can follow."""
        if answer.verb is Verb.CUT:
            self._begin_again(lambda: self._files.cut(answer.sequence))
        elif answer.verb is Verb.FILES:
            self._begin_fetching()
        elif not self.problem:
            self.problem = "its log differs from the primary's within one epoch"
            self._told(self.problem)

    def _begin_fetching(self) -> None:
        """There is no core meanwhile: the link's agents have a thread of their own."""
        assert self.following is not None
        if self._pump is None:
            self.core.abandon()
            agents = [self.following.agent, *self._drivers]
            self._pump = AgentRunner(agents, name="files", strategy=WaitStrategy.BACKOFF)
            if self._simulated is None:
                self._pump.start()
        self.following.begin_fetching()
        post = self.following.agent.end.post
        self._fetching = self._files.fetch(post, self._clock)

    def _fetch(self, fetching: Fetching) -> int:
        """Files come."""
        assert self.following is not None and self._pump is not None
        if self._simulated is not None:
            self._pump.step()
        done = self.following.step()
        files, self.following.files = self.following.files, []
        for kind, body in files:
            fetching.take(kind, body)
        done += fetching.step() + len(files)
        if self.following.wants is not None and self.following.wants.verb is Verb.FILES:
            fetching.close()
            self._begin_fetching()
        elif fetching.problem:
            self.problem = fetching.problem
            fetching.close()
            self.following.hail(f"its files cannot be taken: {fetching.problem}")
        elif fetching.done:
            self._end_pump()
            self.core = self._begin()
        return done

    def _end_pump(self) -> None:
        self._fetching = None
        if self._pump is not None:
            self._pump.stop(drain=False)
            if self._pump.running:
                self._pump.join()
            self._pump = None

    # ---- taking over

    def _taken(self, record: Record, sent_ns: int) -> None:
        self._mine = record
        self._lease_until = sent_ns + self.settings.timing.lease
        self.role = Role.PROMOTING
        self._told(f"has epoch {record.epoch}")

    def _promote(self) -> int:
        """All that was received is applied: lead, in an epoch that the log has not seen."""
        assert self._mine is not None
        epoch, _, _ = self.core.journaler.place
        if self._mine.epoch <= epoch:
            # The log has come further than the witness knows: it began before it had one.
            self._ask("take", self._mine, self.settings.name)
            return 0
        self._take_the_lead(self._mine)
        return 1

    def _take_the_lead(self, record: Record) -> None:
        core, settings = self.core, self.settings
        # Snapshots are a standby's work; one that is under way takes a moment to be given up.
        threading.Thread(target=core.stop_snapshots, name="no-snapshots", daemon=True).start()
        core.pause()
        core.lead(record.epoch)
        assert core.sealed is not None
        agent = ReplicatorAgent(
            core.input,
            core.sealed,
            core.synced,
            [LinkEnd(channel) for channel in self._channels.values()],
            epoch=record.epoch,
            permitted=core.permitted,
            durable=settings.durable,
            period_ns=settings.timing.heartbeat,
            clock=self._simulated,
        )
        self.following, self._leader = None, ""
        self.leading = Leading(
            settings.name,
            agent,
            [Standby(name, self._greeters[name]) for name in self._channels],
            self._log_of(core),
            Recorder(self),
            epoch=record.epoch,
            in_sync=record.in_sync,
            rule=settings.rule,
            timing=settings.timing,
            clock=self._clock,
            told=self._told,
        )
        agent.lease(self._lease_until)
        core.arrange([agent, *self._drivers])
        core.start()
        self._noted = 0
        self._open_epoch()
        self.role = Role.PRIMARY
        self._told(f"is primary of epoch {record.epoch}, from {core.input.cursor} on")

    def _open_epoch(self) -> None:
        """The first command of an epoch: the log then says that it began."""
        if not self._journal_change(EpochChange.BEGINS, 0):
            raise CoreFailed("the epoch cannot be opened: there is no room in the input ring")
        self._start_clocks()

    def _start_clocks(self) -> None:
        if self.settings.timer is not None:
            self.core.start_timer(self.settings.timer)
        if self.settings.checkpoints is not None:
            self.core.start_checkpoints(self.settings.checkpoints)

    def _journal_change(self, change: EpochChange, standbys: int) -> bool:
        """What happened to the cluster, into the log; False if there is no room now."""
        note = np.zeros(1, COMMAND)
        note["type"] = CommandType.CHECKPOINT
        note["epoch"], note["change"], note["standbys"] = self.core.epoch, change, standbys
        try:
            self.core.entrance.offer(note)
        except RingFull:
            return False
        return True

    def _note_standbys(self) -> None:
        """The loss of the last standby, and its return, are journaled."""
        assert self._mine is not None
        standbys = len(self._mine.in_sync) - 1
        if (standbys > 0) == (self._noted > 0):
            return
        change = EpochChange.WITH_STANDBY if standbys else EpochChange.ALONE
        if self._journal_change(change, standbys):
            self._noted = standbys

    # ---- leading

    def _lead(self) -> int:
        assert self.leading is not None
        done = self.leading.step()
        self._note_standbys()
        if self.switching and self._drained():
            self._ask("release", self._mine)
        return done

    @property
    def lease_until(self) -> int:
        """By the member's clock, nanoseconds; 0: no lease."""
        return self._lease_until if self.role is Role.PRIMARY else 0

    @property
    def acknowledges(self) -> bool:
        """Whether this node is primary and its lease runs."""
        return self.role is Role.PRIMARY and self._clock() < self._lease_until

    @property
    def takes_orders(self) -> bool:
        """Whether commands may be published here."""
        return self.acknowledges and not self.switching

    def switch(self) -> None:
        """Hand over to a standby that is in sync: nothing is taken any more until that is done.

        Raises ValueError where there is none.
        """
        if self.role is not Role.PRIMARY or self.leading is None:
            raise ValueError("this node is not the primary")
        if self._heir() is None:
            raise ValueError("no standby is in sync, so nobody can take over")
        self.switching = True
        self.core.stop_timer()
        self.core.stop_checkpoints()

    def _heir(self) -> int | None:
        """The standby that has the most."""
        assert self.leading is not None and self._mine is not None
        ready = [
            (self.leading.agent.said(index)[0], -index)
            for index, peer in enumerate(self.leading.standbys)
            if peer.state is PeerState.COUNTED
            and not peer.problem
            and peer.name in self._mine.in_sync
        ]
        return -max(ready)[1] if ready else None

    def _drained(self) -> bool:
        """Whether the standby has everything, and all of it is acknowledged."""
        heir, core = self._heir(), self.core
        if heir is None:
            self.switching = False
            self._told("the switch is given up: no standby is in sync any more")
            self._start_clocks()
            return False
        assert self.leading is not None
        received = self.leading.agent.said(heir)[0]
        return core.settled and received >= core.input.cursor

    def _released(self) -> None:
        """The record says that another one may lead: tell it at once, then follow it."""
        heir = self._heir()
        if heir is not None and self.leading is not None:
            end = self.leading.agent.ends[heir]
            end.post(Kind.SWITCH, b"now")
            for _ in range(200):
                if end.idle:
                    break
                self.pump()
        self._gives_way_until = self._clock() + 2 * self.settings.timing.lease
        self._step_down("handed over")

    def _step_down(self, why: str) -> None:
        self._told(f"is no longer primary: {why}")
        self.role, self.switching, self._mine, self._lease_until = Role.FENCED, False, None, 0
        if self.leading is not None:
            self.leading.agent.lease(0)
        self._begin_again()

    def pump(self) -> int:
        """One round of the agents where they have no threads; else a moment for those."""
        if self.core.layout == "invoker":
            return self.core.step()
        time.sleep(0.0001)
        return 0


class Recorder:
    """A primary's wish for another in-sync record, passed on to the witness."""

    def __init__(self, member: Member) -> None:
        self._member = member

    def record(self, names: frozenset[str]) -> None:
        self._member._ask("set_in_sync", self._member._mine, names)

    @property
    def busy(self) -> bool:
        return bool(self._member._asking.keys() & CHANGES)


CHANGES = {"renew", "set_in_sync", "take", "release"}
