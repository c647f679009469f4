"""A core in threads or stepped by the test: what goes in is journaled, applied, and comes out."""

import os
import threading
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest

from lmax._business import Business
from lmax._engine import Engine
from lmax.ringbuffer.agent import PythonAgent
from lmax.ringbuffer.ring import RingBuffer, RingFull
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND, EVENT
from node.core import Core
from node.layout import runners
from tests.node.playing import (
    SEGMENT,
    journaled,
    market,
    offline,
    opening,
    submit_all,
    sweep,
)

LAYOUTS = ["shared", "invoker"]


def core_in(folder: Path, layout: str = "shared", slots: int = 1024) -> Core:
    return Core(folder, layout=layout, slots=slots, segment_bytes=SEGMENT)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_live_state_replayed_state_and_the_state_after_a_restart_are_one(
    tmp_path: Path, seed: int, layout: str
) -> None:
    commands = market(seed, 6000)
    for part in np.array_split(commands, 3):
        with core_in(tmp_path, layout) as core:
            submit_all(core, part)
            core.wait_applied(core.input.cursor)
            live = core.business.state
        live.check()
        engine, _ = offline(tmp_path)
        assert live.sequence == engine.sequence == core.recovered + len(part)
        assert live.state_hash == engine.state_hash == live.recomputed_state_hash()
        with core_in(tmp_path, layout) as again:
            assert again.recovered == engine.sequence
            assert again.business.state.state_hash == engine.state_hash
    assert same_but_for_stamps(journaled(tmp_path), commands)


def same_but_for_stamps(taken: np.ndarray, sent: np.ndarray) -> bool:
    """Nothing lost, doubled, moved or altered; sequences count from 1 and time never goes back."""
    assert taken["sequence"].tolist() == list(range(1, len(taken) + 1))
    assert (np.diff(taken["timestamp"]) >= 0).all()
    sent = sent.copy()
    for stamp in ("sequence", "timestamp"):
        sent[stamp] = taken[stamp]
    return taken.tobytes() == sent.tobytes()


def test_nothing_is_applied_or_shown_before_it_is_synced(tmp_path: Path, seed: int) -> None:
    """The agents in any order that a scheduler may choose."""
    random = Random(seed)
    commands = market(seed, 3000)
    core = core_in(tmp_path, "invoker", 256)
    agents = list(core.runners[0].agents)
    shown = 0
    at = 0
    while core.business.applied < len(commands):
        if at < len(commands) and random.random() < 0.5:
            part = commands[at : at + random.randint(1, 64)]
            try:
                core.ingress.offer(part)
                at += len(part)
            except RingFull:
                pass
        assert random.choice(agents).do_work() >= 0
        assert core.business.applied <= core.synced.value <= core.input.cursor
        if core.output.cursor > shown:
            shown = core.output.cursor
            event = core.output.view[shown % core.output.capacity]
            assert event["sequence"] <= core.synced.value
    core.stop()
    assert same_but_for_stamps(journaled(tmp_path), commands)
    assert core.business.state.state_hash == offline(tmp_path)[0].state_hash


def test_events_in_the_ring_are_the_engines_byte_for_byte(tmp_path: Path, seed: int) -> None:
    core = core_in(tmp_path, "invoker", 65536)
    submit_all(core, market(seed, 4000))
    core.wait_applied(core.input.cursor)
    _, expected = offline(tmp_path)
    assert core.output.cursor == len(expected)
    assert core.output.read(1, len(expected)).tobytes() == expected.tobytes()
    core.stop()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("slots", [64, 256])
def test_a_command_may_have_more_events_than_the_ring_holds(
    tmp_path: Path, layout: str, slots: int
) -> None:
    """One order fills 2,000; the end of the day expires 2,000 more."""
    commands = sweep(2000)
    with core_in(tmp_path, layout, slots) as core:
        submit_all(core, commands)
        core.wait_applied(len(commands))
        state = core.business.state
        until_seen(core)
        assert state.trades == 2000
        assert core.marketdata.trade_count == 2000
        assert core.marketdata.depth(1, None).bids == core.marketdata.depth(1, None).asks
    engine, events = offline(tmp_path)
    assert state.state_hash == engine.state_hash
    assert core.output.cursor == len(events)
    assert core.probe.histogram.count == len(commands)


def until_seen(core: Core) -> None:
    while core.marketdata.position.value < core.output.cursor or (
        core.probe.position.value < core.output.cursor
    ):
        if core.layout == "invoker":
            core.step()
        else:
            time.sleep(0.001)


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_the_smallest_rings_work_too(tmp_path: Path, slots: int) -> None:
    commands = sweep(20)
    core = core_in(tmp_path, "invoker", slots)
    assert core.submit(commands, timeout=20) == len(commands)
    core.wait_applied(len(commands))
    core.stop()
    assert same_but_for_stamps(journaled(tmp_path), commands)


def test_the_logic_waits_for_every_agent_in_front_of_it() -> None:
    """The journal and one more: the replicator's place."""
    source, output = RingBuffer(256, dtype=COMMAND), RingBuffer(1024, dtype=EVENT)
    journal, replicator = RingSequence(), RingSequence()
    business = Business(source, output, after=[journal, replicator])
    source.add_gate(business.position)
    commands = market(1, 100)[:100]
    commands["sequence"] = np.arange(1, 101)
    source.publish_array(commands)
    for synced, received in [(0, 0), (50, 0), (50, 10), (50, 70), (60, 70), (100, 100)]:
        journal.value, replicator.value = synced, received
        while business.do_work():
            pass
        assert business.applied == min(synced, received)
    engine = Engine()
    assert output.read(1, output.cursor).tobytes() == engine.apply(commands).tobytes()


def test_a_full_input_ring_is_told_in_time_and_nothing_is_lost_or_doubled(
    tmp_path: Path, seed: int
) -> None:
    commands = market(seed, 300)
    core = core_in(tmp_path, "shared", 128)  # not started: nobody takes anything out
    began = time.monotonic()
    with pytest.raises(RingFull, match="try again shortly") as caught:
        core.submit(commands, timeout=0.2)
    assert 0.2 <= time.monotonic() - began < 20
    taken = caught.value.taken
    assert taken == core.input.cursor == 128
    core.start()
    core.submit(commands[taken:], timeout=20)
    core.stop()
    assert same_but_for_stamps(journaled(tmp_path), commands)


def test_several_threads_submit_and_each_keeps_its_order(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 2000)
    commands["trade_id"] = np.arange(len(commands))  # neither orders nor instruments mind
    with core_in(tmp_path, "shared", 256) as core:
        threads = [
            threading.Thread(target=submit_all, args=(core, commands[n::4], 10 + n))
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    taken = journaled(tmp_path)["trade_id"].astype(np.int64)
    assert sorted(taken.tolist()) == list(range(len(commands)))
    for n in range(4):
        assert (np.diff(taken[taken % 4 == n]) > 0).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_stop_finishes_what_was_published(tmp_path: Path, seed: int, layout: str) -> None:
    commands = market(seed, 5000)
    core = core_in(tmp_path, layout, 16384).start()
    core.submit(commands)
    core.stop()
    core.stop()
    assert core.business.applied == len(commands)
    assert core.marketdata.position.value == core.output.cursor
    assert not any(runner.running for runner in core.runners)
    core_in(tmp_path).stop()


def test_the_dedicated_layout_says_how_many_cores_it_needs(tmp_path: Path) -> None:
    cores = len(os.sched_getaffinity(0))
    agents = [PythonAgent(lambda: 0) for _ in range(cores)]
    with pytest.raises(ValueError, match=rf"needs {cores + 1} cores .* has {cores}; use --layout"):
        runners("dedicated", agents, [])


def test_an_unknown_layout_is_named_and_the_folder_is_free_again(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one of shared, dedicated, invoker, not 'fast'"):
        core_in(tmp_path, "fast")
    core_in(tmp_path).stop()


def test_waiting_for_what_was_never_sent_ends_in_time(tmp_path: Path) -> None:
    for layout in LAYOUTS:
        with core_in(tmp_path / layout, layout) as core:
            core.submit(opening())
            with pytest.raises(TimeoutError, match=r"command 99 was not applied within 0\.1 s"):
                core.wait_applied(99, timeout=0.1)
