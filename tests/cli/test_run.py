"""`lmax run` and what can be said about its folder afterwards."""

import json
from pathlib import Path

import numpy as np
import pytest

from flow import MarketGenerator
from journal.replay import replayed
from node.core import Core
from tests.cli.driving import SMALL, Finished, left_behind, lmax

KEYS = {
    "commands", "accepted", "rejected", "trades", "seconds", "latency_ns", "state_hash",
    "ledger_rows", "discrepancies",
}  # fmt: skip


def test_a_run_reports_what_was_promised_and_no_discrepancy(outcome: dict):
    assert outcome.keys() >= KEYS
    assert outcome["discrepancies"] == 0
    assert outcome["differences"] == []
    assert outcome["commands"] == outcome["last_sequence"]
    assert outcome["accepted"] + sum(outcome["rejected"].values()) == outcome["commands"]
    assert outcome["trades"] > 0
    assert outcome["ledger_rows"] > outcome["commands"]
    assert not outcome["interrupted"]


def test_the_latency_percentiles_of_a_run_rise(outcome: dict):
    names = ["p50", "p90", "p99", "p999", "max"]
    assert list(outcome["latency_ns"]) == names
    values = [outcome["latency_ns"][name] for name in names]
    assert values == sorted(values)
    assert values[0] > 0


def test_a_run_sends_about_as_much_as_it_was_asked_for(outcome: dict):
    """A burst more or less: 10,000 in 2 s in the mean, at least the calm between bursts."""
    setup = len(MarketGenerator(1, 20, 3).setup())
    assert 4_000 < outcome["commands"] - setup < 50_000


def test_the_journal_replays_to_the_state_hash_of_the_run(traded: tuple, outcome: dict):
    replay = lmax("journal", "replay", traded[0], "--json")
    assert replay.code == 0
    for name in ("state_hash", "commands", "accepted", "rejected", "trades"):
        assert replay.json[name] == outcome[name]


def test_a_run_writes_only_status_lines_and_the_object(traded: tuple[Path, Finished]):
    done = traded[1]
    assert json.loads(done.output) == done.json
    assert "Traceback" not in done.errors
    assert "applied" in done.errors


def test_no_process_is_left_behind(traded: tuple[Path, Finished]):
    assert left_behind(traded[0]) == []


def test_the_ledger_check_agrees_and_starts_the_database_for_it(traded: tuple, outcome: dict):
    check = lmax("ledger", "check", traded[0], "--json")
    assert (check.code, check.json["discrepancies"]) == (0, 0)
    assert check.json["state_hash"] == outcome["state_hash"]
    assert left_behind(traded[0]) == []


def test_a_second_run_goes_on_with_the_market_of_the_first(tmp_path: Path, postgres: str):
    options = ["--dir", tmp_path, "--dsn", postgres, "--for", "0.5", "--rate", "2000", "--json"]
    first = lmax("run", *options, *SMALL).json
    again = lmax("run", *options, "--segment-mb", "1")
    assert again.code == 0, again.errors
    assert again.json["recovered"] == first["last_sequence"]
    assert again.json["discrepancies"] == 0
    assert again.json["rejected"].keys() <= {"TOO_LATE", "UNKNOWN_ORDER"}
    assert again.json["trades"] > 0


def test_another_market_than_the_journals_is_refused(tmp_path: Path, postgres: str):
    options = ["--dir", tmp_path, "--dsn", postgres, "--for", "0.2", "--rate", "500"]
    assert lmax("run", *options, *SMALL).code == 0
    size = replayed(tmp_path / "journal").sequence
    refused = lmax("run", *options, "--accounts", "30")
    assert refused.code == 2
    assert "--accounts 20 --instruments 3" in refused.errors
    assert replayed(tmp_path / "journal").sequence == size


@pytest.mark.parametrize("sent", [2, 70])
def test_a_setup_that_was_cut_short_is_gone_on_with(tmp_path: Path, postgres: str, sent: int):
    setup = MarketGenerator(1, 20, 3).setup()
    with Core(tmp_path / "journal", segment_bytes=1 << 20) as core:
        core.submit(setup[:sent])
    options = ["--dir", tmp_path, "--dsn", postgres, "--for", "0.2", "--rate", "500", "--json"]
    done = lmax("run", *options, *SMALL)
    assert done.code == 0, done.errors
    assert done.json["recovered"] == sent
    assert done.json["discrepancies"] == 0
    assert done.json["rejected"].keys() <= {"TOO_LATE", "UNKNOWN_ORDER"}
    engine = replayed(tmp_path / "journal")
    assert len(engine.accounts()) == 20
    assert len(engine.instruments()) == 3
    assert np.all(engine.accounts()[:, 1] > 0)


def test_fresh_begins_again(tmp_path: Path):
    options = ["--dir", tmp_path, "--for", "0.3", "--rate", "1000", *SMALL, "--json"]
    assert lmax("run", *options).code == 0
    again = lmax("run", *options, "--fresh")
    assert again.code == 0, again.errors
    assert again.json["recovered"] == 0
    assert again.json["discrepancies"] == 0
    assert left_behind(tmp_path) == []


def test_a_ledger_of_another_journal_is_refused_before_anything_is_sent(
    tmp_path: Path, postgres: str
):
    options = ["--dsn", postgres, "--for", "0.2", "--rate", "500", *SMALL, "--json"]
    assert lmax("run", "--dir", tmp_path / "one", *options).code == 0
    refused = lmax("run", "--dir", tmp_path / "two", *options)
    assert refused.code == 1
    assert "another journal" in refused.errors
    assert replayed(tmp_path / "two" / "journal").sequence == 0
