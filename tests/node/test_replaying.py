"""What the control port answers while a node reads its journal: its role, and how far it is."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.control_client import ask
from node.control_loop import ControlLoop, Refusal
from node.core import Core
from node.replaying import Replay, Replaying
from tests.node.playing import SEGMENT, market
from tests.node.serving import served
from tests.node.stand_in import ROLE, StandIn
from tests.node.test_control import address, metrics


class Slow:
    """A member that reads its journal until it is let go, at its start or when it is fenced."""

    def __init__(self) -> None:
        self.member = StandIn()
        self.replaying = Replaying()
        self.reads, self.go_on = threading.Event(), threading.Event()

    def open(self, told: Callable[[str], None], replaying: Replaying) -> StandIn:
        self.replaying = replaying
        self.read()
        return self.member

    def read(self) -> None:
        self.replaying.begin(0, 3000)
        self.replaying.reached(1000)
        self.reads.set()
        assert self.go_on.wait(60)
        self.replaying.over()

    def be_fenced(self) -> None:
        """As a member is: seen in one step, begun anew in the next."""
        if self.member.role is ROLE["FENCED"]:
            self.read()
            self.member.role = ROLE["STANDBY"]
        elif self.member.role is ROLE["PRIMARY"]:
            self.member.role, self.member.lease_until = ROLE["FENCED"], 0


def test_at_the_start_it_is_answered() -> None:
    slow, lines = Slow(), []
    loop = ControlLoop("a", "lmax", slow.open, tell=lambda seen, line: lines.append(line))
    with served(loop=loop) as (server, _, _):
        loop.start()
        assert slow.reads.wait(60)
        found = ask(address(server), "/status")
        assert (found["role"], found["replay"]) == ("STARTING", {"at": 1000, "end": 3000})
        told = metrics(server)
        assert told["lmax_role"][("STARTING",)] == 1
        assert told["lmax_replay_sequence"][()] == 1000
        assert told["lmax_replay_end_sequence"][()] == 3000
        for path in ("/demote", "/promote"):
            with pytest.raises(Refusal):
                ask(address(server), path, post=True)
        slow.go_on.set()
        assert loop.wait(lambda seen: seen.role == "PRIMARY", 60)
        assert ask(address(server), "/status")["replay"] is None
        assert metrics(server)["lmax_replay_sequence"][()] == 0
        loop.end()
        loop.join(60)


def test_who_is_fenced_answers_while_it_begins_anew() -> None:
    slow: Any = Slow()
    lines: list[str] = []
    loop = ControlLoop(
        "a", "lmax", lambda told, _: slow.member, tell=lambda seen, line: lines.append(line)
    )
    with served(loop=loop) as (server, _, _):
        slow.replaying = loop.replaying
        loop.start()
        assert loop.wait(lambda seen: seen.role == "PRIMARY", 60)
        slow.member.at_step = slow.be_fenced
        assert slow.reads.wait(60)
        found = ask(address(server), "/status")
        assert (found["role"], found["replay"]) == ("FENCED", {"at": 1000, "end": 3000})
        assert not found["acknowledges"]
        assert metrics(server)["lmax_role"][("FENCED",)] == 1
        assert any("is FENCED in epoch 3" in line for line in lines)
        slow.go_on.set()
        assert loop.wait(lambda seen: seen.role == "STANDBY", 60)
        loop.end()
        loop.join(60)


class Listing(Replaying):
    """Keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Replay | None] = []

    def reached(self, at: int) -> None:
        super().reached(at)
        self.told.append(self.now)


def test_a_core_tells_how_far_it_has_read(tmp_path: Path, seed: int) -> None:
    with Core(tmp_path, layout="invoker", segment_bytes=SEGMENT) as core:
        last = core.submit(market(seed, 3000), timeout=60)
        core.wait_applied(last, timeout=60)
    replaying = Listing()
    replaying.begin(0, last)
    Core(tmp_path, layout="invoker", segment_bytes=SEGMENT, replaying=replaying).stop()
    places = [told.at for told in replaying.told if told is not None]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, last)
    assert {told.end for told in replaying.told if told is not None} == {last}
