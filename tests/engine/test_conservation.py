"""Nothing is made, lost, owed or held without reason: checked on the engine's own state."""

from collections import Counter
from random import SystemRandom

import numpy as np

from lmax.schema import CommandType, EventType, Side
from tests.engine.systems import EngineSystem
from tests.engine.traffic import Traffic
from tests.twin import Twin
from tests.twin.numbers import notional
from tests.twin.records import commands_to_array


def money_in_or_out(events: np.ndarray) -> Counter[int]:
    """Deposits less withdrawals that were accepted, by asset (0 is cash); may be negative."""
    moved: Counter[int] = Counter()
    for event in events[events["type"] == EventType.ACCEPTED]:
        quantity, asset = int(event["quantity"]), int(event["instrument"])
        if event["command"] == CommandType.DEPOSIT:
            moved[asset] += quantity
        if event["command"] == CommandType.WITHDRAW:
            moved[asset] -= quantity
    return moved


def scales(events: np.ndarray) -> dict[int, int]:
    """Quantity scales of the instruments whose definition was accepted."""
    defined = events[(events["command"] == CommandType.DEFINE_INSTRUMENT) & (events["type"] == 1)]
    return {int(event["instrument"]): int(event["quantity_scale"]) for event in defined}


def totals(engine: EngineSystem) -> Counter[int]:
    """What all accounts own, by asset."""
    owned: Counter[int] = Counter()
    for _, cash, _ in engine.engine.accounts().tolist():
        owned[0] += cash
    for _, instrument, shares, _ in engine.engine.positions().tolist():
        owned[instrument] += shares
    return +owned


def held_by_orders(engine: EngineSystem, scale_of: dict[int, int]) -> Counter[tuple[int, int]]:
    """What open orders must hold back, by account and asset, added up from the books."""
    held: Counter[tuple[int, int]] = Counter()
    for instrument, scale in scale_of.items():
        for side in Side:
            for price, _, _ in engine.levels(instrument, side):
                for account, _, leaves in engine.queue(instrument, side, price):
                    if side == Side.BUY:
                        held[account, 0] += notional(price, leaves, scale)
                    else:
                        held[account, instrument] += leaves
    return held


def reserved(engine: EngineSystem) -> Counter[tuple[int, int]]:
    """What the accounts say is reserved, by account and asset."""
    said: Counter[tuple[int, int]] = Counter()
    for account, _, cash in engine.engine.accounts().tolist():
        said[account, 0] += cash
    for account, instrument, _, shares in engine.engine.positions().tolist():
        said[account, instrument] += shares
    return +said


def assert_nothing_negative(engine: EngineSystem) -> None:
    """Every balance, every reservation, and what is left of the one by the other."""
    for rows in (engine.engine.accounts()[:, 1:], engine.engine.positions()[:, 2:]):
        assert (rows[:, 0] >= rows[:, 1]).all()
        assert (rows[:, 1] >= 0).all()


def test_cash_and_shares_are_conserved_and_reservations_belong_to_open_orders() -> None:
    seed = SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    twin, engine = Twin(), EngineSystem()
    traffic = Traffic(seed, twin)
    moved: Counter[int] = Counter()
    scale_of: dict[int, int] = {}
    for _ in range(12):
        commands = []
        for _ in range(500):
            commands.append(traffic.next())
            twin.apply(commands[-1])
        events = engine.apply_array(commands_to_array(commands))
        moved.update(money_in_or_out(events))
        scale_of |= scales(events)
        assert totals(engine) == +moved
        assert reserved(engine) == held_by_orders(engine, scale_of)
        assert_nothing_negative(engine)
    assert engine.engine.trades > 100
