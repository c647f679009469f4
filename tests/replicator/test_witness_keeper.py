"""Who asks the witness for control logic that does not wait."""

import threading
import time
from typing import Any

import pytest

from replicator.witness import Lost, Record, Unavailable
from replicator.witness_keeper import Answer, InlineKeeper, Keeper, ThreadKeeper
from replicator.witness_memory import MemoryWitness

SECONDS = 60


class Clock:
    def __init__(self) -> None:
        self.now = 100

    def __call__(self) -> int:
        return self.now


class SlowWitness(MemoryWitness):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.asked = threading.Event()
        self.closed = False

    def read(self) -> Record:
        self.asked.set()
        assert self.let.wait(SECONDS)
        return super().read()

    def close(self) -> None:
        self.closed = True


def answers(keeper: Keeper, count: int) -> list[Answer]:
    found: list[Answer] = []
    deadline = time.monotonic() + SECONDS
    while len(found) < count:
        assert time.monotonic() < deadline
        found += keeper.poll()
        time.sleep(0.001)
    return found


def test_a_thread_asks_while_the_caller_goes_on() -> None:
    witness, clock = SlowWitness(), Clock()
    keeper = ThreadKeeper(witness, clock)
    keeper.request("read")
    assert witness.asked.wait(SECONDS)
    assert keeper.poll() == []
    clock.now = 900  # it was sent before
    witness.let.set()
    assert answers(keeper, 1) == [Answer("read", 100, Record(revision=0))]
    assert keeper.poll() == []
    keeper.close()
    assert witness.closed


def test_answers_come_in_order_and_problems_are_answers() -> None:
    witness = MemoryWitness()
    keeper = ThreadKeeper(witness)
    nothing = witness.read()
    keeper.request("take", nothing, "a")
    keeper.request("take", nothing, "b")
    first, second = answers(keeper, 2)
    assert isinstance(first.result, Record)
    assert isinstance(second.result, Lost)
    assert second.result.record == first.result
    witness.reachable = False
    keeper.request("renew", first.result)
    assert isinstance(answers(keeper, 1)[0].result, Unavailable)
    keeper.close()


def poll_until(keeper: ThreadKeeper, deadline: float) -> None:
    while time.monotonic() < deadline:
        keeper.poll()


def test_a_fault_of_the_program_is_raised_where_it_is_polled() -> None:
    keeper = ThreadKeeper(MemoryWitness())
    keeper.request("renew", "no record")
    deadline = time.monotonic() + SECONDS
    with pytest.raises(AttributeError):
        poll_until(keeper, deadline)
    keeper.request("read")
    assert len(answers(keeper, 1)) == 1  # it goes on
    keeper.close()


def test_a_closed_keeper_asks_nothing_more() -> None:
    witness = SlowWitness()
    keeper = ThreadKeeper(witness)
    keeper.request("read")
    assert witness.asked.wait(SECONDS)
    keeper.request("take", Record(revision=0), "a")
    keeper.close(seconds=0)
    witness.let.set()
    keeper.close()
    assert witness.closed
    assert witness.grants == []
    with pytest.raises(RuntimeError, match="closed"):
        keeper.request("read")


@pytest.mark.parametrize("kind", [ThreadKeeper, InlineKeeper])
def test_an_unknown_action_is_refused(kind: Any) -> None:
    keeper = kind(MemoryWitness(), Clock())
    with pytest.raises(ValueError, match="is not asked for 'close'"):
        keeper.request("close")
    keeper.close()


def test_without_a_thread_ways_take_the_time_that_they_are_told() -> None:
    witness, clock = MemoryWitness(), Clock()
    there, back = iter([10, 0]), iter([5, 0])
    keeper = InlineKeeper(witness, clock, lambda: next(there), lambda: next(back))
    keeper.request("take", witness.read(), "a")
    clock.now = 109
    assert keeper.poll() == []
    assert witness.grants == []
    clock.now = 110
    assert keeper.poll() == []
    assert witness.grants == [(1, "a")]
    clock.now = 115
    assert keeper.poll() == [Answer("take", 100, witness.record)]
    keeper.request("read")
    assert keeper.poll() == [Answer("read", 115, witness.record)]
    assert keeper.poll() == []


def test_without_a_thread_problems_are_answers_too() -> None:
    witness = MemoryWitness()
    keeper = InlineKeeper(witness, Clock())
    witness.reachable = False
    keeper.request("read")
    (answer,) = keeper.poll()
    assert isinstance(answer.result, Unavailable)
