"""Compares the engine's events and state with the twin's and says where they part."""

import numpy as np

from lmax.schema import EVENT, CommandType, EventType, Reason, Side
from tests.engine.systems import EngineSystem, TwinSystem
from tests.twin import Command, Event, state
from tests.twin.records import EVENT_NAMES, array_to_events, events_to_array


def assert_same_events(commands: list[Command], expected: list[Event], actual: np.ndarray) -> None:
    """Every field of every event is the same; the first command whose events differ is named."""
    assert actual.dtype == EVENT
    wanted = with_hashes(events_to_array(expected), actual)
    if wanted.tobytes() == actual.tobytes():
        return
    for command in commands:
        twin = array_to_events(wanted[wanted["sequence"] == command.sequence])
        engine = array_to_events(actual[actual["sequence"] == command.sequence])
        assert engine == twin, f"{command}:\n" + "\n".join(differences(twin, engine))
    raise AssertionError("the events are equal, but not their bytes or their order")


def with_hashes(wanted: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """The twin's events with the state hashes of the engine's, which are its own affair.

    tests/engine/test_checkpoints.py looks at the hashes themselves.
    """
    if len(wanted) == len(actual):
        both = np.array([_tells_hash(wanted), _tells_hash(actual)]).all(axis=0)
        wanted["state_hash"][both] = actual["state_hash"][both]
    return wanted


def _tells_hash(events: np.ndarray) -> np.ndarray:
    accepted = events["type"] == EventType.ACCEPTED
    return accepted & (events["command"] == CommandType.CHECKPOINT)


def differences(twin: list[Event], engine: list[Event]) -> list[str]:
    """Lines about the fields that differ, event by event."""
    lines = [f"twin gave {len(twin)} events, the engine {len(engine)}"]
    for index, (t, e) in enumerate(zip(twin, engine, strict=False)):
        lines += [
            f"event {index}: {name} is {t[name]!r} in the twin, {e[name]!r} in the engine"
            for name in EVENT_NAMES
            if t[name] != e[name]
        ]
    return lines


def assert_same_state(twin: TwinSystem, engine: EngineSystem) -> None:
    """Accounts, positions, books and the order of every queue are the same."""
    engine.check()
    hashes = engine.engine.state_hash, engine.engine.recomputed_state_hash()
    assert hashes[0] == hashes[1], "the hash kept up to date is not that of the state"
    instruments = state.instrument_ids(twin.twin)
    assert list(engine.engine.instruments()) == instruments
    for account in state.account_ids(twin.twin):
        assert engine.account(account) == twin.account(account), f"cash of account {account}"
        for instrument in instruments:
            pair = engine.position(account, instrument)
            assert pair == twin.position(account, instrument), f"position {account}/{instrument}"
    assert_same_trades(twin, engine)
    for instrument in instruments:
        assert_same_listing(twin, engine, instrument)
        assert engine.open_orders(instrument) == twin.open_orders(instrument), instrument
        for side in Side:
            assert_same_side(twin, engine, instrument, side)


def assert_same_side(twin: TwinSystem, engine: EngineSystem, instrument: int, side: Side) -> None:
    levels = twin.levels(instrument, side)
    assert engine.levels(instrument, side) == levels, f"levels of {instrument} {side.name}"
    for price, _, _ in levels:
        queue = twin.queue(instrument, side, price)
        assert engine.queue(instrument, side, price) == queue, f"queue {instrument} at {price}"


def assert_same_listing(twin: TwinSystem, engine: EngineSystem, number: int) -> None:
    """What an instrument is called, which lots and ticks it has."""
    instrument = twin.twin.world.instruments[number]
    found = engine.engine.definition(number)
    assert found["symbol"] == instrument.symbol.decode()
    assert (found["lot_policy"], found["round_lot"]) == (
        instrument.lot_policy,
        instrument.round_lot,
    )
    for rows in (instrument.ticks.in_force, instrument.ticks.next):
        for start, _ in rows:
            tick = instrument.ticks.tick_at(start, twin.twin.now)
            assert engine.engine.tick(number, start) == tick, f"tick of {number} at {start}"


def assert_same_trades(twin: TwinSystem, engine: EngineSystem) -> None:
    """The last trades, as they stand after busts and corrections."""
    log = twin.twin.world.trades
    for trade_id in list(log.trades)[-20:]:
        assert engine.engine.trade(trade_id) == vars(log.trades[trade_id]), f"trade {trade_id}"


def assert_same_counters(twin: TwinSystem, engine: EngineSystem, events: np.ndarray) -> None:
    """Sequence, time, trades, and how many commands were accepted and rejected for what."""
    assert engine.engine.sequence == twin.twin.sequence
    assert engine.engine.now == twin.twin.now
    assert engine.engine.trades == twin.twin.world.trades.last_id
    reasons = events["reason"][events["type"] == 2]
    found, counts = np.unique(reasons, return_counts=True)
    expected = {Reason(r): int(n) for r, n in zip(found, counts, strict=True)}
    assert engine.engine.rejected == expected
    assert engine.engine.accepted == twin.twin.sequence - len(reasons)
