"""Runners call their agents in turn, drain before they stop, and report what failed."""

import os
import threading
import time
from pathlib import Path

import pytest

from lmax.ringbuffer import AgentBase, AgentError, AgentRunner, PythonAgent, RingBuffer
from lmax.ringbuffer.wait import WaitStrategy


class Backlog:
    """Work that was handed in; each round does one piece."""

    def __init__(self, left):
        self.left = left
        self.done = 0

    def duty(self):
        if not self.left:
            return 0
        self.left -= 1
        self.done += 1
        return 1


def test_steps_call_every_agent_once_in_turn():
    calls = []

    def agent(name):
        def duty():
            calls.append(name)
            return len(calls)

        return PythonAgent(duty)

    agents = [agent(name) for name in "abc"]
    runner = AgentRunner(agents)
    assert runner.step() == 1 + 2 + 3
    assert runner.step() == 4 + 5 + 6
    assert calls == list("abcabc")
    assert runner.agents == tuple(agents)


@pytest.mark.parametrize("strategy", [WaitStrategy.YIELD, WaitStrategy.BACKOFF])
def test_a_stop_that_drains_ends_after_a_round_without_work(strategy):
    backlogs = [Backlog(500), Backlog(2_000)]
    runner = AgentRunner([PythonAgent(b.duty) for b in backlogs], strategy=strategy)
    runner.stop()
    runner.start()
    runner.join()
    assert [b.done for b in backlogs] == [500, 2_000]
    assert runner.error is None
    assert not runner.running


def test_a_stop_at_once_leaves_work_behind():
    backlog = Backlog(10**9)
    runner = AgentRunner([PythonAgent(backlog.duty)]).start()
    with pytest.raises(RuntimeError, match="stop it before stepping"):
        runner.step()
    runner.stop()
    with pytest.raises(TimeoutError, match="still find work"):
        runner.join(0.1)
    runner.stop(drain=False)
    runner.join()
    assert backlog.left > 0


def test_a_failing_agent_stops_the_runner_which_says_why():
    after = Backlog(10)

    def fail():
        raise OSError("no space left")

    runner = AgentRunner([PythonAgent(fail), PythonAgent(after.duty)], name="io")
    runner.start()
    runner.join()
    assert isinstance(runner.error, AgentError)
    assert "PythonAgent in io failed: -1" in str(runner.error)
    assert isinstance(runner.error.__cause__, OSError)
    assert after.done == 0
    with pytest.raises(AgentError):
        runner.step()


def test_the_thread_has_the_name_and_the_core_that_were_asked_for():
    core = max(os.sched_getaffinity(0))
    seen: dict[str, object] = {}

    def look():
        number = threading.get_native_id()
        seen["name"] = Path(f"/proc/self/task/{number}/comm").read_text().strip()
        seen["cores"] = os.sched_getaffinity(number)
        seen["thread"] = threading.current_thread().name
        return 0

    before = os.sched_getaffinity(0)
    runner = AgentRunner([PythonAgent(look)], name="journal", core=core).start()
    runner.stop()
    runner.join()
    assert seen == {"name": "journal", "cores": {core}, "thread": "journal"}
    assert os.sched_getaffinity(0) == before


def test_short_sleeps_are_short_on_a_runner_thread():
    """Timer slack is 1 ns there: the kernel's usual 50 µs would triple these sleeps."""
    slack = []

    def look():
        path = Path(f"/proc/{threading.get_native_id()}/timerslack_ns")
        slack.append(int(path.read_text()))
        return 0

    runner = AgentRunner([PythonAgent(look)]).start()
    runner.stop()
    runner.join()
    assert slack[0] == 1


def test_a_blocking_runner_is_woken_by_its_ring():
    ring = RingBuffer(64, dtype="i8", blocking=True)
    seen: list[float] = []

    def duty():
        news = ring.cursor - len(seen)
        seen.extend([time.monotonic()] * news)
        return news

    runner = AgentRunner(
        [PythonAgent(duty)], strategy=WaitStrategy.BLOCKING, max_sleep=30, wake_on=ring
    ).start()
    for _ in range(20):
        time.sleep(0.005)
        published = time.monotonic()
        ring.publish_array([1])
    deadline = published + 10
    while len(seen) < 20 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert len(seen) == 20
    assert seen[-1] - published < 5
    runner.stop()
    runner.join()


def test_impossible_runners_are_refused_with_the_reason():
    agent = PythonAgent(lambda: 0)
    with pytest.raises(ValueError, match="1 to 16 agents"):
        AgentRunner([])
    with pytest.raises(ValueError, match="wake_on"):
        AgentRunner([agent], strategy=WaitStrategy.BLOCKING)
    with pytest.raises(ValueError, match="core 9999"):
        AgentRunner([agent], core=9999)
    with pytest.raises(TypeError, match="no agent"):
        AgentRunner([AgentBase()])
    with pytest.raises(TypeError, match="do_work"):
        AgentBase().do_work()
