"""A batch of events is in the database once, whole, or not at all."""

import random
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.check import check
from ledger.consumer import Ledger
from ledger.errors import LedgerCorrupt, LedgerFenced, LedgerGap, LedgerUnavailable
from lmax.records import joined
from tests.ledger.replay import expected_of
from tests.ledger.streams import Market, commands_of


def rows(dsn: str, sql: str) -> list:
    with psycopg.connect(dsn) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
def test_however_the_events_are_cut_the_ledger_equals_the_engine(
    postgres: str, seed: int, size: int
) -> None:
    market = Market()
    market.random(seed, 400 if size == 1 else 3000)
    with Ledger(postgres) as ledger:
        for events in commands_of(market.events, size):
            ledger.apply(events)
        assert ledger.last_sequence == market.engine.sequence
    assert check(postgres, expected_of(market.engine)) == []


def test_batches_of_any_size_applied_again_and_again_are_written_once(
    postgres: str, seed: int
) -> None:
    market, chance = Market(), random.Random(seed)
    market.random(seed, 1500)
    parts = commands_of(market.events, 10)
    with Ledger(postgres) as ledger:
        done = 0
        while done < len(parts):
            first = chance.randint(max(0, done - 5), done)
            last = chance.randint(first, min(len(parts), first + 12))
            if last > first:
                ledger.apply(joined(parts[first:last]))
                done = max(done, last)
    assert check(postgres, expected_of(market.engine)) == []


def test_a_batch_applied_twice_writes_no_row_the_second_time(postgres: str) -> None:
    market = Market()
    with Ledger(postgres) as ledger:
        assert ledger.apply(market.events) > 0
        assert ledger.apply(market.events) == 0
        assert ledger.apply(market.events[:0]) == 0


def test_rows_written_are_counted_table_by_table(postgres: str) -> None:
    """A trade of two new orders: two orders, a trade, four postings, two holdings each way."""
    market = Market()
    with Ledger(postgres) as ledger:
        ledger.apply(market.events)
        assert ledger.apply(market.trades(1)) == 2 + 1 + 4 + 2 + 2


def test_a_gap_is_refused_and_nothing_is_written(postgres: str) -> None:
    market = Market()
    later = market.trades(3)
    with Ledger(postgres) as ledger:
        with pytest.raises(LedgerGap, match="after sequence 0 comes 35"):
            ledger.apply(later)
        ledger.apply(market.events[: -len(later)])
        parts = commands_of(later, 1)
        with pytest.raises(LedgerGap, match="after sequence 36 comes 38"):
            ledger.apply(joined([parts[0], parts[1], parts[3]]))
        assert ledger.last_sequence == 34
        assert ledger.apply(later) > 0


def test_part_of_a_command_is_refused(postgres: str) -> None:
    market = Market()
    part = market.trades(1)[:-1]
    with Ledger(postgres) as ledger, pytest.raises(ValueError, match="ends inside command 36"):
        ledger.apply(part)


def test_two_ledgers_that_write_the_same_events_at_once_write_them_once(
    postgres: str, seed: int
) -> None:
    market = Market()
    market.random(seed, 2000)
    parts = commands_of(market.events, 50)

    def feed(_: int) -> int:
        with Ledger(postgres) as ledger:
            return sum(ledger.apply(events) for events in parts)

    with Ledger(postgres), ThreadPoolExecutor(3) as pool:
        written = list(pool.map(feed, range(3)))
    assert sum(written) > 0
    assert check(postgres, expected_of(market.engine)) == []


def test_a_lower_epoch_is_refused_once_a_higher_one_has_written(postgres: str) -> None:
    market = Market()
    first, second = commands_of(market.events, 20)
    with Ledger(postgres, epoch=1) as old:
        old.apply(first)
        with Ledger(postgres, epoch=2) as new:
            new.apply(second)
        with pytest.raises(LedgerUnavailable):  # its session was ended
            old.apply(second)
        with pytest.raises(LedgerFenced, match="epoch 2 has written"):
            old.reconnect()
        with pytest.raises(LedgerFenced):
            Ledger(postgres, epoch=1)
    assert check(postgres, expected_of(market.engine)) == []


def test_who_connects_ends_the_sessions_of_lower_epochs_and_no_others(postgres: str) -> None:
    """Whoever is late comes with the epoch it had: its successor's session is not its to end."""
    with Ledger(postgres, epoch=9) as lower, Ledger(postgres, epoch=11) as higher:
        names = ("lmax ledger", "lmax ledger 10", "lmax ledger 12", "lmax ledger 9x")
        others = [psycopg.connect(postgres, application_name=name) for name in names]
        rows(postgres, "UPDATE lmax.progress SET epoch = 1 RETURNING epoch")
        with Ledger(postgres, epoch=10):
            there = rows(postgres, "SELECT application_name FROM pg_stat_activity"
                                   " WHERE datname = current_database()")  # fmt: skip
        with pytest.raises(LedgerUnavailable):
            lower.apply(Market().events)
        assert higher.apply(Market().events) > 0
        assert {name for (name,) in there} >= {*names, "lmax ledger 11"}
        for other in others:
            other.close()


def test_events_that_contradict_the_database_are_refused_whole(postgres: str) -> None:
    """The balance row of an account that trades has vanished: nothing of the batch stays."""
    market = Market()
    with Ledger(postgres) as ledger:
        ledger.apply(market.events)
        rows(postgres, "DELETE FROM lmax.balances WHERE account = 1 RETURNING account")
        with pytest.raises(LedgerCorrupt, match=r"change 2 rows of lmax\.balances"):
            ledger.apply(market.trades(1))
    assert rows(postgres, "SELECT count(*) FROM lmax.trades") == [(0,)]
    assert rows(postgres, "SELECT last_sequence FROM lmax.progress") == [(34,)]


def test_a_lost_connection_is_unavailable_until_reconnected(postgres: str) -> None:
    market = Market()
    with Ledger(postgres) as ledger:
        rows(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE application_name = 'lmax ledger 0'")  # fmt: skip
        with pytest.raises(LedgerUnavailable, match="PostgreSQL is away"):
            ledger.apply(market.events)
        with pytest.raises(LedgerUnavailable, match="reconnect first"):
            ledger.apply(market.events)
        ledger.reconnect()
        assert ledger.apply(market.events) > 0
    assert check(postgres, expected_of(market.engine)) == []


def test_a_database_that_lost_its_last_commits_says_where_it_stands(postgres: str) -> None:
    """After a failover to an older copy the events are read again from there."""
    market = Market()
    first, second = commands_of(market.events, 20)
    name = conninfo_to_dict(postgres)["dbname"]
    ledger = Ledger(postgres)
    ledger.apply(first)
    ledger.close()
    admin = make_conninfo(postgres, dbname="postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}_old TEMPLATE {name}".encode())
        ledger.reconnect()
        ledger.apply(second)
        ledger.close()
        connection.execute(f"DROP DATABASE {name}".encode())
        connection.execute(f"ALTER DATABASE {name}_old RENAME TO {name}".encode())
    ledger.reconnect()
    assert ledger.last_sequence == 20
    ledger.apply(second)
    ledger.close()
    assert check(postgres, expected_of(market.engine)) == []


def test_rejections_are_counted_by_reason(postgres: str, seed: int) -> None:
    market = Market()
    market.random(seed, 1000)
    with Ledger(postgres) as ledger:
        for events in commands_of(market.events, 200):
            ledger.apply(events)
    counted = dict(rows(postgres, "SELECT reason, count FROM lmax.rejections"))
    assert counted == {int(r): n for r, n in market.engine.rejected.items() if n}


@pytest.mark.parametrize("table", ["trades", "postings"])
@pytest.mark.parametrize("change", ["UPDATE {} SET index = 5", "DELETE FROM {}", "TRUNCATE {}"])
def test_rows_of_the_ledger_cannot_be_changed_or_deleted(
    postgres: str, table: str, change: str
) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="never changed or deleted"):
        rows(postgres, change.format(f"lmax.{table}"))


def test_postings_that_do_not_sum_to_zero_are_refused_by_the_database(postgres: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="sum to 5 in asset 0"):
        rows(postgres, "INSERT INTO lmax.postings VALUES (1, 1, 5, 0, 1, 0, 0) RETURNING 1")
