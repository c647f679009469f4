"""A member that follows a primary: connected, cut back, given files, or ready to take over."""

from __future__ import annotations

from lmax.ringbuffer.agent import AgentRunner
from lmax.ringbuffer.wait import WaitStrategy
from node.member_base import MemberBase
from node.roles import Role
from replicator._end import LinkEnd
from replicator._receiver import ReceiverAgent
from replicator.common import Place
from replicator.fetching import Fetching
from replicator.following import Following, Stage
from replicator.messages import Answer, Verb
from replicator.witness import Record


class FollowingMember(MemberBase):
    """See node.member.Member."""

    def _follow(self) -> int:
        record = self.record
        if record is None:
            return 0
        if record.leader in self._channels and record.leader != self._leader:
            if self.core.given_up:
                return self._begin_again_at_rest()
            self._follow_whom(record.leader)
        done = self.following.step() if self.following else 0
        if self.core.given_up and not self._wants_files:
            return done + self._begin_again_at_rest()
        if self.following is not None:
            if self.following.wants is not None:
                return done + self._do_first(self.following.wants)
            self._tell_of_disk(self.following)
            self.role = self._standing(record)
            self._whole = self._whole or self.role is Role.IN_SYNC
            if self.following.take_over:
                self.following.take_over = False
                self._looked = -self.settings.timing.lease  # ask the witness at once
        if "take" not in self._asking:
            self._try_to_take(record)
        return done

    @property
    def _wants_files(self) -> bool:
        wants = self.following.wants if self.following is not None else None
        return wants is not None and wants.verb is Verb.FILES

    def _begin_again_at_rest(self) -> int:
        """Who wanted files to be taken leads no more; what was given up for it cannot follow."""
        if not self.core.give_up():
            return 0
        self._begin_again()
        return 1

    def _tell_of_disk(self, following: Following) -> None:
        """A primary whose own disk is ill looks for somebody whose is not."""
        self._disk.look(self.core, self._clock())
        self.disk_problem = self._disk.problem
        following.agent.unfit(self._disk.unfit)

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
        """Where the log ends here, with all that was received."""
        if self.following is not None and self.following.agent.place is not None:
            return self.following.agent.place
        return Place(*self.core.journaler.place)

    def _do_first(self, answer: Answer) -> int:
        """What the primary wants of this node before it can follow; 0 while it has to wait.

        The primary speaks of what was received: where the disk is slow the journal ends before.
        """
        if answer.verb is Verb.CUT:
            if not self.core.settled:
                return 0
            self._begin_again(lambda: self._files.cut(answer.sequence))
        elif answer.verb is Verb.FILES:
            if self._pump is None and not self.core.give_up():
                return 0
            self._begin_fetching()
        elif not self.problem:
            self.problem = "its log differs from the primary's within one epoch"
            self._told(self.problem)
        return 1

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
        assert self.following is not None
        assert self._pump is not None
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
