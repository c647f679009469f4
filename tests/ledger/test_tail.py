"""The loop in the node writes what there is, and survives the database's absence."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psycopg
import pytest

from ledger.check import check
from ledger.consumer import Ledger
from ledger.errors import LedgerUnavailable
from ledger.server import EmbeddedPostgres
from ledger.tail import LedgerTail, TailState
from tests.fix_postgres import FAST
from tests.ledger.feed import MemoryFollower
from tests.ledger.proxy import CuttingProxy
from tests.ledger.replay import expected_of
from tests.ledger.streams import Market


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that the test may kill."""
    server = EmbeddedPostgres(tmp_path / "pg", settings=FAST)
    try:
        server.start()
        yield server
    finally:
        server.destroy()


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def reach(tail: LedgerTail, sequence: int) -> None:
    until(lambda: tail.position >= sequence)


def wait_for_cut(proxy: CuttingProxy, turn: int, tail: LedgerTail) -> None:
    until(lambda: proxy.cuts > turn or tail.lag == 0)


def follow(dsn: str, follower: MemoryFollower, batch: int = 200) -> LedgerTail:
    newest = int(follower.events["sequence"][-1])
    tail = LedgerTail(
        follower, lambda: Ledger(dsn), newest=lambda: newest, batch_events=batch, max_pause_s=0.1
    )
    tail.start()
    return tail


def test_it_writes_what_there_is_and_what_comes(postgres: str, seed: int) -> None:
    market = Market()
    market.random(seed, 2000)
    follower = MemoryFollower(market.events)
    follower.shown = len(market.events) // 2
    tail = follow(postgres, follower)
    until(lambda: tail.position > 900)
    assert str(tail.state) == "live"
    assert tail.lag is not None
    assert tail.lag > 0
    follower.shown = len(market.events)
    until(lambda: tail.lag == 0)
    assert tail.stop()
    assert str(tail.state) == "stopped"
    assert tail.rows > 2000
    assert tail.last_error is None
    assert check(postgres, expected_of(market.engine)) == []


def test_a_stop_that_drains_writes_all_there_is(postgres: str, seed: int) -> None:
    market = Market()
    market.random(seed, 3000)
    tail = follow(postgres, MemoryFollower(market.events))
    assert tail.stop(drain=True, timeout=60)
    assert check(postgres, expected_of(market.engine)) == []


def test_it_begins_where_the_database_stands(postgres: str) -> None:
    market = Market()
    with Ledger(postgres) as ledger:
        ledger.apply(market.events)
    market.trades(5)
    follower = MemoryFollower(market.events)
    assert follow(postgres, follower).stop(timeout=30)
    assert follower.restarts == [34]
    assert check(postgres, expected_of(market.engine)) == []


def test_a_database_that_is_away_is_waited_for(tmp_path: Path, seed: int) -> None:
    market = Market()
    market.random(seed, 300)
    server = EmbeddedPostgres(tmp_path / "pg", settings=FAST)

    def connect() -> Ledger:
        if not server.running:
            raise LedgerUnavailable("not started")
        return Ledger(server.dsn)

    tail = LedgerTail(MemoryFollower(market.events), connect, max_pause_s=0.1)
    tail.start()
    try:
        until(lambda: tail.state == TailState.DOWN)
        assert tail.last_error == "LedgerUnavailable: not started"
        assert tail.lag is None
        server.start()
        until(lambda: tail.position == market.engine.sequence)
        assert tail.stop(timeout=30)
        assert check(server.dsn, expected_of(market.engine)) == []
    finally:
        tail.stop(drain=False)
        server.destroy()


@pytest.mark.parametrize("blow", ["kill the postmaster", "stop the server"])
def test_killed_and_restarted_under_load_it_loses_and_doubles_nothing(
    own_server: EmbeddedPostgres, seed: int, blow: str
) -> None:
    market = Market(accounts=20)
    market.random(seed, 1000)
    market.trades(15_000)
    tail = follow(own_server.dsn, MemoryFollower(market.events), batch=500)
    try:
        for share in (0.1, 0.4, 0.7):
            reach(tail, int(share * market.engine.sequence))
            if blow == "kill the postmaster":
                os.kill(own_server.postmaster_pid or 0, signal.SIGKILL)
                until(lambda: not own_server.running)
            else:
                own_server.stop()
            until(lambda: tail.state == TailState.DOWN)
            own_server.start()
        until(lambda: tail.lag == 0)
        assert tail.stop(timeout=30)
        assert check(own_server.dsn, expected_of(market.engine)) == []
    finally:
        tail.stop(drain=False)


def kill_server(postmaster: int) -> None:
    """With its children: they would serve on for a moment."""
    children = [
        int(file.parent.name)
        for file in Path("/proc").glob("[0-9]*/stat")
        if file.exists() and parent_of(file) == postmaster
    ]
    for process in (postmaster, *children):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_an_embedded_server_that_dies_is_started_again(
    own_server: EmbeddedPostgres, seed: int
) -> None:
    market = Market()
    market.random(seed, 2000)
    follower = MemoryFollower(market.events)
    follower.shown = len(market.events) // 2
    tail = LedgerTail(follower, lambda: Ledger(own_server.start()), max_pause_s=0.1)
    tail.start()
    try:
        reach(tail, 500)
        kill_server(own_server.postmaster_pid or 0)
        follower.shown = len(market.events)
        reach(tail, market.engine.sequence)
        assert "LedgerUnavailable" in (tail.last_error or "")
    finally:
        assert tail.stop(drain=False, timeout=30)
    assert check(own_server.dsn, expected_of(market.engine)) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_of_unknown_outcome_is_resolved_by_asking(
    postgres: str, seed: int, when: str
) -> None:
    market = Market()
    market.random(seed, 500)
    with CuttingProxy(postgres) as proxy, Ledger(proxy.dsn) as ledger:
        proxy.cut_at_commit(when)
        with pytest.raises(LedgerUnavailable):
            ledger.apply(market.events)
        assert proxy.cuts == 1
        ledger.reconnect()
        committed = when == "after"
        assert ledger.last_sequence == (market.engine.sequence if committed else 0)
        assert (ledger.apply(market.events) == 0) == committed
    assert check(postgres, expected_of(market.engine)) == []


def test_connections_cut_again_and_again_lose_and_double_nothing(postgres: str, seed: int) -> None:
    market = Market()
    market.random(seed, 3000)
    with CuttingProxy(postgres) as proxy:
        tail = follow(proxy.dsn, MemoryFollower(market.events), batch=300)
        try:
            for turn in range(8):
                proxy.cut_at_commit("after" if turn % 2 else "before")
                wait_for_cut(proxy, turn, tail)
            until(lambda: tail.lag == 0)
            assert proxy.cuts >= 4
        finally:
            assert tail.stop(drain=False, timeout=30)
    assert check(postgres, expected_of(market.engine)) == []


def test_backends_terminated_under_load_lose_and_double_nothing(postgres: str) -> None:
    market = Market(accounts=20)
    market.trades(5000)
    tail = follow(postgres, MemoryFollower(market.events), batch=300)
    sql = b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
    with psycopg.connect(postgres, autocommit=True) as connection:
        while tail.lag:
            connection.execute(sql + b" AND datname = current_database()", ["lmax ledger 0"])
            time.sleep(0.15)
    assert tail.stop(timeout=30)
    assert check(postgres, expected_of(market.engine)) == []


def test_a_fenced_ledger_stops_for_good(postgres: str) -> None:
    market = Market()
    with Ledger(postgres, epoch=3) as newer:
        newer.apply(market.events)
    tail = follow(postgres, MemoryFollower(market.events))
    until(lambda: tail.state == TailState.FAILED)
    assert "epoch 3 has written" in (tail.last_error or "")
    assert tail.stop()
    assert tail.state == TailState.FAILED


def test_events_with_a_hole_are_asked_for_again(postgres: str) -> None:
    """The first reading skips a command; the second, from the last sequence, does not."""
    market = Market()

    class Forgetful(MemoryFollower):
        def poll(self, max_events: int) -> np.ndarray:
            events = super().poll(max_events)
            return events[1:] if len(self.restarts) == 1 else events

    follower = Forgetful(market.events)
    tail = follow(postgres, follower)
    until(lambda: tail.lag == 0)
    assert tail.stop()
    assert follower.restarts == [0, 0]
    assert "LedgerGap" in (tail.last_error or "")
