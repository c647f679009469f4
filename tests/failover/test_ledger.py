"""A cluster feeds its ledger, a real PostgreSQL, and both are hurt: it is the journal, folded."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.consumer import Ledger
from ledger.errors import LedgerFenced
from ledger.migrate import migrate
from ledger.server import EmbeddedPostgres
from node.reconcile import reconcile_so_far
from tests.cli.driving import inside
from tests.failover.scenes import Scene, scene
from tests.fix_postgres import FAST

NOTES = """
CREATE TABLE public.notes (number bigserial, epoch bigint, sequence bigint);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.notes (epoch, sequence) VALUES (NEW.epoch, NEW.last_sequence);
     RETURN NULL; END';
CREATE TRIGGER noted AFTER UPDATE ON lmax.progress FOR EACH ROW EXECUTE FUNCTION public.note();
"""
"""Who wrote what, in the order in which it was committed: the row's lock sees to that."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that the test may kill, with the ledger's tables."""
    made = EmbeddedPostgres(tmp_path / "pg", settings=FAST)
    try:
        with psycopg.connect(made.start(), autocommit=True) as connection:
            migrate(connection)
            connection.execute(NOTES)
        yield made
    finally:
        made.destroy()


def notes(dsn: str) -> list[tuple[int, int]]:
    """(epoch, last sequence) of every transaction."""
    with psycopg.connect(dsn) as connection:
        sql = "SELECT epoch, sequence FROM public.notes ORDER BY number"
        return connection.execute(sql).fetchall()


def ledger_of(it: Scene, name: str) -> dict[str, Any]:
    return it.machine.status(name).get("ledger") or {}


def until_ledger(it: Scene) -> None:
    """Until it holds what has been answered by now."""
    last = max(it.load.acknowledged)
    names = list(it.machine.processes)
    it.until(
        "the ledger stays behind",
        lambda: any(ledger_of(it, name).get("position", 0) >= last for name in names),
    )


def equal(it: Scene, dsn: str) -> None:
    """Everything was written, once, by one primary at a time; the journal says the same."""
    until_ledger(it)
    last = max(it.load.acknowledged)
    it.good()
    for name in it.machine.files:
        state, differences = reconcile_so_far(it.machine.journal(name), dsn)
        assert differences == []
        assert state.sequence >= last
        assert state.trades > 100
    written = notes(dsn)
    assert written == sorted(written), "an earlier epoch, or an earlier command, came after"
    # One that led for a moment only may have written nothing.
    assert {epoch for epoch, _ in written} <= it.led.keys()
    assert written[-1][0] == max(it.led)


@pytest.mark.timeout(300)
def test_a_killed_primarys_successor_goes_on_with_the_ledger(
    tmp_path: Path, server: EmbeddedPostgres
) -> None:
    with scene(tmp_path, ledger=server.dsn) as it:
        it.until_answered(300)
        primary, standby = it.roles()
        until_ledger(it)
        assert ledger_of(it, primary)["state"] == "live"
        assert ledger_of(it, standby)["state"] == "off"
        it.machine.kill(primary)
        it.until_status(standby, role="PRIMARY")
        it.until_answered(300)
        until_ledger(it)
        assert ledger_of(it, standby)["epoch"] == 2
        it.machine.start(primary)
        it.until_in_sync()
        for name in it.machine.files:
            checked = inside("ledger", "check", it.machine.files[name], "--json")
            assert checked.code == 0, checked.output + checked.errors
            assert checked.json["discrepancies"] == 0
            assert checked.json["trades"] > 100
        it.load.stop()
        equal(it, server.dsn)


@pytest.mark.timeout(300)
def test_f07_a_primary_that_stood_still_writes_nothing_into_the_ledger_any_more(
    tmp_path: Path, server: EmbeddedPostgres
) -> None:
    """Perhaps it stands in the middle of a transaction: its successor does not wait for that."""
    with scene(tmp_path, ledger=server.dsn, rate=2000) as it:
        it.until_answered(300)
        stale, other = it.roles()
        until_ledger(it)
        it.freeze(stale)
        it.until_status(other, role="PRIMARY")
        it.until_answered(300)
        until_ledger(it)
        assert notes(server.dsn)[-1][0] == 2
        it.wake(stale)
        it.until_in_sync()
        it.until_answered(100)
        assert ledger_of(it, stale)["state"] == "off"
        with pytest.raises(LedgerFenced, match="epoch 2 has written"):
            Ledger(server.dsn, epoch=1)
        it.load.stop()
        equal(it, server.dsn)


@pytest.mark.timeout(300)
def test_f27_postgresql_is_killed_and_a_primary_too_and_all_is_caught_up(
    tmp_path: Path, server: EmbeddedPostgres
) -> None:
    """Orders go on without it, also those of a primary that never saw it."""
    with scene(tmp_path, ledger=server.dsn) as it:
        it.until_answered(300)
        primary, standby = it.roles()
        until_ledger(it)
        os.kill(server.postmaster_pid or 0, signal.SIGKILL)
        it.until("PostgreSQL runs on", lambda: not server.running)
        it.until("nobody notices", lambda: ledger_of(it, primary).get("state") == "down")
        assert "PostgreSQL is away" in str(ledger_of(it, primary)["problem"])
        it.until_answered(300)
        assert it.said(primary, "ledger: LedgerUnavailable: PostgreSQL is away")
        it.machine.kill(primary)
        it.until_status(standby, role="PRIMARY")
        it.until_answered(300)
        it.machine.start(primary)
        it.until_in_sync()
        server.start()
        until_ledger(it)
        it.until_said(standby, "ledger: all is well again")
        it.load.stop()
        equal(it, server.dsn)
