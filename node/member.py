"""One of several nodes that hold the same log: its roles, and how it changes from one to another.

    STANDBY ──▶ CATCHING_UP ──▶ IN_SYNC ──▶ PROMOTING ──▶ PRIMARY
       ▲                                                     │ another epoch, or demoted
       └──────────────────────── FENCED ◀───────────────────┘

A member is *stepped*: `step` does what can be done now and waits for nothing, so a thread of a real
node calls it every millisecond, and a simulation whenever its scheduler says so. Batches
and acknowledgements do not go through here: agents on the core's thread move them
(replicator._replicator, replicator._receiver).

A node that was primary and is not any more throws its state away and begins anew from its
journal, since it may have applied what never became everybody's. That it is FENCED is to be seen
while it does so: it begins in the step after the one that found it out.
"""

from __future__ import annotations

import threading
from contextlib import suppress

import numpy as np

from lmax.ringbuffer.ring import RingFull
from lmax.schema import COMMAND, CommandType, EpochChange
from node.disk_watch import Ill
from node.member_base import CHANGES
from node.member_switching import SwitchingMember
from node.refusals import CoreFailed
from node.roles import Files, Role, Settings
from replicator._end import LinkEnd
from replicator._replicator import ReplicatorAgent
from replicator.leading import Leading
from replicator.standbys import Standby
from replicator.witness import Record

__all__ = ["Files", "Member", "Role", "Settings"]


class Member(SwitchingMember):
    """One node of a cluster.

    open_core: makes the core over this node's journal; channels, greeters: to and for each other
    node by name; keeper: of the witness; clock: monotonic nanoseconds, that of the agents;
    drivers: agents that move the channels' bytes; simulated: the agents' clock, where it is not
    the machine's. log_of: how a primary's own journal is read.
    """

    def step(self) -> int:
        """What can be done now; how much that was. Raises CoreFailed where the node has to end."""
        if self._is_fenced():
            return self._come_back()
        done = self._hear_witness()
        if self._is_fenced():
            return done + 1  # that is seen before the journal is read, which may take long
        self._look_at_witness()
        if self._fetching is not None:
            return done + self._fetch(self._fetching)
        self.core.raise_failure()
        if self.role is Role.PRIMARY:
            return done + self._lead()
        if self.role is Role.PROMOTING:
            return done + self._promote()
        return done + self._follow()

    # ---- taking over

    def _taken(self, record: Record, sent_ns: int) -> None:
        self._mine = record
        self._lease_until = sent_ns + self.settings.timing.lease
        self.role, self._still = Role.PROMOTING, self.following is None
        self._told(f"has epoch {record.epoch}")

    def _promote(self) -> int:
        """Lead, in an epoch that the log has not seen, once all that was received is applied.

        While the witness was asked, the primary may have come back and sent some more.
        """
        assert self._mine is not None
        if self.following is not None:
            self._still = self._still or self.following.agent.stop()
            if not (self._still and self.following.agent.end.idle):
                return 0
        if not self.core.settled:
            return 0
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
        try:
            self._journal_change(EpochChange.BEGINS, 0)
        except RingFull as full:
            raise CoreFailed(f"the epoch cannot be opened: {full}") from None
        self._start_clocks()

    def _start_clocks(self) -> None:
        if self.settings.timer is not None:
            self.core.start_timer(self.settings.timer)
        if self.settings.checkpoints is not None:
            self.core.start_checkpoints(self.settings.checkpoints)

    def _journal_change(self, change: EpochChange, standbys: int) -> None:
        """What happened to the cluster, into the log. Raises RingFull, NoRoom.

        Also where a full disk has room left for cancels only: somebody has to lead then, too.
        """
        note = np.zeros(1, COMMAND)
        note["type"] = CommandType.CHECKPOINT
        note["epoch"], note["change"], note["standbys"] = self.core.epoch, change, standbys
        self.core.entrance.offer(note, spare=True)

    def _note_standbys(self) -> None:
        """The loss of the last standby, and its return, are journaled."""
        assert self._mine is not None
        standbys = len(self._mine.in_sync) - 1
        if (standbys > 0) == (self._noted > 0):
            return
        change = EpochChange.WITH_STANDBY if standbys else EpochChange.ALONE
        with suppress(RingFull):  # then later
            self._journal_change(change, standbys)
            self._noted = standbys

    # ---- leading

    def _lead(self) -> int:
        assert self.leading is not None
        done = self.leading.step()
        self._note_standbys()
        self._mind_disk()
        if self.switching and self._drained():
            if self._goes_without_disk:
                self.leading.agent.lease(0)  # what it writes from here on is acknowledged by nobody
            self._ask("release", self._mine, self._heir_named)
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

    def _is_fenced(self) -> bool:
        return self.role is Role.FENCED

    def _step_down(self, why: str) -> None:
        self._told(f"is no longer primary: {why}")
        if self._held_back:
            self._handed_over(Ill.STALL)
        self.role, self._mine, self._lease_until = Role.FENCED, None, 0
        self.switching, self._heir_named = False, ""
        self._why, self._holds_back, self._held_back = "", False, False
        if self.leading is not None:
            self.leading.agent.lease(0)

    def _come_back(self) -> int:
        """Begin anew, once the threads have ended: one may be in a write that does not return."""
        if not self.core.give_up():
            done = self._hear_witness()
            self._look_at_witness()
            return done
        self.core.raise_disk_failure()
        self._begin_again()
        return 1


class Recorder:
    """A primary's wish for another in-sync record, passed on to the witness."""

    def __init__(self, member: Member) -> None:
        self._member = member

    def record(self, names: frozenset[str]) -> None:
        self._member._ask("set_in_sync", self._member._mine, names)

    @property
    def busy(self) -> bool:
        return self._member._holds_back or bool(self._member._asking.keys() & CHANGES)
