"""What passes by itself is waited for, and who was told to end claims nothing any more."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ledger.check import check
from ledger.consumer import Ledger
from ledger.errors import LedgerUnavailable
from ledger.home import Home
from ledger.server import EmbeddedPostgres
from ledger.tail import LedgerTail, TailState
from tests.fix_postgres import FAST
from tests.ledger.feed import MemoryFollower
from tests.ledger.replay import expected_of
from tests.ledger.streams import Market


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def up(home: Home) -> bool:
    """Also to be read only, as a copy that follows; the server's own start wants more."""
    try:
        lines = (home.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() in ("ready", "standby")


def test_a_copy_that_is_still_in_recovery_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name leads there already, and it takes over a little later."""
    monkeypatch.setattr("ledger.server._ready", up)
    market = Market()
    market.trades(5)
    server = EmbeddedPostgres(tmp_path / "pg", settings=FAST)
    try:
        Ledger(server.start()).close()
        assert server._home is not None
        server.stop()
        signal = server._home.data / "standby.signal"
        signal.touch()
        signal.chmod(0o666)
        server.start()
        with pytest.raises(LedgerUnavailable, match=r"PostgreSQL is away: .*hot standby"):
            Ledger(server.dsn)
        tail = LedgerTail(
            MemoryFollower(market.events), lambda: Ledger(server.dsn), max_pause_s=0.1
        )
        tail.start()
        until(lambda: tail.state == TailState.DOWN)
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")
        until(lambda: tail.position == market.engine.sequence)
        assert tail.stop(timeout=60)
        assert check(server.dsn, expected_of(market.engine)) == []
    finally:
        server.destroy()


def test_a_transaction_that_stood_still_for_too_long_is_done_again(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process was stopped in the middle of it, and PostgreSQL ended the session."""
    market = Market()
    write = Ledger._write_rows

    def late(connection: psycopg.Connection, batch: object) -> int:
        connection.execute("SET idle_in_transaction_session_timeout = '1ms'")
        with psycopg.connect(postgres, autocommit=True) as other:
            sql = "SELECT FROM pg_stat_activity WHERE pid = %s"
            pid = [connection.info.backend_pid]
            until(lambda: other.execute(sql, pid).fetchone() is None)
        return write(connection, batch)  # type: ignore[arg-type]

    with Ledger(postgres) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "_write_rows", staticmethod(late))
            with pytest.raises(LedgerUnavailable, match="idle-in-transaction timeout"):
                ledger.apply(market.events)
        ledger.reconnect()
        assert ledger.apply(market.events) > 0
    assert check(postgres, expected_of(market.engine)) == []


def test_who_is_ended_before_it_begins_does_not_connect() -> None:
    asked: list[None] = []

    def connect() -> Ledger:
        asked.append(None)
        raise LedgerUnavailable("not to be asked")

    tail = LedgerTail(MemoryFollower(Market().events), connect, delay_s=3600)
    tail.start()
    tail.interrupt()
    assert tail.stop(drain=False, timeout=60)
    assert tail.state == TailState.STOPPED
    assert not asked


def test_who_is_ended_while_it_connects_reads_and_writes_nothing(postgres: str) -> None:
    connecting, go_on = threading.Event(), threading.Event()
    follower = MemoryFollower(Market().events)

    def connect() -> Ledger:
        connecting.set()
        assert go_on.wait(60)
        return Ledger(postgres)

    tail = LedgerTail(follower, connect)
    tail.start()
    assert connecting.wait(60)
    tail.interrupt()
    go_on.set()
    assert tail.stop(drain=False, timeout=60)
    assert tail.state == TailState.STOPPED
    assert (follower.restarts, tail.rows) == ([], 0)
