"""What a primary does for its standbys, and what it asks of the witness: the slow part.

The replicator's agent moves batches; here it is decided who gets them from where. For each peer:

    ASIDE ──hello, join──▶ FEEDING ──from the journal up to the ring──▶ LIVE ──recorded──▶ COUNTED
      ▲                                                                  │                    │
      └──────────────── silent, or begins anew ◀─────────────────────────┴────────────────────┘

A peer is *counted* before the witness records that it is in sync, and has to have everything that
was permitted before that; and it is taken out of the record before it is no longer counted. So at
every moment everybody who could take over has what was acknowledged. What happens when nobody is
left is the policy: `halt` waits; `alone` goes on once the witness has recorded that nobody else may
take over.

Nothing here waits: `step` does what can be done now. Answers of the witness come by `witnessed`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

from replicator._replicator import ReplicatorAgent
from replicator.common import Clock, Place, Timing
from replicator.messages import Answer, Join, Kind, Verb
from replicator.pace import Pace
from replicator.standbys import Log, PeerState, Recorder, Rule, Standby

MAILS_A_STEP = 16
FEEDS_A_STEP = 4

BEHIND = "catches up"
SKIPPED_TOO = "; if a command was left out on both, give it an empty folder"


class Leading:
    """Serves the standbys of one epoch.

    me: this node's name; standbys: the others, in the order of the agent's ends; in_sync: what
    the witness has recorded; clock: the agent's.
    """

    def __init__(
        self,
        me: str,
        agent: ReplicatorAgent,
        standbys: list[Standby],
        log: Log,
        recorder: Recorder,
        *,
        epoch: int,
        in_sync: frozenset[str],
        rule: Rule,
        timing: Timing,
        clock: Clock,
        told: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.me = me
        self.agent = agent
        self.standbys = standbys
        self.epoch = epoch
        self.in_sync = in_sync
        self._log = log
        self._recorder = recorder
        self._rule = rule
        self._timing = timing
        self._clock = clock
        self._told = told
        self._pace = Pace(timing.catch_up, clock)
        self._asked: frozenset[str] | None = None
        self._update_alone()

    # ---- what comes in

    def step(self) -> int:
        """What can be done now; how much that was."""
        done = 0
        for index, peer in enumerate(self.standbys):
            for _ in range(MAILS_A_STEP):
                mail = self.agent.ends[index].take()
                if mail is None:
                    break
                self._read(index, peer, *mail)
                done += 1
            done += self._advance(index, peer)
        self._settle_record()
        return done

    def _read(self, index: int, peer: Standby, kind: int, body: bytes) -> None:
        if kind == Kind.HELLO:
            reply, keys = peer.greeter.answer(body)
            end = self.agent.ends[index]
            if keys is not None and not end.install(keys, pending=True):
                return
            if reply:
                end.post(Kind.WELCOME if keys is not None else Kind.REFUSE, reply)
        elif kind == Kind.JOIN:
            try:
                self._join(index, peer, Join.unpack(body))
            except struct.error:
                peer.problem = "it joined with a message that is none"
        elif kind == Kind.RESEND and len(body) == 8:
            self._feed_again(index, peer, int.from_bytes(body, "little"))
        elif kind == Kind.WANT and peer.feed is not None:
            peer.feed.wanted(body)

    def _join(self, index: int, peer: Standby, join: Join) -> None:
        """Where it goes on, or what it has to do first."""
        self._set_aside(index, peer, "joins")
        answer = self._answer(join)
        if peer.needs_files and answer.verb is Verb.GO_ON:
            answer = replace(answer, verb=Verb.FILES)
        if not self.agent.ends[index].post(Kind.ANSWER, answer.pack()):
            return  # it asks again
        self._told(f"{peer.name} joins at {join.sequence}: {answer.verb.name} {answer.sequence}")
        if answer.verb is Verb.GO_ON:
            place = Place(answer.epoch, answer.sequence, answer.hash)
            self._begin_feed(index, peer, place)
        elif answer.verb is Verb.FILES:
            peer.feed, peer.problem, peer.needs_files = self._log.ship(), "takes files", False
        elif answer.verb is Verb.DIFFERS:
            peer.problem = f"its log differs from ours at {join.sequence} of epoch {join.epoch}"
            peer.problem += SKIPPED_TOO if self._log.left_out else ""

    def _feed_again(self, index: int, peer: Standby, missing: int) -> None:
        """Something from the journal was lost on its way: it comes again."""
        place = self._log.place_at(missing - 1)
        if peer.state is PeerState.ASIDE or place is None:
            return
        self._set_aside(index, peer, BEHIND)
        self._begin_feed(index, peer, place)

    def _begin_feed(self, index: int, peer: Standby, place: Place) -> None:
        peer.feed, peer.state, peer.problem = self._log.feed(place), PeerState.FEEDING, BEHIND
        peer.since = self._clock()
        self.agent.serve(index, True)

    def _answer(self, join: Join) -> Answer:
        def answer(verb: Verb, place: Place) -> Answer:
            return Answer(
                verb, self.epoch, place.sequence, place.epoch, place.hash, self._log.cluster
            )

        if join.sequence < self._log.left_out:
            return answer(Verb.FILES, Place(0, 0, bytes(32)))
        if join.sequence == 0 and self._log.first == 0:
            return answer(Verb.GO_ON, Place(0, 0, self._log.cluster.ljust(32, b"\0")))
        if join.sequence <= self._log.first and self._log.first:
            found = self._log.place_at(join.sequence)
            if found is None or found.hash != join.hash:
                return answer(Verb.FILES, Place(0, 0, bytes(32)))
            return answer(Verb.GO_ON, found)
        found = self._log.place_at(join.sequence)
        if found and (found.epoch, found.hash) == (join.epoch, join.hash):
            return answer(Verb.GO_ON, found)
        last = self._log.end_of_epoch(join.epoch)
        if last.sequence < join.sequence:
            return answer(Verb.CUT, last)
        before = self._log.end_of_epoch(join.epoch - 1)
        if last.epoch == join.epoch and before.sequence < join.sequence:
            return answer(Verb.DIFFERS, last)
        return answer(Verb.CUT, before)

    # ---- what is to be done for each

    def _advance(self, index: int, peer: Standby) -> int:
        if not self._has_stopped(index, peer):
            return 0
        if peer.state is PeerState.ASIDE:
            return peer.feed.step(self.agent.ends[index].post) if peer.feed else 0
        if peer.state is PeerState.FEEDING:
            return self._feed(index, peer)
        if not self.agent.is_live(index) and self.agent.ends[index].idle:
            self._lose(index, peer, "begins anew")
        elif self._silent(index, peer):
            self._lose(index, peer, "is silent")
        elif self._holds_up(index, peer):
            self._lose(index, peer, "is too slow: the way in waits for it")
        elif peer.state is PeerState.LIVE and self._keeps_up(index, peer):
            self._count(index, peer)
        else:
            peer.problem = ""  # it was silent for a while
        return 0

    def _holds_up(self, index: int, peer: Standby) -> bool:
        """Whether a ring has been half full of what it lacks for as long as a peer may be silent.

        It hears and answers, but its disk or its processor does not follow. What it lacks then
        comes from the journal, and nobody waits for it.
        """
        now = self.agent.lived_ns
        if not self.agent.is_half_full(index):
            peer.had_room = now
        return now - peer.had_room > self._timing.silence

    def _keeps_up(self, index: int, peer: Standby) -> bool:
        """Whether it got within a moment what was permitted at its beginning.

        Acknowledgements wait for who is counted. One that has just come from the journal may still
        be a while behind, and they would all wait for it at once.
        """
        now = self._clock()
        in_time = now - peer.marked <= max(self._timing.heartbeat, self._timing.silence // 4)
        if not in_time:
            peer.reached, peer.marked = self.agent.permitted.value, now
        return in_time and self.agent.has(index) >= peer.reached

    def _silent(self, index: int, peer: Standby) -> bool:
        """Nobody is, as long as this node's own thread stands still: it could not hear anybody."""
        now, heard = self.agent.lived_ns, max(self.agent.ends[index].heard_ns, peer.since)
        if heard != peer.heard:
            peer.heard, peer.silent_since = heard, now
        return now - peer.silent_since > self._timing.silence

    def _feed(self, index: int, peer: Standby) -> int:
        """From the journal, until the ring has the rest.

        What the ring has is held only then: before, the way in would wait for the journal.
        """
        assert peer.feed is not None
        if self._silent(index, peer):
            self._set_aside(index, peer, "is silent")
            return 0
        end = self.agent.ends[index]
        posted, before = 0, peer.feed.sequence
        while posted < FEEDS_A_STEP and self._pace.open and peer.feed.step(end.post):
            posted += 1
            self._pace.spend(peer.feed.sequence - before)
            before = peer.feed.sequence
        if peer.feed.too_large:
            peer.needs_files = True
            self._set_aside(index, peer, "needs a batch that is too long for a message")
            return 0
        if peer.held is None and self.agent.is_near(peer.feed.sequence):
            peer.held = self.agent.hold(index)
        if posted or peer.held is None or peer.feed.sequence < peer.held or not end.idle:
            return posted
        if self.agent.go_live(index, peer.feed.sequence):
            peer.feed.close()
            peer.feed, peer.state, peer.problem = None, PeerState.LIVE, ""
            peer.since, peer.had_room = self._clock(), self.agent.lived_ns
            return 1
        return 0

    def _count(self, index: int, peer: Standby) -> None:
        """Have it recorded, if it is one of those that count."""
        if self._rule.names and peer.name not in self._rule.names:
            return
        others = [p for p in self.standbys if p.state is PeerState.COUNTED]
        if not self._rule.names and any(not self._lost(p) for p in others):
            return  # one is enough; the others are ready
        if self.agent.count(index, True):
            peer.state, peer.dropped = PeerState.COUNTED, False
            self._told(f"{peer.name} is counted")

    def _lost(self, peer: Standby) -> bool:
        return bool(peer.problem)

    def _lose(self, index: int, peer: Standby, why: str) -> None:
        """It stays counted until the record no longer has it, as the policy says."""
        if peer.state is PeerState.COUNTED:
            if not peer.problem:
                self._told(f"{peer.name} {why}")
            peer.problem = why
            return
        self._set_aside(index, peer, why)

    def _set_aside(self, index: int, peer: Standby, why: str) -> None:
        """It has to join again. Who is counted stays counted: nothing is acknowledged then."""
        if peer.feed is not None:
            peer.feed.close()
            peer.feed = None
        peer.stopping = peer.stopping or peer.held is not None
        peer.held, peer.state, peer.problem = None, PeerState.ASIDE, why
        self.agent.serve(index, False)

    def _has_stopped(self, index: int, peer: Standby) -> bool:
        """Slots are given free only when the agent certainly reads them no more."""
        if not peer.stopping:
            return True
        peer.told_to_stop = peer.told_to_stop or self.agent.stop_peer(index)
        if not peer.told_to_stop or not self.agent.ends[index].idle or self.agent.is_live(index):
            return False
        self.agent.release(index)
        peer.stopping = peer.told_to_stop = False
        return True

    # ---- the record

    def witnessed(self, in_sync: frozenset[str]) -> None:
        """What the witness has recorded now."""
        self.in_sync = in_sync
        self._asked = None
        self._drop_the_lost()
        self._update_alone()

    def _drop_the_lost(self) -> None:
        """Who is out of the record is not waited for any longer."""
        for index, peer in enumerate(self.standbys):
            if peer.dropped or not self.agent.is_counted(index) or peer.name in self.in_sync:
                continue
            if self._lost(peer) and self.agent.count(index, False):
                peer.dropped = True
                self._told(f"{peer.name} is no longer counted: {peer.problem}")
                if peer.state is PeerState.COUNTED:
                    self._set_aside(index, peer, peer.problem)

    def refused(self) -> None:
        """The witness did not answer: it is asked again."""
        self._asked = None

    def _update_alone(self) -> None:
        self.agent.may_go_alone(self._rule.policy == "alone" and self.in_sync == {self.me})

    def _settle_record(self) -> None:
        """Ask for the record that fits what is, if that is another one."""
        self._drop_the_lost()
        wanted = self._wanted()
        if wanted == self.in_sync or wanted == self._asked or self._recorder.busy:
            return
        self._asked = wanted
        self._recorder.record(wanted)

    def _wanted(self) -> frozenset[str]:
        counted = {
            peer.name: (index, peer)
            for index, peer in enumerate(self.standbys)
            if self.agent.is_counted(index)
        }
        sound = {
            name
            for name, (index, peer) in counted.items()
            if not self._lost(peer) and (name in self.in_sync or self.agent.has_all(index))
        }
        enough = sound >= self._rule.names if self._rule.names else bool(sound)
        if self._rule.policy == "alone" or enough:
            return frozenset({self.me, *sound})
        return self.in_sync | frozenset(sound)
