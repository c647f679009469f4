"""CHECKPOINT commands that a node publishes by itself, and starts that compare them."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from journal.replay import replayed
from lmax._engine import Diverged
from lmax.schema import COMMAND, CommandType, EventType
from node.checkpoints import Checkpoints
from node.core import Core
from node.embedded import Engine
from node.refusals import LogicFailed
from tests.node.playing import SEGMENT, journaled, market, opening, submit_all


def until(done: Callable[[], bool], timeout: float = 60.0) -> None:
    deadline = time.monotonic() + timeout
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def checkpoints(folder: Path) -> np.ndarray:
    commands = journaled(folder)
    return commands[commands["type"] == CommandType.CHECKPOINT]


def checkpoint(of: int = 0, state_hash: int = 0) -> np.ndarray:
    command = np.zeros(1, COMMAND)
    command["type"] = CommandType.CHECKPOINT
    command["state_sequence"], command["state_hash"] = of, state_hash
    return command


def some(core: Core, seed: int, layout: str, first: int = 1) -> None:
    """Traffic in pieces, until five more checkpoints were published."""
    clock = core.checkpoints
    assert clock is not None
    commands = market(seed, 4_000) if first == 1 else market(seed, 100)
    before, at = clock.published, 0
    while clock.published < before + 5:
        if at < len(commands):
            submit_all(core, commands[at : at + 50])
            at += 50
        else:
            submit_all(core, timer())
        if layout == "invoker":
            core.step()
        time.sleep(0.001)


def timer() -> np.ndarray:
    command = np.zeros(1, COMMAND)
    command["type"] = CommandType.TIMER
    return command


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_each_carries_the_hash_of_the_one_before(tmp_path: Path, layout: str, seed: int) -> None:
    with Core(tmp_path, layout=layout, segment_bytes=SEGMENT) as core:
        core.start_checkpoints(0.005)
        some(core, seed, layout)
        core.stop_checkpoints()
        core.wait_applied(core.input.cursor)
        state = core.business.state.state_hash
    found = checkpoints(tmp_path)
    assert len(found) >= 5
    assert found["state_sequence"].tolist() == [0, *found["sequence"][:-1].tolist()]
    for before, one in itertools.pairwise(found):
        engine = replayed(tmp_path, int(before["sequence"]))
        assert engine.state_hash == one["state_hash"]
    assert replayed(tmp_path).state_hash == state


def test_the_first_after_a_restart_carries_that_of_the_last_before(
    tmp_path: Path, seed: int
) -> None:
    for first in (1, 2):
        with Core(tmp_path, segment_bytes=SEGMENT) as core:
            core.start_checkpoints(0.005)
            some(core, seed, "shared", first)
    found = checkpoints(tmp_path)
    assert found["state_sequence"].tolist() == [0, *found["sequence"][:-1].tolist()]


def test_while_nothing_happens_none_is_published(tmp_path: Path) -> None:
    with Core(tmp_path, segment_bytes=SEGMENT) as core:
        submit_all(core, opening())
        core.start_checkpoints(0.002)
        clock = core.checkpoints
        assert clock is not None
        until(lambda: clock.published == 1)
        time.sleep(0.05)
        assert clock.published == 1
        submit_all(core, timer())
        until(lambda: clock.published == 2)


def test_the_next_waits_until_the_one_before_was_applied(tmp_path: Path) -> None:
    """It carries that one's hash, which nobody knows before."""
    core = Core(tmp_path, layout="invoker", segment_bytes=SEGMENT)
    clock = Checkpoints(core.entrance, core.business, 0.001)
    core.submit(opening())
    core.wait_applied(len(opening()))
    time.sleep(0.002)
    assert clock.poll()
    time.sleep(0.002)
    assert not clock.poll()
    core.submit(timer())
    core.wait_applied(core.input.cursor)
    time.sleep(0.002)
    assert clock.poll()
    core.stop()


def test_f22_a_journal_that_says_another_hash_stops_the_node_and_every_start(
    tmp_path: Path,
) -> None:
    core = Core(tmp_path, segment_bytes=SEGMENT).start()
    core.submit(opening())
    first = core.submit(checkpoint())
    core.wait_applied(first)
    sequence, state_hash = core.business.state.checkpoint
    assert sequence == first
    last = core.submit(checkpoint(sequence, state_hash ^ 1))
    with pytest.raises(LogicFailed, match=f"behind command {first} is not what it was"):
        core.wait_applied(last)
    core.stop()
    with pytest.raises(LogicFailed, match=f"{state_hash ^ 1:016x}") as refused:
        Core(tmp_path, segment_bytes=SEGMENT)
    assert isinstance(refused.value.__cause__, Diverged)
    with pytest.raises(Diverged) as found:
        replayed(tmp_path)
    assert (found.value.sequence, found.value.expected) == (first, state_hash ^ 1)


def test_an_embedded_engine_has_them_when_asked(tmp_path: Path) -> None:
    with Engine.open(tmp_path, checkpoints=0.005) as engine:
        engine.open_account(1)
        found: list[np.ndarray] = []

        def told() -> bool:
            found.extend(engine.event_array())
            return any(event["command"] == CommandType.CHECKPOINT for event in found)

        until(told)
    (event,) = [event for event in found if event["command"] == CommandType.CHECKPOINT]
    assert event["type"] == EventType.ACCEPTED
    at = int(event["sequence"])
    assert replayed(tmp_path / "journal", at).state_hash == event["state_hash"]


def test_a_period_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="period is"):
        Engine.open(tmp_path, checkpoints=0)
