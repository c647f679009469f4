"""An engine whose journal is encrypted: the same engine, and no other key opens it."""

from pathlib import Path

import pytest

from journal.key_sources import VARIABLE, source_of
from lmax import Engine, JournalKeyError

MARK = 0x1F2E3D4C5B6A
"""A client's order number that would be found in the files."""


def key_file(path: Path) -> str:
    source_of(f"file:{path}").first(path.parent)
    return f"file:{path}"


def trade(engine: Engine) -> tuple[int, int]:
    engine.define_instrument(1, "ACME")
    for account in (1, 2):
        engine.open_account(account)
    engine.deposit(1, "1000")
    engine.wait(engine.buy(1, 1, 10, "20.10", client_order_id=MARK))
    return engine.state_hash()


@pytest.mark.parametrize("mode", ["auto", "direct", "uring", "buffered"])
def test_it_is_encrypted_and_everything_works_as_before(tmp_path: Path, mode: str) -> None:
    key = key_file(tmp_path / "keys")
    with Engine.open(tmp_path / "plain") as engine:
        expected = trade(engine)
    with Engine.open(tmp_path / "secret", key=key, journal_mode=mode) as engine:
        sequence, _ = trade(engine)
        assert sequence == expected[0]
        assert str(engine.account(1).cash) == "1000.0000"
    with Engine.open(tmp_path / "secret", key=key, after=0) as engine:
        events = list(engine.events(timeout=5))
        assert events[0].symbol == "ACME"
        assert engine.book(1).bids[0].quantity == 10
    for folder, found in (("plain", True), ("secret", False)):
        data = b"".join(path.read_bytes() for path in (tmp_path / folder).rglob("*.segment"))
        assert (MARK.to_bytes(8, "little") in data) == found


def test_without_its_key_it_is_not_opened_and_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    key, other = key_file(tmp_path / "keys"), key_file(tmp_path / "other")
    with Engine.open(tmp_path / "venue", key=key) as engine:
        trade(engine)
    files = {path: path.read_bytes() for path in (tmp_path / "venue").rglob("*.segment")}
    for given, told in ((None, "no key was given"), (other, "another key 1"), ("x", "is named as")):
        with pytest.raises(JournalKeyError, match=told):
            Engine.open(tmp_path / "venue", key=given)
    assert {path: path.read_bytes() for path in (tmp_path / "venue").rglob("*.segment")} == files
    monkeypatch.setenv(VARIABLE, key)
    with Engine.open(tmp_path / "venue") as engine:
        assert engine.book(1).bids[0].quantity == 10
