"""One node as a process: how it begins, what it tells, and how it ends."""

import itertools
import os
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from node.cluster_config import NodeConfig, load_config
from node.cluster_files import make_cluster
from node.config_values import ConfigError
from node.control_client import ask
from node.control_loop import ControlLoop, Refusal, changes
from node.observing import Observed, Peer
from node.process import Parts, log_line, run_node
from node.refusals import JournalFailed
from tests.node.serving import served
from tests.node.stand_in import StandIn


class Stop:
    """As node.cli.stopping's, without signals."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def asked(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        return self._event.wait(seconds)

    def ask(self) -> None:
        self._event.set()


class Port:
    """A client port that remembers what it was told."""

    def __init__(self) -> None:
        self.closed = False
        self.looks = 0

    def changed(self) -> None:
        self.looks += 1

    def close(self) -> None:
        self.closed = True


class Node:
    """A node that runs in a thread of the test."""

    def __init__(self, config: NodeConfig, member: StandIn, parts: Parts | None = None) -> None:
        self.config, self.member, self.port, self.stop = config, member, Port(), Stop()
        self.parts = parts
        self.lines: list[str] = []
        self.opened_with: Any = None
        self.error: BaseException | None = None
        self.last: Observed | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        parts = Parts(self._open, lambda config, member: self.port)
        try:
            self.last = run_node(self.config, self.parts or parts, self.stop, self.lines.append)
        except BaseException as error:
            self.error = error

    def _open(self, config, told, replaying):
        self.opened_with, self.member.told = config, told
        return self.member

    def start(self) -> "Node":
        self._thread.start()
        return self

    def until(self, told: str) -> None:
        deadline = time.monotonic() + 60
        while not any(told in line for line in list(self.lines)):
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.01)

    def end(self) -> None:
        self.stop.ask()
        self.join()

    def join(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self.member.closed.is_set()


PORTS = itertools.count(20_000 + os.getpid() % 400 * 20, 20)


def free_ports() -> int:
    """The first of twenty that nobody listens on, below those that the kernel gives to callers."""
    for base in PORTS:
        try:
            for port in range(base, base + 20):
                with socket.socket() as taken:
                    taken.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("counting never ends")


@pytest.fixture
def config(tmp_path: Path) -> NodeConfig:
    made = make_cluster(
        tmp_path,
        ["a", "b"],
        base_port=free_ports(),
        witness="",
        make_identity=lambda path: f"ed25519:{path.parent.name * 43}=",
    )
    return load_config(made[0].config)


def test_a_primary_that_is_asked_to_end_hands_over_first(config):
    node = Node(config, StandIn()).start()
    node.until("is PRIMARY in epoch 3; a leads")
    assert ask(config.node.control, "/status")["role"] == "PRIMARY"
    node.end()
    assert node.error is None
    assert node.last is not None
    assert (node.last.role, node.last.leader) == ("STANDBY", "b")
    assert node.port.closed
    assert node.port.looks > 1
    assert node.opened_with is config
    told = " | ".join(node.lines)
    assert "hands over first" in told
    assert "has handed over, and ends" in told
    with pytest.raises(Exception, match=str(config.node.control.port)):
        ask(config.node.control, "/status", timeout=5)


def test_a_primary_without_a_standby_ends_all_the_same(config):
    node = Node(config, StandIn())
    node.member.heir = False
    node.start().until("is PRIMARY")
    node.end()
    assert node.error is None
    assert any("ends without handing over: no standby is in sync" in line for line in node.lines)


def test_a_standby_just_ends(config):
    node = Node(config, StandIn(role="IN_SYNC")).start()
    node.until("is IN_SYNC")
    node.end()
    assert node.error is None
    assert not any("hand" in line for line in node.lines)


def test_a_journal_that_fails_ends_the_node_with_its_reason(config):
    node = Node(config, StandIn())

    def fail() -> None:
        raise JournalFailed("UNAVAILABLE: the disk")

    node.member.at_step = lambda: fail() if node.member.steps > 20 else None
    node.start().join()
    assert isinstance(node.error, JournalFailed)
    assert node.port.closed


def test_a_member_that_cannot_be_opened_ends_the_node(config):
    def refuse(config, told, replaying):
        raise JournalFailed("not today")

    parts = Parts(refuse, lambda config, member: pytest.fail("there is no member to serve"))
    with pytest.raises(JournalFailed, match="not today"):
        run_node(config, parts, Stop(), print)


def test_a_client_port_that_cannot_be_opened_closes_the_member(config):
    member = StandIn()

    def refuse(config, served):
        assert served is member
        raise ConfigError("the port is in use")

    with pytest.raises(ConfigError, match="in use"):
        run_node(config, Parts(lambda config, told, replaying: member, refuse), Stop(), print)
    assert member.closed.is_set()


def test_who_is_asked_to_end_while_it_reads_its_journal_does(config):
    member, reading = StandIn(), threading.Event()
    stop = Stop()

    def open_slowly(config, told, replaying):
        stop.ask()
        reading.wait(0.3)
        return member

    parts = Parts(open_slowly, lambda config, member: pytest.fail("it was asked to end"))
    stop_seen = run_node(config, parts, stop, print)
    assert stop_seen.name == "a"
    assert member.closed.is_set()
    assert member.steps == 0


def test_a_promotion_is_asked_of_the_primary_over_its_port(config):
    """What a standby does when it is to lead: POST /demote to whom the witness names."""
    standby = StandIn(role="IN_SYNC")
    with served(name="b", port=config.member("b").control.port) as (_, leading, _):
        standby.record.leader = "b"

        def take_over() -> None:
            if leading.seen.role != "PRIMARY" and standby.leading is None:
                standby.lead("a")

        standby.at_step = take_over
        node = Node(config, standby).start()
        node.until("is IN_SYNC")
        found = ask(config.node.control, "/promote", post=True, timeout=60)
        assert found["role"] == "PRIMARY"
        assert leading.seen.role == "STANDBY"
        standby.heir = False
        node.end()


def test_a_line_says_when_who_and_what():
    line = log_line(Observed("a", "lmax", role="IN_SYNC", epoch=4), "follows b")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z lmax node=a role=IN_SYNC epoch=4 follows b", line
    )


BEFORE = Observed("a", "lmax", role="PRIMARY", epoch=3, leader="a", in_sync=("a", "b"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"applied": 9, "lease_seconds": 1.0}, []),
        ({"role": "FENCED"}, ["is FENCED in epoch 3; a leads"]),
        ({"epoch": 4, "leader": ""}, ["is PRIMARY in epoch 4; nobody leads"]),
        ({"in_sync": ("a",)}, ["in sync: a"]),
        ({"in_sync": ()}, ["in sync: nobody"]),
        ({"problem": "no witness"}, ["problem: no witness"]),
        ({"journal_problem": "full"}, ["journal: full"]),
        ({"peers": (Peer("b", "LIVE", 1, 1, 1, 0, True),)}, []),
    ],
)
def test_what_is_told_of_a_change(change, told):
    now = Observed(**{**vars(BEFORE), **change})
    assert changes(BEFORE, now) == told


def test_the_end_of_a_problem_is_told_too():
    assert changes(Observed("a", "lmax", problem="x"), Observed("a", "lmax")) == [
        "the problem is over"
    ]


def test_nothing_is_asked_of_a_loop_that_has_ended():
    with served() as (_, loop, member):
        loop.end()
        loop.join(60)
        assert member.closed.is_set()
        with pytest.raises(Refusal, match="starting or ending"):
            loop.ask(lambda member: None)


def test_what_a_request_raises_comes_back_and_the_loop_goes_on():
    def fail(member: object) -> None:
        raise ZeroDivisionError

    with served() as (_, loop, _):
        with pytest.raises(ZeroDivisionError):
            loop.ask(fail)
        assert loop.running
        steps: list[int] = []
        loop.ask(lambda member: steps.append(1))
        assert steps == [1]


def test_becoming_primary_again_is_counted():
    with served() as (_, loop, member):
        assert loop.promotions == 1
        loop.ask(lambda _: member.follow("b"))
        assert loop.seen.role == "STANDBY"
        loop.ask(lambda _: member.lead("a"))
        assert loop.promotions == 2


def test_an_error_at_closing_is_kept_unless_there_was_one_before():
    class Stubborn(StandIn):
        def close(self) -> None:
            raise OSError("at the end")

    member = Stubborn()
    loop = ControlLoop("a", "lmax", lambda told, replaying: member)
    loop.start()
    assert loop.opened.wait(60)
    loop.end()
    loop.join(60)
    assert isinstance(loop.error, OSError)


def test_who_hands_over_tells_to_whom_also_when_the_witness_says_that_later():
    with served() as (_, loop, member):
        later: list[int] = []

        def name_the_next() -> None:
            if member.leading is None and not later:
                member.record.leader = "a"
                later.append(member.steps)
            elif later and member.steps > later[0] + 50:
                member.record.leader = "b"

        member.at_step = name_the_next
        assert loop.demote(timeout=60).leader == "b"
