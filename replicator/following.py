"""What a standby does to follow its primary: the slow part.

    HAILING ──welcome──▶ JOINING ──go on──▶ FOLLOWING
       ▲                    │ cut, files, differs: the node has to do something first (`wants`)
       └──── silence ───────┴────────────────────┘

The receiver's agent takes the batches; here it is said from where. Nothing waits.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import Enum

from replicator._receiver import ReceiverAgent
from replicator._secure import SecureLink
from replicator.common import Clock, Greeter, Place, Timing
from replicator.messages import COUNTED, SERVED, Answer, Join, Kind, Verb


class Stage(Enum):
    """How far a standby is with its primary."""

    HAILING = "the primary does not answer yet"
    JOINING = "connected; where to go on is being found"
    FETCHING = "files come"
    FOLLOWING = "batches come"


class Following:
    """One attempt of a standby to follow one primary, from where its log ends now.

    place: that end; cluster: of the log, zeros where nothing is there yet; clock: the agent's.
    `wants` is an answer that this node has to act on, with its journal closed, before it can
    join again. `take_over`: the primary has asked for a planned switch.
    """

    def __init__(
        self,
        agent: ReceiverAgent,
        greeter: Greeter,
        place: Place,
        cluster: bytes,
        *,
        timing: Timing,
        clock: Clock,
        told: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.agent = agent
        self.stage = Stage.HAILING
        self.wants: Answer | None = None
        self.take_over = False
        self.problem = ""
        self.files: list[tuple[int, bytes]] = []  # nobody takes them but while files come
        self._greeter = greeter
        self._place = place
        self._cluster = cluster
        self._timing = timing
        self._clock = clock
        self._told = told
        self._tried = -timing.hail
        self._since = clock()
        self._progress = (0, 0)
        self._moved = clock()

    @property
    def counted(self) -> bool:
        """Whether the primary said lately that acknowledgements wait for this node."""
        _, _, _, flags = self.agent.leader
        return self.stage is Stage.FOLLOWING and bool(flags & COUNTED)

    @property
    def silent_ns(self) -> int:
        """How long nothing was heard of the primary."""
        return self._clock() - max(self.agent.end.heard_ns, self._since)

    def step(self) -> int:
        """What can be done now; how much that was."""
        done = 0
        while (mail := self.agent.end.take()) is not None:
            self._read(*mail)
            done += 1
        now = self._clock()
        if self.stage is not Stage.HAILING and self.silent_ns > self._timing.silence:
            self.hail("it is silent")
        elif self.stage is Stage.FOLLOWING and self._stuck(now):
            self.hail("what it sends does not go on from here")
        elif self.stage is Stage.FOLLOWING and self._forgotten(now):
            self.hail("it has set this node aside")
        self._ask(now)
        return done

    def _ask(self, now: int) -> None:
        """Say again what was not answered."""
        if now - self._tried < self._timing.hail or self.wants or not self.agent.end.idle:
            return
        self._tried = now
        if self.stage is Stage.HAILING:
            self.agent.end.post(Kind.HELLO, self._greeter.hello())
        elif self.stage is Stage.JOINING:
            self._place = self.agent.place or self._place
            place = self._place
            join = Join(self._cluster, place.epoch, place.sequence, place.hash)
            self.agent.end.post(Kind.JOIN, join.pack())

    def begin_fetching(self) -> None:
        """What was wanted is being done: files are taken (`files`) until this node begins anew."""
        self.wants, self.files = None, []
        self.stage, self._since = Stage.FETCHING, self._clock()

    def hail(self, why: str) -> None:
        """Begin again with the primary."""
        self.problem = why
        self._told(f"the primary is hailed again: {why}")
        self.agent.stop()
        self.stage, self._since = Stage.HAILING, self._clock()

    def _forgotten(self, now: int) -> bool:
        """Whether the primary no longer sends anything but heartbeats."""
        _, _, _, flags = self.agent.leader
        return not flags & SERVED and now - self._since > self._timing.silence

    def _stuck(self, now: int) -> bool:
        """Batches are refused, and none was taken, for as long as silence may last."""
        counters = self.agent.counters
        if counters["batches"] != self._progress[0] or counters["refused"] == self._progress[1]:
            self._progress = counters["batches"], counters["refused"]
            self._moved = now
            return False
        return now - self._moved > self._timing.silence

    def _read(self, kind: int, body: bytes) -> None:
        if kind in (Kind.WELCOME, Kind.REFUSE):
            self._welcomed(self._greeter.welcomed(body))
        elif kind == Kind.ANSWER and self.stage is Stage.JOINING:
            try:
                self._answered(Answer.unpack(body))
            except (struct.error, ValueError):
                self.problem = "the primary's answer is none that this version knows"
        elif kind in (Kind.OFFER, Kind.PIECE) and self.stage is Stage.FETCHING:
            self.files.append((kind, body))
        elif kind == Kind.SWITCH:
            self.take_over = True

    def _welcomed(self, keys: SecureLink | str) -> None:
        if isinstance(keys, str):
            if keys and keys != self.problem:
                self.problem = keys
                self._told(f"the primary refuses this node: {keys}")
            return
        if self.stage is Stage.HAILING and self.agent.end.install(keys, pending=False):
            self.stage, self._since, self.problem = Stage.JOINING, self._clock(), ""
            self._tried = self._since - self._timing.hail

    def _answered(self, answer: Answer) -> None:
        if answer.verb is not Verb.GO_ON:
            self.wants = answer
            return
        place = self._place
        if answer.sequence != place.sequence or (place.sequence and answer.hash != place.hash):
            return  # to an earlier question
        digest = place.hash if place.sequence else self._cluster.ljust(32, b"\0")
        if self.agent.begin(
            place.sequence, digest, epoch=place.epoch, leader_epoch=answer.leader_epoch
        ):
            self.stage, self._since = Stage.FOLLOWING, self._clock()
            self._moved = self._clock()
