"""Snapshots of a running node: F01 and F06 with real processes, and who reads events behind one."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random

import pytest

from journal.keys import Keys
from journal.reader import Reader
from journal.recovery import resume
from journal.replay import replayed
from journal.snapshots import SnapshotStore
from lmax import Engine
from lmax._engine import Engine as OfflineEngine
from node.core import Core
from node.follower import Follower
from node.snapshots import Every, SnapshotKeeper, SnapshotStatus, parse_every, take_one
from tests.node.playing import (
    SEGMENT,
    assert_same_events,
    drain,
    market,
    offline,
    submit_all,
    until,
)

ROOT = Path(__file__).resolve().parent.parent.parent
KILL_ROUNDS = int(os.environ.get("LMAX_KILL_ROUNDS", "3"))


def test_a_node_goes_on_from_its_snapshot_with_books_and_balances(
    tmp_path: Path, seed: int
) -> None:
    folder = tmp_path / "journal"
    with Core(folder, segment_bytes=SEGMENT) as core:
        core.start_snapshots(Every(commands=1_000))
        submit_all(core, market(seed, 6_000))
        core.wait_applied(core.input.cursor)
        assert core.snapshots is not None
        keeper = core.snapshots
        until(lambda: keeper.status.taken > 0 or keeper.status.problem != "")
        assert keeper.status.problem == ""
        submit_all(core, market(seed + 1, 500))
        core.wait_applied(core.input.cursor)
        before = core.business.state.state_hash
    assert len(SnapshotStore.of(folder).names()) in (1, 2)
    with Core(folder, segment_bytes=SEGMENT) as core:
        assert core.recovery.sequence >= 1_000
        assert core.recovery.passed == []
        assert core.business.state.state_hash == before == replayed(folder).state_hash
        for instrument in core.business.state.instruments():
            book = core.business.state.book(instrument)
            depth = core.marketdata.depth(instrument, None)
            assert [tuple(level) for level in depth.bids] == book.bids()
            assert [tuple(level) for level in depth.asks] == book.asks()
        submit_all(core, market(seed + 2, 1_000))
        core.wait_applied(core.input.cursor)
        core.business.state.check()
    assert replayed(folder).state_hash == core.business.state.state_hash


def test_a_follower_behind_the_snapshot_gets_every_event_once(tmp_path: Path, seed: int) -> None:
    """As a ledger that was away: from the snapshot before it, or from the first command."""
    folder = tmp_path / "journal"
    with Core(folder, segment_bytes=SEGMENT, layout="invoker") as core:
        submit_all(core, market(seed, 3_000))
        core.wait_applied(core.input.cursor)
    at = take_one(folder, Keys())["sequence"]
    with Core(folder, segment_bytes=SEGMENT, layout="invoker") as core:
        assert core.recovery.sequence == at
        submit_all(core, market(seed + 1, 2_000))
        core.wait_applied(core.input.cursor)
        expected = offline(folder)[1]
        for position in (0, at - 1, at, at + 1, core.recovered):
            follower = Follower(core, folder, after=position)
            parts = drain(follower, core.input.cursor, core)
            assert_same_events(parts, expected[expected["sequence"] > position])
            follower.close()


def test_f01_f06_a_node_killed_while_snapshots_are_taken_comes_back_to_the_same_state(
    tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    safe, snapshots = 0, 0
    for turn in range(KILL_ROUNDS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.node.doomed", str(tmp_path), str(seed)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        lines: list[str] = []
        assert process.stdout
        first = process.stdout.readline()
        assert first.startswith("recovered "), first
        reading = threading.Thread(target=lines.extend, args=(process.stdout,))
        reading.start()
        time.sleep(random.uniform(0.3, 2.0))
        process.kill()
        process.wait(30)
        reading.join(30)
        safe = max([safe, *(int(line.split()[1]) for line in lines if line.endswith("\n"))])
        engine = OfflineEngine()
        with Reader(tmp_path / "journal") as reader:
            found = resume(engine, reader, SnapshotStore.of(tmp_path / "journal"))
            for commands in reader.batches():
                engine.skim(commands)
        assert found.passed == [], f"kill {turn + 1}"
        assert engine.sequence >= safe
        assert engine.state_hash == replayed(tmp_path / "journal").state_hash
        snapshots = max(snapshots, found.sequence)
    assert safe > 0


def test_f06_who_takes_a_snapshot_may_be_killed_at_any_moment(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "journal"
    random = Random(seed)
    for turn in range(2 * KILL_ROUNDS):
        with Core(folder, segment_bytes=SEGMENT, layout="invoker") as core:
            submit_all(core, market(seed + turn, 2_000))
            core.wait_applied(core.input.cursor)
            last = core.input.cursor
        process = subprocess.Popen(
            [sys.executable, "-m", "node.snapshots", str(folder), "2"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(random.uniform(0.15, 0.6))
        process.kill()
        process.wait(30)
        store = SnapshotStore.of(folder)
        assert len(list(store.good())) == len(store.names())
    found = take_one(folder, Keys())
    assert last - 8_191 <= found["sequence"] < last
    assert not list((tmp_path / "snapshots").glob("*.new"))


def test_a_snapshot_that_cannot_be_taken_is_told_and_stops_nothing(
    tmp_path: Path, seed: int
) -> None:
    (tmp_path / "snapshots").write_text("a file in the folder's place")
    with Core(tmp_path / "journal", segment_bytes=SEGMENT) as core:
        core.start_snapshots(Every(seconds=0.2))
        for part in range(3):
            submit_all(core, market(seed + part, 500))
            core.wait_applied(core.input.cursor)
        assert core.snapshots is not None
        keeper = core.snapshots
        until(lambda: keeper.status.problem != "")
        assert keeper.status.problem.startswith("no snapshot was taken: ")
        assert "snapshots" in keeper.status.problem
        submit_all(core, market(seed + 1, 500))
        core.wait_applied(core.input.cursor)


def test_an_encrypted_node_hands_its_keys_to_who_takes_its_snapshots(
    tmp_path: Path, seed: int
) -> None:
    keys = Keys({3: bytes(range(32)), 1: bytes(32)}, 3)
    folder = tmp_path / "journal"
    with Core(folder, segment_bytes=SEGMENT, journal_key=keys) as core:
        core.start_snapshots(Every(commands=1_000))
        submit_all(core, market(seed, 3_000))
        core.wait_applied(core.input.cursor)
        assert core.snapshots is not None
        keeper = core.snapshots
        until(lambda: keeper.status.taken > 0 or keeper.status.problem != "")
        assert keeper.status.problem == ""
        before = core.business.state.state_hash
    store = SnapshotStore.of(folder, keys)
    assert store.check(store.names()[0]).key == 3
    with Core(folder, segment_bytes=SEGMENT, journal_key=keys) as core:
        assert core.recovery.snapshot
        assert core.business.state.state_hash == before


def in_place_of_python(folder: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Have who takes a snapshot do that, and then not end by itself."""
    script = folder / "script"
    script.write_text(f"#!/bin/sh\n{command}\nexec sleep 600\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


def test_stopping_gives_up_the_snapshot_that_is_under_way(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "journal"
    with Core(folder, segment_bytes=SEGMENT) as core:
        submit_all(core, market(seed, 1_000))
        core.wait_applied(core.input.cursor)
    begun = tmp_path / "begun"
    in_place_of_python(tmp_path, monkeypatch, f"touch {begun}")
    keeper = SnapshotKeeper(folder, Keys(), Every(seconds=0.01), synced=lambda: 1_000)
    keeper.start()
    until(begun.exists)
    began = time.monotonic()
    keeper.stop()
    assert time.monotonic() - began < 60, "it was waited for"
    assert keeper.status == SnapshotStatus(0, 0, "")
    keeper.stop()


def test_a_snapshot_in_its_place_is_counted_though_its_process_was_ended(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "journal"
    with Core(folder, segment_bytes=SEGMENT, layout="invoker") as core:
        for part in range(2):
            core.wait_applied(core.submit(market(seed + part, 500)))
        synced = core.input.cursor
    in_place_of_python(tmp_path, monkeypatch, f'"{sys.executable}" "$@"')
    keeper = SnapshotKeeper(folder, Keys(), Every(seconds=0.01), synced=lambda: synced)
    store = SnapshotStore.of(folder)
    keeper.start()
    until(lambda: store.names() != [])
    assert keeper.status.taken == 0
    keeper.stop()
    assert keeper.status.taken == 1
    assert keeper.status.sequence == store.header(store.names()[0]).sequence > 0


def test_an_embedded_engine_has_snapshots_taken_and_reads_events_from_before_them(
    tmp_path: Path, seed: int
) -> None:
    with Engine.open(tmp_path, snapshot_every=1_000, segment_bytes=SEGMENT) as engine:
        last = engine.submit(market(seed, 3_000))
        engine.wait(last)
        until(lambda: bool(SnapshotStore.of(tmp_path / "journal").names()))
        sequence, before = engine.state_hash()
    assert sequence == last
    expected = offline(tmp_path / "journal")[1]
    with Engine.open(tmp_path, after=700, segment_bytes=SEGMENT) as engine:
        assert engine.state_hash() == (last, before)
        found = []
        while engine.read_up_to < last:
            found.append(engine.event_array(timeout=5.0))
        assert_same_events(found, expected[expected["sequence"] > 700])
        assert engine.account(1).sequence == last


@pytest.mark.parametrize("text", ["", "x", "5", "-1", "nans", "0.5s", "1e9", "s", "-3s"])
def test_how_often_is_refused_where_it_makes_no_sense(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_every(text)


def test_a_snapshot_is_due_after_commands_or_seconds_and_never_without_a_command() -> None:
    assert not parse_every("0")
    assert parse_every("1000").is_due(1_000, 0.0)
    assert not parse_every("1000").is_due(999, 1e9)
    assert parse_every("600s").is_due(1, 600.0)
    assert not parse_every("600s").is_due(1, 599.0)
    assert not parse_every("600s").is_due(0, 1e9)
