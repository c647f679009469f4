"""Only the last trades can be busted or corrected, on twin and engine alike."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from lmax.schema import CommandType, EventType, Reason, Side
from tests.engine.systems import EngineSystem, System, TwinSystem
from tests.twin import Command, Twin, build

LIMIT = 4


def small_twin() -> System:
    system = TwinSystem()
    system.twin = Twin(max_trades=LIMIT)
    return system


def small_engine() -> System:
    from lmax._engine import Engine

    system = EngineSystem()
    system.engine = Engine(most_trades=LIMIT)
    return system


def bust(trade_id: int) -> Command:
    return Command(type=CommandType.BUST_TRADE, instrument=1, trade_id=trade_id)


def traded(count: int) -> list[Command]:
    """A market in which so many trades of one share at 1.00 were made."""
    opening = [build.define(), build.open_account(1), build.open_account(2)]
    opening += [build.deposit(1, 10**9), build.deposit(2, 10**6, instrument=1)]
    orders = [build.order(2, 1, Side.SELL, count, 10_000)]
    return opening + orders + [build.order(1, i, Side.BUY, 1, 10_000) for i in range(1, count + 1)]


@pytest.mark.parametrize("make", [small_twin, small_engine])
def test_a_trade_is_forgotten_when_as_many_came_after_it(make: Callable[[], System]) -> None:
    system = make()
    asked = [bust(trade_id) for trade_id in (0, 1, 5, 6, 9, 10, 2**64 - 1, 6)]
    commands = [replace(c, sequence=i) for i, c in enumerate(traded(9) + asked, 1)]
    events = system.apply(commands)[-len(asked) :]
    found = [(EventType(event["type"]).name, Reason(event["reason"]).name) for event in events]
    unknown, busted = ("REJECTED", "UNKNOWN_TRADE"), ("BUSTED", "NONE")
    again = ("REJECTED", "TRADE_BUSTED")
    assert found == [unknown, unknown, unknown, busted, busted, unknown, unknown, again]
    assert system.position(2, 1) == (10**6 - 7, 0)
    system.check()


def test_the_hash_knows_what_is_remembered() -> None:
    """And it is the same worked out afresh, before and after the oldest are overwritten."""
    from lmax._engine import Engine

    engine = Engine(most_trades=LIMIT)
    system = EngineSystem()
    system.engine = engine
    hashes = set()
    corrected = Command(
        type=CommandType.CORRECT_TRADE, instrument=1, trade_id=9, price=20_000, quantity=1
    )
    for number, command in enumerate([*traded(9), bust(8), corrected], 1):
        system.apply([replace(command, sequence=number)])
        assert engine.state_hash == engine.recomputed_state_hash()
        hashes.add(engine.state_hash)
    assert len(hashes) == number


@pytest.mark.parametrize("wrong", [0, 3, 2**22 + 1, 2**23])
def test_a_limit_that_is_no_power_of_two_is_refused(wrong: int) -> None:
    from lmax._engine import Engine

    with pytest.raises(ValueError, match="power of two up to 4194304"):
        Engine(most_trades=wrong)
