"""Ctrl-C, SIGTERM, kill -9, and a PostgreSQL that comes and goes."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from journal.replay import replayed
from ledger.server import EmbeddedPostgres
from tests.cli.driving import SMALL, inside, last_applied, left_behind, lmax, running
from tests.fix_postgres import FAST


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains_and_closes(tmp_path: Path, postgres: str, number: signal.Signals):
    data = tmp_path / "data"
    options = ["--dir", data, "--dsn", postgres, "--for", "0", "--rate", "2000", *SMALL]
    with running(tmp_path, "run", *options, "--json") as run:
        run.until_trading()
        run.signal(number)
        done = run.ended()
    assert done.code == 0, done.errors
    assert done.json["interrupted"]
    assert done.json["discrepancies"] == 0
    assert done.json["last_sequence"] >= last_applied(done.errors) > 0
    assert replayed(data / "journal").sequence == done.json["last_sequence"]


def test_a_second_signal_ends_at_once(tmp_path: Path):
    data = tmp_path / "data"
    nowhere = f"host={tmp_path} dbname=none"
    options = ["--dir", data, "--dsn", nowhere, "--for", "0", "--rate", "500", *SMALL]
    with running(tmp_path, "run", *options, "--json", "--patience", "60") as run:
        run.until_trading()
        run.signal(signal.SIGINT)
        run.until(lambda errors: "finishing  applied" in errors)
        run.signal(signal.SIGINT)
        done = run.ended()  # before its patience is over
    assert done.code == 130
    assert "ended at once" in done.errors
    assert inside("journal", "verify", data, "--json").json["state"] == "clean"


def test_a_second_process_on_a_folder_is_refused_and_may_look(tmp_path: Path, postgres: str):
    data = tmp_path / "data"
    options = ["--dir", data, "--dsn", postgres, "--for", "0", "--rate", "2000", *SMALL]
    with running(tmp_path, "run", *options, "--json") as run:
        run.until_trading()
        seen = last_applied(run.errors)
        second = lmax("run", *options)
        verified = inside("journal", "verify", data, "--json")
        listed = inside("journal", "ls", data, "--json")
        replay = inside("journal", "replay", data, "--json")
        wiped = lmax("run", *options, "--fresh")
        run.signal(signal.SIGINT)
        done = run.ended()
    for refused in (second, wiped):
        assert refused.code == 3
        assert f"in use by process {run.process.pid}" in refused.errors
    assert (verified.code, verified.json["state"]) == (0, "clean")
    for looked in (verified, listed, replay):
        assert looked.json["commands"] >= seen
    assert (done.code, done.json["discrepancies"]) == (0, 0)


def test_what_was_reported_survives_kill_9_at_any_moment(tmp_path: Path, seed: int):
    """And the ledger, whose PostgreSQL dies with it, agrees again after the next start."""
    moments = random.Random(seed)
    data, reported = tmp_path / "data", 0
    options = ["--dir", data, "--rate", "5000", *SMALL]
    for round_number in range(max(3, int(os.environ.get("LMAX_KILL_ROUNDS", "0")) // 50)):
        with running(tmp_path / str(round_number), "run", *options, "--for", "0", "--plain") as run:
            run.until(lambda errors: "starting" in errors)
            if moments.random() < 0.7:
                run.until_trading()
            time.sleep(moments.uniform(0, 2))
            run.signal(signal.SIGKILL)
            reported = max(reported, last_applied(run.ended().errors))
        if (data / "journal").is_dir() and any((data / "journal").glob("*.segment")):
            assert replayed(data / "journal").sequence >= reported
    done = lmax("run", *options, "--for", "0.5", "--json")
    assert done.code == 0, done.errors
    assert done.json["recovered"] >= reported
    assert done.json["discrepancies"] == 0
    assert inside("journal", "replay", data, "--json").json["state_hash"] == done.json["state_hash"]
    assert left_behind(data) == []


def test_a_stopped_postgresql_stops_nothing_and_the_ledger_catches_up(tmp_path: Path):
    server = EmbeddedPostgres(tmp_path / "own", settings=FAST)
    data = tmp_path / "data"
    try:
        options = ["--dir", data, "--dsn", server.start(), "--for", "0", "--rate", "3000", *SMALL]
        with running(tmp_path, "run", *options, "--json") as run:
            run.until_trading()
            server.stop()
            run.until(lambda errors: " down, " in errors)
            before = last_applied(run.errors)
            run.until(lambda errors: last_applied(errors) > before)
            server.start()
            run.until(lambda errors: " live, " in errors.rpartition(" down, ")[2])
            run.signal(signal.SIGINT)
            done = run.ended()
    finally:
        server.destroy()
    assert done.code == 0, done.errors
    assert done.json["discrepancies"] == 0
    assert done.json["last_sequence"] > before


def test_a_postgresql_that_never_answers_is_told_and_nothing_is_lost(tmp_path: Path, postgres: str):
    data = tmp_path / "data"
    options = ["--dir", data, "--for", "0.3", "--rate", "1000", *SMALL, "--json"]
    away = lmax("run", *options, "--patience", "0.5", "--dsn", f"host={tmp_path} dbname=none")
    assert away.code == 4
    assert away.json["discrepancies"] is None
    assert "nothing is lost" in away.json["problem"]
    back = lmax("run", *options, "--dsn", postgres)
    assert (back.code, back.json["discrepancies"]) == (0, 0)
    assert back.json["recovered"] == away.json["last_sequence"]
