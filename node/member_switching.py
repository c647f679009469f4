"""How a primary gives its lead away: because it was asked to, or because its disk is ill.

A planned switch waits until all is written and applied here. With a disk that stalls that may take
seconds, and is not needed: whoever is in sync has what was acknowledged. So it is given away as
soon as the standby has every batch that was made; what was published behind that was told to
nobody. Where the disk even holds up the thread that speaks with the standbys, it is not known what
they have by now, nor how they are: the lease is not renewed then. A standby takes over once that
is over, if its own disk answers, and if the write comes back before, nothing has happened.
"""

from __future__ import annotations

from node.disk_watch import Ill
from node.member_following import FollowingMember
from node.refusals import SwitchUnderWay
from node.roles import Role
from replicator.messages import UNFIT, Kind
from replicator.standbys import PeerState


class SwitchingMember(FollowingMember):
    """See node.member.Member."""

    def switch(self, to: str = "") -> None:
        """Hand over to a standby that is in sync: nothing is taken any more until that is done.

        to: which one, "" for the one that has the most. If it dies when the lead is given away
        already, another one that is in sync takes over once the lease would be over. Raises
        ValueError where there is none, or that one is not.
        """
        if self.role is not Role.PRIMARY or self.leading is None:
            raise ValueError("this node is not the primary")
        if to and to not in self._channels:
            others = ", ".join(self._channels)
            raise ValueError(f"there is no node {to} beside this one, only {others}")
        if self.switching and to != self._heir_named:
            raise SwitchUnderWay(self._heir_named)
        if self._heir(to) is None:
            raise ValueError(self._no_heir(to))
        self._begin_switch(to, "asked")

    def _begin_switch(self, to: str, why: str) -> None:
        self.switching, self._heir_named, self._why = True, to, why
        self.core.stop_timer()
        self.core.stop_checkpoints()

    # ---- a disk that is ill

    def _mind_disk(self) -> None:
        """Give the lead away for it, if somebody is there who is fit to have it."""
        ill, before = self._disk.look(self.core, self._clock()), self._holds_back
        self._holds_back, self.disk_problem = False, self._disk.problem
        if ill is Ill.NOT:
            return
        if self.switching and not self._is_held_up():
            self._why = ill if ill is Ill.STALL else self._why
            return
        heir = self._heir(self._heir_named, fit=True)
        if heir is None:
            self.disk_problem += (
                ", and it keeps the lead: no standby is in sync whose disk was well lately"
            )
        elif self._is_held_up():
            self._holds_back = self._held_back = True
            self.disk_problem += ", so it does not renew its lease: let another one take over"
            if not before:
                self._told(self.disk_problem)
        else:
            assert self.leading is not None
            name = self.leading.standbys[heir].name
            self._told(f"hands over to {name}: {self._disk.problem}")
            self._begin_switch(name, ill)

    def _is_held_up(self) -> bool:
        """Whether the thread that speaks with the standbys does not get to it."""
        assert self.leading is not None
        return self._clock() - self.leading.agent.looked_ns > self._disk.limit // 2

    @property
    def _goes_without_disk(self) -> bool:
        return self._why == Ill.STALL

    def _handed_over(self, why: str) -> None:
        self.last_handover = why
        self.handovers[why] += 1
        if why != "asked":
            self._disk.cool_down(self._clock())

    # ---- to whom

    def _ready_heirs(self) -> dict[int, str]:
        """The standbys that may take over, by their place."""
        assert self.leading is not None
        assert self._mine is not None
        return {
            index: peer.name
            for index, peer in enumerate(self.leading.standbys)
            if peer.state is PeerState.COUNTED
            and not peer.problem
            and peer.name in self._mine.in_sync
        }

    def _heir(self, named: str, *, fit: bool = False) -> int | None:
        """The one of that name, or the one that has the most. fit: and whose disk is well."""
        assert self.leading is not None
        said = self.leading.agent.said
        ready = [
            (said(index)[0], -index)
            for index, name in self._ready_heirs().items()
            if named in ("", name) and not (fit and said(index)[3] & UNFIT)
        ]
        return -max(ready)[1] if ready else None

    def _no_heir(self, named: str) -> str:
        if not named:
            return "no standby is in sync, so nobody can take over"
        ready = ", ".join(self._ready_heirs().values()) or "nobody"
        return f"{named} is not in sync, so it cannot take over; in sync: {ready}"

    # ---- how

    def _drained(self) -> bool:
        """Whether the standby has everything, and all of it is acknowledged, or cannot be."""
        heir, core = self._heir(self._heir_named), self.core
        if heir is None:
            who = f"{self._heir_named} is not" if self._heir_named else "no standby is"
            self._told(f"the switch is given up: {who} in sync any more")
            self.switching, self._heir_named, self._why = False, "", ""
            self._start_clocks()
            return False
        assert self.leading is not None
        received = self.leading.agent.said(heir)[0]
        if self._goes_without_disk:
            return received >= core.journaler.place[1]
        return core.settled and received >= core.input.cursor

    def _released(self) -> None:
        """The record says that another one may lead: tell it at once, then follow it."""
        heir = self._heir(self._heir_named)
        if heir is not None and self.leading is not None:
            end = self.leading.agent.ends[heir]
            end.post(Kind.SWITCH, b"now")
            for _ in range(200):
                if end.idle:
                    break
                self.pump()
        self._gives_way_until = self._clock() + 2 * self.settings.timing.lease
        self._handed_over(self._why or "asked")
        self._step_down("handed over")

    def _start_clocks(self) -> None:
        raise NotImplementedError
