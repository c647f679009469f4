"""Who leads feeds the ledger, and nobody else; what it lacks it reads from the journal."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.check import check
from ledger.consumer import Ledger
from node.control_loop import ControlLoop, ledger_changes
from node.control_metrics import exposition
from node.core import Core
from node.ledger_port import MemberLedger
from node.observing import LedgerSeen, as_json
from node.reconcile import reconcile
from tests.cli.driving import inside
from tests.fix_postgres import postgres as postgres
from tests.fix_postgres import postgres_server as postgres_server
from tests.node.stand_in import StandIn
from tests.simulation.clients import setup


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    with Core(tmp_path / "journal", segment_bytes=1 << 20) as made:
        made.epoch = 3
        yield made


class Node:
    """A member whose core is real, and its ledger."""

    def __init__(self, core: Core, dsn: str | Callable[[], str], *, role: str = "PRIMARY") -> None:
        self.member = StandIn(role=role)
        self.member.core = core
        self.told: list[str] = []
        self.ledger = MemberLedger(
            self.member,
            lambda epoch: Ledger(dsn if isinstance(dsn, str) else dsn(), epoch=epoch),
            self.told.append,
        )

    @property
    def seen(self) -> LedgerSeen:
        return self.ledger.seen()

    def until_fed(self) -> None:
        end = self.member.core.input.cursor
        until(lambda: self.seen.position >= end)


def trade(core: Core) -> None:
    core.wait_applied(core.submit(setup()))


def stored(dsn: str) -> tuple[int, int]:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT last_sequence, epoch FROM lmax.progress").fetchone()
    assert row is not None
    return row


def test_who_leads_feeds_it_and_stops_when_another_one_leads(core: Core, postgres: str) -> None:
    trade(core)
    node = Node(core, postgres, role="STANDBY")
    assert node.seen == LedgerSeen()
    node.member.lead("a")
    node.ledger.changed()
    node.until_fed()
    assert (node.seen.state, node.seen.lag, node.seen.epoch) == ("live", 0, 3)
    assert reconcile(core.journal.directory, postgres)[1] == []
    node.member.follow("b")
    node.ledger.changed()
    assert node.seen == LedgerSeen()
    before = stored(postgres)
    trade(core)
    assert stored(postgres) == before
    assert node.told == [
        "feeds the ledger, in epoch 3",
        f"feeds the ledger no more, in which is command {before[0]}",
    ]
    node.ledger.close()


def test_a_stale_primary_is_refused_by_its_epoch_however_long_it_feeds(
    core: Core, postgres: str
) -> None:
    """The one that does not know yet that another one leads goes on, and reaches nothing."""
    trade(core)
    stale = Node(core, postgres)
    stale.until_fed()
    with Ledger(postgres, epoch=4):
        assert stored(postgres) == (core.input.cursor, 4), "claimed before anything is written"
        trade(core)
        until(lambda: stale.seen.state == "failed")
    assert "epoch 4 has written to this ledger, we are 3" in stale.seen.problem
    assert stored(postgres)[0] < core.input.cursor
    assert check(postgres) == []
    stale.ledger.close()


def test_a_session_that_stands_in_a_transaction_does_not_hold_up_its_successor(
    core: Core, postgres: str
) -> None:
    """A primary that is stopped between two statements keeps the lock of its last one."""
    trade(core)
    with psycopg.connect(postgres, application_name="lmax ledger 2") as stands:
        stands.execute("UPDATE lmax.progress SET updated = now()")
        node = Node(core, postgres)
        node.until_fed()
        with pytest.raises(psycopg.OperationalError):
            stands.execute("SELECT 1")
    node.ledger.close()
    assert reconcile(core.journal.directory, postgres)[1] == []


def test_a_database_that_is_ahead_of_the_journal_is_told_loudly(core: Core, postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        connection.execute("UPDATE lmax.progress SET last_sequence = 1000000")
    trade(core)
    node = Node(core, postgres)
    until(lambda: node.seen.state == "failed")
    assert "command 1000000 was seen before, but the journal" in node.seen.problem
    core.wait_applied(core.input.cursor)
    node.ledger.close()


def test_a_postgresql_that_does_not_answer_is_told_and_left_at_once(
    core: Core, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.ledger_port.SLOW_S", 0.05)
    node = Node(core, postgres)
    until(lambda: node.seen.state == "live")
    with psycopg.connect(postgres) as other:
        other.execute("LOCK TABLE lmax.progress")
        trade(core)
        until(lambda: node.seen.problem.startswith("PostgreSQL does not answer"))
        assert node.seen.lag
        feeder = node.ledger._feeder
        assert feeder is not None
        node.member.follow("b")
        node.ledger.changed()
        until(lambda: str(feeder.seen().state) == "stopped", seconds=30)
    node.ledger.close()


def test_a_machine_that_has_no_thread_left_is_told_and_asked_again(
    core: Core, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node goes on: what is wrong with the ledger is the ledger's."""

    def none_left(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("node.ledger_port.PAUSE_S", 0.0)
    trade(core)
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", none_left)
        node = Node(core, postgres)
        node.ledger.changed()
    assert (node.seen.state, node.seen.epoch, node.seen.lag) == ("down", 3, None)
    assert "can't start new thread" in node.seen.problem
    node.member.follow("b")
    node.ledger.changed()
    assert node.seen == LedgerSeen()
    node.member.lead("a")
    node.ledger.changed()
    node.until_fed()
    assert node.told == ["feeds the ledger, in epoch 3"]
    node.ledger.close()


def test_a_node_that_ends_writes_what_it_has(core: Core, postgres: str) -> None:
    node = Node(core, postgres)
    trade(core)
    node.ledger.close()
    assert reconcile(core.journal.directory, postgres)[1] == []


def test_f27_a_database_that_has_lost_its_last_commits_gets_them_again(
    core: Core, postgres: str
) -> None:
    """As a copy that takes over, which had not all of it yet."""
    trade(core)
    node = Node(core, postgres)
    node.until_fed()
    node.ledger.close()
    place = make_conninfo(postgres, dbname="postgres")
    name = f"{conninfo_to_dict(postgres)['dbname']}_copy"
    with psycopg.connect(place, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {conninfo_to_dict(postgres)['dbname']}")
        try:
            places = [postgres]
            node = Node(core, lambda: places[-1])
            trade(core)
            node.until_fed()
            places.append(make_conninfo(postgres, dbname=name))
            end_sessions(admin, postgres)
            trade(core)
            until(lambda: stored(places[-1])[0] == core.input.cursor)
            node.ledger.close()
            assert reconcile(core.journal.directory, places[-1])[1] == []
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def end_sessions(admin: psycopg.Connection, dsn: str) -> None:
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    admin.execute(sql, [conninfo_to_dict(dsn)["dbname"]])


def test_the_check_compares_so_far_as_the_ledger_has_come(
    core: Core, postgres: str, tmp_path: Path
) -> None:
    trade(core)
    node = Node(core, postgres)
    node.until_fed()
    node.ledger.close()
    command = ("ledger", "check", tmp_path, "--dsn", postgres, "--json")
    assert inside(*command).code == 0
    last = core.input.cursor
    trade(core)
    behind = inside(*command)
    assert behind.code == 1
    assert behind.json["differences"][0]["what"] == "last sequence"
    assert "--so-far" in behind.errors
    so_far = inside(*command, "--so-far")
    assert so_far.code == 0
    assert (so_far.json["discrepancies"], so_far.json["last_sequence"]) == (0, last)
    with psycopg.connect(postgres) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE lmax.balances SET cash = cash + 7 WHERE account = 1")
    wrong = inside(*command, "--so-far")
    assert wrong.code == 1
    assert any(found["what"] == "cash" for found in wrong.json["differences"])


def test_the_control_port_tells_how_it_stands(core: Core, postgres: str) -> None:
    trade(core)
    node = Node(core, postgres)
    loop = ControlLoop(
        "a", "lmax", lambda told, replaying: node.member, feed=lambda member, told: node.ledger
    )
    loop.start()
    end = core.input.cursor
    assert loop.wait(lambda seen: seen.ledger is not None and seen.ledger.lag == 0, 60)
    told = as_json(loop.seen)["ledger"]
    assert {**told, "rows": 0} == {
        "state": "live", "epoch": 3, "position": end, "lag": 0, "rows": 0, "problem": "",
    }  # fmt: skip
    lines = exposition(loop).decode().splitlines()
    for name, value in (("feeds", 1), ("epoch", 3), ("sequence", end), ("lag_commands", 0)):
        assert f"lmax_ledger_{name} {value:.1f}" in lines
    node.member.follow("b")
    assert loop.wait(lambda seen: seen.ledger == LedgerSeen(), 60)
    assert "lmax_ledger_feeds 0.0" in exposition(loop).decode().splitlines()
    loop.end()
    loop.join(60)
    assert loop.error is None


def test_what_becomes_of_it_is_logged_once() -> None:
    live = LedgerSeen("live", 3, 7, 0)
    down = LedgerSeen("down", 3, 7, 4, problem="it is away")
    assert ledger_changes(LedgerSeen("starting", 3), live) == ["ledger: goes on behind command 7"]
    assert ledger_changes(live, down) == ["ledger: it is away"]
    assert ledger_changes(down, down) == []
    again = ledger_changes(down, live)
    assert again == ["ledger: goes on behind command 7", "ledger: all is well again"]
    assert ledger_changes(live, LedgerSeen()) == []
    assert ledger_changes(None, None) == []
