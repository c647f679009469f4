"""A disk that fills up under load stops the ledger, and no more than that."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.check import check
from ledger.consumer import Ledger
from ledger.server import EmbeddedPostgres
from ledger.tail import LedgerTail
from tests.ledger.feed import MemoryFollower
from tests.ledger.replay import expected_of
from tests.ledger.streams import Market
from tests.ledger.test_tail import reach, until


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 120 MB, which only root can mount."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = Path(tempfile.mkdtemp(prefix="lmax-small-disk-", dir="/var/tmp"))
    folder.chmod(0o755)
    options = "size=120m,mode=0755"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, check=False).returncode != 0:
        folder.rmdir()
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


def test_a_full_disk_is_waited_out_without_loss(small_disk: Path) -> None:
    market = Market()
    market.trades(60_000)
    server = EmbeddedPostgres(small_disk / "pg", settings={"max_wal_size": "64MB"}, patience_s=20)
    tail = LedgerTail(
        MemoryFollower(market.events),
        lambda: Ledger(server.start()),
        batch_events=10_000,
        max_pause_s=0.5,
    )
    try:
        tail.start()
        until(lambda: "the disk is full" in (tail.last_error or ""), 60)
        assert 0 < tail.position < market.engine.sequence
        grow = ["mount", "-o", "remount,size=900m", str(small_disk)]
        subprocess.run(grow, check=True)
        reach(tail, market.engine.sequence)
        assert tail.stop(timeout=30)
        assert check(server.dsn, expected_of(market.engine)) == []
    finally:
        tail.stop(drain=False)
        server.destroy()
