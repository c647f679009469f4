"""F12 at the node: a real file system that fills up, and gets room again, without a restart."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from journal.replay import replayed
from lmax import Engine, NoRoom, Unavailable
from lmax.schema import EventType

SEGMENT = 256 << 10


def opened(folder: Path) -> Engine:
    engine = Engine.open(folder, segment_bytes=SEGMENT, slots=1024, timer=0.01)
    engine.define_instrument(1, "ONE")
    engine.open_account(1)
    engine.result(engine.deposit(1, 10**9))
    return engine


def let_it_find_out(engine: Engine) -> None:
    """Until the next segment is there or is known not to fit: here they are used up within ms."""
    core = engine._core
    while core.journaler.wants_segment() and not core.journal.problem:
        time.sleep(0.001)


def until_refused(engine: Engine, ask: Callable[[int], int], first: int) -> tuple[int, NoRoom]:
    """Ask with ids from `first` on, waiting for each answer; the id that was refused, and why."""
    for number in range(first, first + 10_000):
        let_it_find_out(engine)
        try:
            sequence = ask(number)
        except NoRoom as refused:
            return number, refused
    raise AssertionError(f"never refused, up to {sequence}")


def test_f12_a_full_disk_refuses_orders_first_then_all_and_goes_on_when_there_is_room(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journal.maker.RETRY_S", 0.02)
    ballast = small_disk / "ballast"
    with opened(small_disk) as engine:
        ballast.write_bytes(bytes(2 << 20))

        def buy(number: int) -> int:
            sequence = engine.buy(1, 1, 1, 10, client_order_id=number)
            engine.wait(sequence)
            return sequence

        last, refused = until_refused(engine, buy, 1)
        assert isinstance(refused, Unavailable)
        assert (refused.code, refused.retry, refused.taken) == ("UNAVAILABLE", True, 0)
        assert "No space left on device; orders and replaces are not taken, cancels are" in str(
            refused
        )
        reads(engine, last - 1)
        open_ones = cancel_until_refused(engine, last - 1)
        reads(engine, open_ones)
        acknowledged = engine.sequence
        ballast.unlink()
        wait_for_room(lambda: buy(last))
        assert engine.sequence > acknowledged
        reads(engine, open_ones + 1)
        state = engine.state_hash()
    assert replayed(small_disk / "journal", state[0]).state_hash == state[1]


def reads(engine: Engine, open_ones: int) -> None:
    """They are answered, full or not."""
    assert sum(level.quantity for level in engine.book(1).bids) == open_ones
    assert engine.account(1).cash == 10**9


def cancel_until_refused(engine: Engine, orders: int) -> int:
    """The reserve is used up by cancels; how many orders are left."""
    for number in range(1, orders + 1):
        try:
            events = engine.result(engine.cancel(1, 1, number))
        except NoRoom:
            break
        assert events[0].type == EventType.CANCELLED
    assert 5 < number < orders, "nothing was kept for cancels, or without an end"
    with pytest.raises(NoRoom, match="nothing was taken, try again when there is room"):
        engine.cancel(1, 1, number)
    return orders - number + 1


def wait_for_room(ask: Callable[[], int]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            ask()
            return
        except NoRoom:
            time.sleep(0.01)
    raise AssertionError("no order was taken although there is room")


def test_f12_nothing_that_was_refused_comes_back_after_a_restart(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with opened(small_disk) as engine:
        ballast.write_bytes(bytes(2 << 20))
        last, _ = until_refused(
            engine, lambda number: engine.result(engine.deposit(1, number))[0].sequence, 1
        )
    ballast.unlink()
    with Engine.open(small_disk, segment_bytes=SEGMENT) as engine:
        assert engine.account(1).cash == 10**9 + sum(range(1, last))
