"""The whole system on a real PostgreSQL: equal to its journal, whatever happens in between."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flow.generator import MarketGenerator
from journal.errors import JournalLocked
from ledger.server import EmbeddedPostgres
from ledger.tail import TailState
from node.core import Core
from node.follower import Follower
from node.system import Outcome, System
from tests.fix_postgres import FAST
from tests.node.playing import (
    assert_same_events,
    drain,
    journaled,
    market,
    offline,
    submit_all,
    until,
)

SEGMENT = 1 << 20
SOAK_SECONDS = float(os.environ.get("LMAX_SOAK_SECONDS", "3"))


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that the test may stop."""
    server = EmbeddedPostgres(tmp_path / "pg", settings=FAST)
    server.start()
    yield server
    server.destroy()


def assert_equal_to_its_journal(outcome: Outcome, folder: Path) -> None:
    assert outcome.problem == ""
    assert outcome.differences == []
    assert outcome.discrepancies == 0
    engine, _ = offline(folder / "journal")
    assert outcome.state_hash == f"{engine.state_hash:016x}"


def test_a_system_that_is_restarted_goes_on_with_no_discrepancy(
    postgres: str, tmp_path: Path, seed: int
) -> None:
    commands = market(seed, 3000)
    total_trades = total_rows = 0
    for part in np.array_split(commands, 3):
        with System(tmp_path, dsn=postgres, slots=512, segment_bytes=SEGMENT) as system:
            submit_all(system.core, part, 100)
            outcome = system.finish()
        assert_equal_to_its_journal(outcome, tmp_path)
        assert outcome.commands == len(part) == outcome.accepted + sum(outcome.rejected.values())
        total_trades += outcome.trades
        total_rows += outcome.ledger_rows
    assert total_trades == offline(tmp_path / "journal")[0].trades
    assert total_rows > len(commands)


def test_a_stop_without_finish_loses_nothing(postgres: str, tmp_path: Path, seed: int) -> None:
    commands = market(seed, 3000)
    with System(tmp_path, dsn=postgres, slots=512, segment_bytes=SEGMENT) as system:
        submit_all(system.core, commands, 100)
    with System(tmp_path, dsn=postgres, slots=512, segment_bytes=SEGMENT) as system:
        assert system.first == len(commands) + 1
        outcome = system.finish()
    assert_equal_to_its_journal(outcome, tmp_path)
    assert outcome.commands == 0


def test_without_postgresql_at_the_start_it_trades_and_catches_up_later(
    own_server: EmbeddedPostgres, tmp_path: Path, seed: int
) -> None:
    dsn = own_server.dsn
    own_server.stop()
    commands = market(seed, 3000)
    with System(tmp_path, dsn=dsn, slots=512, segment_bytes=SEGMENT) as system:
        submit_all(system.core, commands[:2000], 100)
        system.core.wait_applied(2000)
        until(lambda: system.ledger.state == TailState.DOWN)
        status = system.status()
        assert status.applied == status.synced == 2000
        assert status.ledger["position"] == 0
        assert status.ledger["problem"]
        assert own_server.start() == dsn
        submit_all(system.core, commands[2000:], 100)
        until(lambda: system.ledger.state == TailState.LIVE)
        assert system.status().ledger["problem"] == ""
        outcome = system.finish()
    assert_equal_to_its_journal(outcome, tmp_path)


def test_postgresql_that_goes_and_stays_away_is_told_and_made_up_for_at_the_next_start(
    own_server: EmbeddedPostgres, tmp_path: Path, seed: int
) -> None:
    dsn = own_server.dsn
    commands = market(seed, 2000)
    with System(tmp_path, dsn=dsn, slots=512, segment_bytes=SEGMENT) as system:
        submit_all(system.core, commands[:1000], 100)
        until(lambda: system.ledger.position == 1000)
        own_server.stop()
        submit_all(system.core, commands[1000:], 100)
        outcome = system.finish(patience_s=1)
    assert outcome.discrepancies is None
    assert outcome.problem.startswith(
        f"the ledger holds commands up to 1000 of {len(commands)} (LedgerUnavailable: "
    )
    assert outcome.problem.endswith("start again with the same folder and it catches up")
    own_server.start()
    with System(tmp_path, dsn=dsn, slots=512, segment_bytes=SEGMENT) as system:
        outcome = system.finish()
    assert_equal_to_its_journal(outcome, tmp_path)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_database_of_another_journal_is_refused(
    postgres: str, tmp_path: Path, seed: int
) -> None:
    with System(tmp_path / "one", dsn=postgres, segment_bytes=SEGMENT) as system:
        submit_all(system.core, market(seed, 500))
        assert system.finish().discrepancies == 0
    with System(tmp_path / "two", dsn=postgres, segment_bytes=SEGMENT) as system:
        until(lambda: system.ledger.state == TailState.FAILED)
        assert "this is another journal's consumer" in (system.ledger.last_error or "")
        system.core.wait_applied(system.core.submit(market(seed, 10)))


def test_a_folder_in_use_is_refused_before_anything_is_started(
    postgres: str, tmp_path: Path
) -> None:
    with System(tmp_path, dsn=postgres, segment_bytes=SEGMENT):
        with pytest.raises(JournalLocked, match=f"process {os.getpid()}"):
            System(tmp_path)
        assert not (tmp_path / "postgres").exists()


def test_random_trading_at_full_speed_comes_out_as_the_journal_says(
    tmp_path: Path, seed: int
) -> None:
    """A soak of LMAX_SOAK_SECONDS; the follower pauses now and then and is left behind."""
    random = np.random.default_rng(seed)
    generator = MarketGenerator(seed, 200, 10)
    parts: list[np.ndarray] = []
    with Core(tmp_path, slots=4096, segment_bytes=4 << 20) as core:
        follower = Follower(core, tmp_path)
        submit_all(core, generator.setup())
        deadline = time.monotonic() + SOAK_SECONDS / 2  # as long again to compare
        while time.monotonic() < deadline:
            submit_all(core, generator.next_batch(2000), 500)
            if random.random() < 0.7:
                parts.append(follower.poll())
        last = core.input.cursor
        core.wait_applied(last, timeout=60)
        parts += drain(follower, last)
    engine, expected = offline(tmp_path)
    assert len(journaled(tmp_path)) == last == engine.sequence
    assert core.business.state.state_hash == engine.state_hash
    assert core.probe.histogram.count == last
    assert_same_events(parts, expected)
