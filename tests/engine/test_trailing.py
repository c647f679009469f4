"""Trailing stops: nothing is done to each of them when the price makes a new best."""

from random import Random

from lmax.schema import CommandType, Instruction, OrderType, Side
from tests.engine.compare import assert_same_events, assert_same_state
from tests.engine.systems import EngineSystem, TwinSystem
from tests.twin import Command, build
from tests.twin.records import commands_to_array

TICK = 10_000
SEED = 20_261_122


def trailing(account: int, number: int, side: Side, offset: int, share: bool) -> Command:
    return Command(
        type=CommandType.NEW_ORDER,
        account=account,
        client_order_id=number,
        instrument=1,
        side=side,
        order_type=OrderType.TRAILING_STOP,
        quantity=1,
        offset=offset,
        instructions=Instruction.TRAIL_PERCENT if share else 0,
        time_in_force=1,
    )


def opening() -> list[Command]:
    commands = [build.define(max_price=1_000_000 * TICK), build.open_account(1)]
    commands.append(build.open_account(2))
    for account in (1, 2):
        commands += [build.deposit(account, 10**17), build.deposit(account, 10**7, 1)]
    return commands


def trade(number: int, ticks: int) -> list[Command]:
    """The last price becomes that."""
    sell = build.order(2, number, Side.SELL, 1, ticks * TICK)
    return [sell, build.order(2, number + 1, Side.BUY, 1, ticks * TICK)]


def numbered(commands: list[Command], first: int) -> list[Command]:
    return [Command(**(vars(c) | {"sequence": first + i})) for i, c in enumerate(commands)]


def test_trails_that_merge_and_lose_members_are_those_of_the_twin() -> None:
    """Many trailing stops, a price that walks up and down, cancels everywhere in the heaps."""
    random, twin, engine = Random(SEED), TwinSystem(), EngineSystem()
    commands, price = opening() + trade(10_001, 500), 500
    for step in range(500):
        side = random.choice(list(Side))
        share = random.random() < 0.5
        offset = random.randint(100, 4_000) if share else random.randint(1, 60) * TICK
        commands.append(trailing(1, step + 1, side, offset, share))
        if random.random() < 0.3:
            commands.append(build.cancel(1, random.randint(1, step + 1)))
        if random.random() < 0.4:
            price += random.randint(-6, 6)
            commands += trade(20_000 + 2 * step, price)
    commands = numbered(commands, 1)
    for start in range(0, len(commands), 50):
        part = commands[start : start + 50]
        expected = twin.apply(part)
        assert_same_events(part, expected, engine.apply_array(commands_to_array(part)))
        assert_same_state(twin, engine)
    assert engine.engine.trades > 150


def test_twenty_thousand_follow_a_thousand_new_highs_at_once() -> None:
    """Told one by one that would be 2 · 10^7 steps through the heaps."""
    engine, count = EngineSystem(), 20_000
    commands = opening() + trade(1_000_001, 500)
    commands += [trailing(1, i + 1, Side.SELL, (i % 300 + 1) * TICK, False) for i in range(count)]
    for step in range(1_000):
        commands += trade(2_000_000 + 2 * step, 501 + step)
    engine.apply_array(commands_to_array(numbered(commands, 1)))
    assert len(engine.engine.book(1).open_orders()) == count
    assert engine.engine.book(1).open_orders()[0][8] == (1_500 - 1) * TICK
    engine.check()
