"""A follower gets every event once and in order, from the ring or from the disk."""

import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal.history import History
from lmax.records import joined
from lmax.schema import EventFlag
from node.core import Core
from node.follower import AheadOfJournal, Follower
from tests.node.playing import (
    SEGMENT,
    assert_same_events,
    drain,
    market,
    offline,
    submit_all,
    sweep,
)


def core_in(folder: Path, layout: str = "invoker", slots: int = 128) -> Core:
    return Core(folder, layout=layout, slots=slots, segment_bytes=SEGMENT)


@pytest.mark.parametrize("slots", [16, 64, 128, 4096])
def test_at_any_pace_each_event_comes_once_and_in_order(
    tmp_path: Path, seed: int, slots: int
) -> None:
    """Agents, clients and follower stepped in a random order; small rings leave it behind."""
    random = Random(seed)
    commands = market(seed, 4000)
    core = core_in(tmp_path, "invoker", slots)
    follower = Follower(core, tmp_path)
    parts: list[np.ndarray] = []
    moves: Counter[tuple[bool, bool]] = Counter()
    at = turn = 0

    def look(most: int) -> None:
        before = follower.live
        parts.append(follower.poll(most))
        moves[before, follower.live] += 1

    while at < len(commands):
        turn += 1
        for _ in range(random.choice([1, 10, 40])):
            chunk = commands[at : at + random.randint(1, min(64, slots // 4))]
            core.submit(chunk, timeout=10)
            at += len(chunk)
            core.step()
            if turn % 3:
                look(random.choice([1, 7, 100, 16384]))
        look(16384)
    core.wait_applied(len(commands))
    parts += drain(follower, len(commands), core)
    core.stop()
    assert_same_events(parts, offline(tmp_path)[1])
    assert moves[False, True], "it has joined the ring"
    assert moves[True, False] or slots == 4096, "it has been left behind"
    for part in parts:
        if len(part):
            assert part[0]["index"] == 0, "commands are handed over whole"
            assert part[-1]["flags"] & EventFlag.LAST


@pytest.mark.parametrize("slots", [64, 1024])
def test_a_slow_follower_stops_nobody_and_finds_back_to_the_ring(
    tmp_path: Path, seed: int, slots: int
) -> None:
    commands = market(seed, 6000)
    with core_in(tmp_path, "shared", slots) as core:
        follower = Follower(core, tmp_path)
        parts = drain(follower, 0)
        submit_all(core, commands[:4000])
        core.wait_applied(4000)  # without a single poll
        parts += drain(follower, 4000)
        parts.append(follower.poll())
        assert follower.live
        submit_all(core, commands[4000:])
        parts += drain(follower, len(commands))
    assert_same_events(parts, offline(tmp_path)[1])


def test_a_follower_on_its_own_thread_keeps_up_or_catches_up(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    commands = market(seed, 8000)
    parts: list[np.ndarray] = []
    with core_in(tmp_path, "shared", 128) as core:
        follower = Follower(core, tmp_path)

        def follow() -> None:
            deadline = time.monotonic() + 40
            while follower.position < len(commands) and time.monotonic() < deadline:
                parts.append(follower.poll(random.choice([10, 1000])))
                if random.random() < 0.02:
                    time.sleep(random.uniform(0, 0.01))

        thread = threading.Thread(target=follow)
        thread.start()
        submit_all(core, commands, 32)
        thread.join(60)
    assert_same_events(parts, offline(tmp_path)[1])


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_commands_with_more_events_than_the_ring_come_whole(tmp_path: Path, layout: str) -> None:
    commands = sweep(1500)
    core = core_in(tmp_path, layout, 64).start()
    follower = Follower(core, tmp_path)
    parts: list[np.ndarray] = []
    for at in range(0, len(commands), 8):
        core.submit(commands[at : at + 8], timeout=20)
        parts.append(follower.poll())
    core.wait_applied(len(commands))
    parts += drain(follower, len(commands), core if layout == "invoker" else None)
    core.stop()
    assert_same_events(parts, offline(tmp_path)[1])


def test_what_is_published_while_it_joins_the_ring_is_not_missed(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left behind, caught up from the disk; then, before it is back in the ring, more comes.

    No later command follows to uncover the gap.
    """
    commands = market(seed, 600)
    core = core_in(tmp_path, "invoker", 64)
    follower = Follower(core, tmp_path)
    core.submit(commands[:-5], timeout=10)
    core.wait_applied(len(commands) - 5)
    history = follower._history.events_after
    late = [commands[-5:]]

    def events_after(sequence: int, until: int) -> np.ndarray:
        events = history(sequence, until)
        if late and len(events) and events[-1]["sequence"] == until:
            core.wait_applied(core.submit(late.pop()))
        return events

    monkeypatch.setattr(follower._history, "events_after", events_after)
    parts = [follower.poll() for _ in range(50)]
    assert not late
    assert_same_events(parts, offline(tmp_path)[1])
    core.stop()


@pytest.mark.parametrize("live", [True, False])
def test_it_goes_on_after_any_earlier_command(tmp_path: Path, seed: int, live: bool) -> None:
    random = Random(seed)
    commands = market(seed, 400)
    core = core_in(tmp_path, "invoker", 256)
    follower = Follower(core, tmp_path)
    core.submit(commands, timeout=10)
    core.wait_applied(len(commands))
    if live:
        drain(follower, len(commands))
    _, expected = offline(tmp_path)
    for after in [0, 1, len(commands) - 1, len(commands), *random.sample(range(400), 5)]:
        follower.restart(after)
        parts = drain(follower, len(commands), core)
        assert_same_events(parts, expected[expected["sequence"] > after])
        assert not len(follower.poll())
        fresh = Follower(core, tmp_path, after)
        assert_same_events(drain(fresh, len(commands), core), joined(parts or [expected[:0]]))
        fresh.close()
    core.stop()


def test_a_follower_of_a_restarted_core_gets_the_past_and_what_comes(
    tmp_path: Path, seed: int
) -> None:
    commands = market(seed, 2000)
    with core_in(tmp_path, "shared") as core:
        submit_all(core, commands[:1000])
    with core_in(tmp_path, "shared") as core:
        follower = Follower(core, tmp_path, after=300)
        submit_all(core, commands[1000:])
        parts = drain(follower, len(commands))
    expected = offline(tmp_path)[1]
    assert_same_events(parts, expected[expected["sequence"] > 300])


def test_a_follower_ahead_of_the_journal_is_refused(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 10)
    with core_in(tmp_path, "shared") as core:
        submit_all(core, commands)
        core.wait_applied(len(commands))
        follower = Follower(core, tmp_path)
        message = rf"command 999 was seen before, but .* ends with {len(commands)}:"
        with pytest.raises(AheadOfJournal, match=message):
            follower.restart(999)
        with pytest.raises(AheadOfJournal, match=message):
            Follower(core, tmp_path, after=999)


def test_many_followers_come_and_go(tmp_path: Path, seed: int) -> None:
    """A place in the ring is free again when its follower is closed or was refused."""
    core = core_in(tmp_path)
    for _ in range(40):
        Follower(core, tmp_path).close()
        with pytest.raises(AheadOfJournal):
            Follower(core, tmp_path, after=5)
    core.submit(market(seed, 50), timeout=10)
    core.stop()


def test_a_closed_follower_reads_nothing_from_the_ring(tmp_path: Path, seed: int) -> None:
    core = core_in(tmp_path)
    follower = Follower(core, tmp_path)
    follower.poll()
    assert follower.live
    follower.close()
    core.submit(market(seed, 50), timeout=10)
    core.stop()
    assert not len(follower.poll())
    assert not follower.live


def test_history_begins_behind_what_was_asked_for_in_batches_of_any_size(tmp_path: Path) -> None:
    """More than one piece may lie between a snapshot and there, in one large batch."""
    commands = market(5, 30_000)
    with Core(tmp_path) as core:
        last = core.submit(commands)
        core.wait_applied(last)
        _, expected = offline(tmp_path)
        for after in (9_000, 15_000, 20_001):
            history = History(tmp_path)
            events = history.events_after(after, last)
            assert int(events[0]["sequence"]) == after + 1
            assert int(history.commands[0]["sequence"]) == after + 1
            wanted = expected[expected["sequence"] > after][: len(events)]
            assert events.tobytes() == wanted.tobytes()
            history.close()


def test_what_the_standbys_lack_is_not_told_from_the_disk_either(tmp_path: Path) -> None:
    """A primary has it synced, and a follower that is behind reads the journal."""
    commands = market(1, 3000)
    core = Core(
        tmp_path, layout="invoker", slots=4096, segment_bytes=SEGMENT, replicated=True,
        cluster=bytes(16),
    )  # fmt: skip
    core.lead(1)
    core.permitted.value = 1000
    core.submit(commands)
    while core.synced.value < len(commands) or core.business.applied < 1000:
        core.step()
    follower = Follower(core, tmp_path)
    found = [follower.poll() for _ in range(50)]
    assert follower.position == 1000
    core.permitted.value = len(commands)
    while core.business.applied < len(commands):
        core.step()
        found.append(follower.poll())
    found += [follower.poll() for _ in range(50)]
    follower.close()
    core.abandon()
    assert_same_events(found, offline(tmp_path)[1])
