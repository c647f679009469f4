"""An engine on a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lmax import Engine

SMALL = 1 << 20
"""Bytes of a journal segment: short to make."""


@pytest.fixture(params=["shared", "invoker"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A new engine, in both layouts that two cores can run."""
    with Engine.open(tmp_path / "venue", layout=request.param, segment_bytes=SMALL) as opened:
        yield opened


@pytest.fixture
def market(engine: Engine) -> Engine:
    """ACME under 1; accounts 1 and 2 with 10,000.00 and 1,000 shares each; 7 commands."""
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    """What `market` has; its events are read."""
    engine.define_instrument(1, "ACME")
    for account in (1, 2):
        engine.open_account(account)
        engine.deposit(account, "10000.00")
        engine.deposit_shares(account, 1, 1000)
    engine.wait(7)
    while engine.read_up_to < 7:
        engine.event_array(timeout=1)
