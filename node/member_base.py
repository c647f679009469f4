"""What all roles of a member have in common: its core, and what it asks of the witness."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from lmax.ringbuffer.agent import AgentBase, AgentRunner
from lmax.ringbuffer.sequence import RingSequence
from node.core import Core
from node.disk_watch import DiskWatch, Ill
from node.roles import Files, LogOf, OpenCore, Role, Settings, Told
from replicator.channel import ChannelBase
from replicator.common import Clock, Greeter
from replicator.fetching import Fetching
from replicator.following import Following
from replicator.leading import Leading
from replicator.witness import Lost, Record, Unavailable, Watch
from replicator.witness_keeper import Keeper

HANDOVERS = ("asked", Ill.STALL.value, Ill.FULL.value)
"""Why a lead is given away."""

ALONE = 1
"""The epoch of a journal that was written without a witness, which then knows of none."""

CHANGES = {"renew", "set_in_sync", "take", "release"}
"""Of the record: one at a time, since each goes on from the last."""


class MemberBase:
    """See node.member.Member."""

    def __init__(
        self,
        settings: Settings,
        open_core: OpenCore,
        channels: Mapping[str, ChannelBase],
        greeters: Mapping[str, Greeter],
        keeper: Keeper,
        *,
        clock: Clock,
        log_of: LogOf,
        files: Files,
        drivers: tuple[AgentBase, ...] = (),
        simulated: RingSequence | None = None,
        told: Told = lambda line: None,
    ) -> None:
        self.settings = settings
        self.role = Role.STANDBY
        self.record: Record | None = None
        self.problem = ""
        self.switching = False
        self.disk_problem = ""
        self.handovers = dict.fromkeys(HANDOVERS, 0)
        self.last_handover = ""
        self._disk = DiskWatch(settings.disk_stall)
        self._holds_back = self._held_back = False  # the renewal now; since the last that came
        self._why = ""
        self._heir_named = ""
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
        epoch, _, _ = self.core.journaler.place
        if epoch > ALONE:
            self._watch.knows(epoch)

    # ---- life

    def _begin(self) -> Core:
        """The core, from what the journal holds; it follows nobody yet."""
        self._leader = ""
        self.following = self.leading = None
        self._whole = self._ready = self._still = False
        core = self._open_core()
        core.arrange(self._drivers)
        core.start()
        self.role = Role.STANDBY
        if self.settings.snapshots:
            core.start_snapshots(self.settings.snapshots)
        return core

    def _begin_again(self, change: Callable[[], str] | None = None) -> None:
        """Everything anew from the journal, with `change` made to it in between."""
        self.core.abandon()
        if change is not None:
            self._told(change())
        self.core = self._begin()

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
        renews = self.role is Role.PRIMARY and not self._holds_back
        if now - self._looked < (timing.renewal if renews else timing.look):
            return
        if self._asking.keys() & CHANGES:
            return  # one change of the record at a time: each goes on from the last
        self._looked = now
        if renews and self._mine is not None:
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
        self.problem = self._watch.forgotten(record)
        if action == "take":
            self._taken(record, sent_ns)
        elif action in ("renew", "set_in_sync") and self._mine is not None:
            self._mine = record
            self._extend_lease(sent_ns)
            if action == "set_in_sync" and self.leading is not None:
                self.leading.witnessed(record.in_sync)
        elif action == "release" and self.role is Role.PRIMARY:
            self._released()
        elif self._mine is not None and record.epoch > self._mine.epoch:
            self._step_down(f"epoch {record.epoch} is {record.leader}'s")
        self._saw(record)

    def _saw(self, record: Record) -> None:
        if self.record is None or record.epoch >= self.record.epoch:
            self.record = record
            self._watch.saw(record, self._clock())

    def _extend_lease(self, sent_ns: int) -> None:
        self._lease_until = sent_ns + self.settings.timing.lease
        self._held_back = False
        if self.leading is not None and not self._goes_without_disk:
            self.leading.agent.lease(self._lease_until)

    def pump(self) -> int:
        """One round of the agents where they have no threads; else a moment for those."""
        if self.core.layout == "invoker":
            return self.core.step()
        time.sleep(0.0001)
        return 0

    # ---- what the roles do with it

    @property
    def _goes_without_disk(self) -> bool:
        raise NotImplementedError

    def _taken(self, record: Record, sent_ns: int) -> None:
        raise NotImplementedError

    def _released(self) -> None:
        raise NotImplementedError

    def _step_down(self, why: str) -> None:
        raise NotImplementedError

    def _end_pump(self) -> None:
        raise NotImplementedError
