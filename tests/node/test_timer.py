"""TIMER commands that a node publishes by itself."""

import time
from pathlib import Path

import numpy as np
import pytest

from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND, CommandType
from node._ingress import Ingress
from node.core import Core
from node.embedded import Engine
from node.timer import Timer
from tests.node.playing import SEGMENT, journaled, opening, submit_all


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A ring of four slots, what was published on it, and a gate that gives slots free."""

    def __init__(self, period: float) -> None:
        self.clock = Hand()
        self.ring = RingBuffer(4, dtype=COMMAND, producers="multi")
        self.gate = RingSequence()
        self.ring.add_gate(self.gate)
        self.timer = Timer(Ingress(self.ring), period, clock=self.clock)

    def at(self, seconds: float) -> bool:
        """Whether one is published when so much time has gone by since the beginning."""
        self.clock.now = 100.0 + seconds
        return self.timer.poll()


def timers(commands: np.ndarray) -> int:
    return int((commands["type"] == CommandType.TIMER).sum())


def until(done: object, timeout: float = 60.0) -> None:
    assert callable(done)
    deadline = time.monotonic() + timeout
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_one_is_published_when_a_period_is_over_and_not_before() -> None:
    bench = Bench(0.5)
    assert [bench.at(seconds) for seconds in (0, 0.4, 0.5, 0.6, 1.0, 1.4)] == [
        *(False, False, True),
        *(False, True, False),
    ]
    assert bench.timer.published == bench.ring.cursor == 2


def test_periods_that_were_missed_are_not_made_up_for() -> None:
    bench = Bench(0.5)
    assert bench.at(60)
    assert not bench.at(60.4)
    assert bench.at(60.5)
    assert bench.timer.published == 2


def test_a_full_ring_is_tried_again_within_the_period() -> None:
    bench = Bench(1.0)
    Ingress(bench.ring).offer(np.zeros(4, COMMAND))
    assert not bench.at(1.0)
    assert not bench.at(1.1)
    assert bench.timer.late == 2
    bench.gate.value = 4
    assert not bench.at(1.15)
    assert bench.at(1.2)
    assert bench.timer.published == 1


@pytest.mark.parametrize("period", [0, -1, 0.0009, 3601, float("nan")])
def test_a_period_that_makes_no_sense_is_refused(period: float) -> None:
    with pytest.raises(ValueError, match=r"period is 0\.001 to 3600"):
        Bench(period)


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_a_core_publishes_them_between_other_commands(tmp_path: Path, layout: str) -> None:
    with Core(tmp_path, layout=layout, segment_bytes=SEGMENT) as core:
        submit_all(core, opening())
        core.start_timer(0.01)
        timer = core.timer
        assert timer is not None
        if layout == "invoker":
            until(lambda: core.step() is not None and timer.published >= 3)
        else:
            until(lambda: timer.published >= 3)
        core.stop_timer()
        published = core.input.cursor
        assert published == len(opening()) + timer.published
        time.sleep(0.03)
        assert core.input.cursor == published
        core.wait_applied(published)
    commands = journaled(tmp_path)
    assert timers(commands) == published - len(opening())
    assert (np.diff(commands["timestamp"].astype(np.int64)) >= 0).all()


def test_without_being_asked_a_core_publishes_none(tmp_path: Path) -> None:
    with Core(tmp_path, segment_bytes=SEGMENT) as core:
        assert core.timer is None
        time.sleep(0.15)
        assert core.input.cursor == 0


def test_stopping_a_core_stops_its_timer_first(tmp_path: Path) -> None:
    core = Core(tmp_path, segment_bytes=SEGMENT).start()
    core.start_timer(0.001)
    timer = core.timer
    assert timer is not None
    until(lambda: timer.published > 0)
    core.stop()
    assert core.timer is None
    commands = journaled(tmp_path)
    assert timers(commands) == len(commands) == core.input.cursor > 0


def test_a_replay_finds_the_timers_where_they_were(tmp_path: Path) -> None:
    with Core(tmp_path, segment_bytes=SEGMENT) as core:
        core.start_timer(0.005)
        timer = core.timer
        assert timer is not None
        submit_all(core, opening())
        until(lambda: timer.published > 2)
        core.stop_timer()
        core.wait_applied(core.input.cursor)
        state = core.business.state.state_hash
    with Core(tmp_path, segment_bytes=SEGMENT) as again:
        assert again.business.state.state_hash == state
        assert again.timer is None


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_an_embedded_engine_has_a_timer_when_asked(tmp_path: Path, layout: str) -> None:
    with Engine.open(tmp_path, layout=layout, timer=0.01) as engine:
        seen: set[int] = set()

        def enough() -> bool:
            seen.update(engine.event_array()["sequence"].tolist())
            return len(seen) >= 3

        until(enough)
        assert seen == set(range(1, len(seen) + 1))


def test_an_embedded_engine_that_is_forgotten_ends_its_timer(tmp_path: Path) -> None:
    engine = Engine.open(tmp_path, timer=0.001)
    core, timer = engine._core, engine._core.timer
    assert timer is not None
    until(lambda: timer.published > 0)
    thread = timer._thread
    del engine
    assert core.timer is None
    assert thread is not None
    assert not thread.is_alive()
    assert timers(journaled(tmp_path / "journal")) == core.journaler.synced == core.input.cursor > 0


def test_an_engine_with_a_period_that_makes_no_sense_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="period is"):
        Engine.open(tmp_path, timer=0)
    Engine.open(tmp_path).close()
