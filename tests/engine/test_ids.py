"""Client order ids in numbers: none is lost, none is confused with another, all are forgotten."""

import numpy as np
import pytest

from lmax._engine import Engine
from lmax.schema import COMMAND, CommandType, EventType, Reason, TimeInForce
from tests.twin import build
from tests.twin.records import commands_to_array

COUNT = 30_000
IDS = {
    "ascending": np.arange(1, COUNT + 1, dtype=np.uint64),
    "descending from the top": np.uint64(2**64 - 1) - np.arange(COUNT, dtype=np.uint64),
    "equal in their low 32 bits": np.arange(1, COUNT + 1, dtype=np.uint64) << np.uint64(32),
    "equal in their low 48 bits": np.arange(1, COUNT + 1, dtype=np.uint64) << np.uint64(48),
    "random": np.random.default_rng(1).permutation(COUNT).astype(np.uint64) * np.uint64(2**49 - 1),
}


def started() -> Engine:
    engine = Engine()
    commands = [build.define(), *(build.open_account(i) for i in (1, 2)), build.deposit(1, 10**15)]
    array = commands_to_array(commands)
    array["sequence"] = range(1, len(commands) + 1)
    engine.apply(array)
    return engine


def send(engine: Engine, ids: np.ndarray, **fields: int) -> np.ndarray:
    """A command for each id; its events."""
    commands = np.zeros(len(ids), COMMAND)
    commands["type"] = CommandType.NEW_ORDER
    commands["account"] = 1
    commands["instrument"] = 1
    commands["client_order_id"] = ids
    commands["price"] = 100_000
    commands["quantity"] = 1
    for name, value in fields.items():
        commands[name] = value
    commands["sequence"] = np.arange(len(ids)) + engine.sequence + 1
    return engine.apply(commands)


def end_day(engine: Engine) -> np.ndarray:
    return send(engine, np.zeros(1, np.uint64), type=CommandType.END_OF_DAY)


@pytest.mark.parametrize("name", IDS)
def test_every_closed_id_is_known_until_the_end_of_the_day(name: str) -> None:
    engine, ids = started(), np.unique(IDS[name][IDS[name] > 0])
    events = send(engine, ids, time_in_force=TimeInForce.IOC)
    assert (events["type"].reshape(-1, 2) == [EventType.ACCEPTED, EventType.CANCELLED]).all()
    again = send(engine, ids)
    assert len(again) == len(ids)
    assert set(again["reason"]) == {Reason.DUPLICATE_CLIENT_ORDER_ID}
    engine.check()
    assert len(end_day(engine)) == 1
    events = send(engine, ids, time_in_force=TimeInForce.IOC)
    assert (events["type"].reshape(-1, 2) == [EventType.ACCEPTED, EventType.CANCELLED]).all()
    engine.check()


@pytest.mark.parametrize("name", IDS)
def test_every_open_id_finds_its_order(name: str) -> None:
    engine, ids = started(), np.unique(IDS[name][IDS[name] > 0])
    send(engine, ids, time_in_force=TimeInForce.GTC)
    assert len(end_day(engine)) == 1
    shuffled = np.random.default_rng(2).permutation(ids)
    cancels = np.zeros(len(ids), COMMAND)
    cancels["type"], cancels["account"], cancels["instrument"] = CommandType.CANCEL, 1, 1
    cancels["orig_client_order_id"] = shuffled
    cancels["sequence"] = np.arange(len(ids)) + engine.sequence + 1
    events = engine.apply(cancels)
    cancelled = events[events["type"] == EventType.CANCELLED]
    assert cancelled["client_order_id"].tolist() == shuffled.tolist()
    assert engine.account(1) == (10**15, 0)
    assert engine.book(1).bids() == []
    engine.check()


def test_the_same_id_of_two_accounts_is_two_ids() -> None:
    engine = started()
    ids = IDS["ascending"]
    send(engine, ids, account=1)
    refused = send(engine, ids, account=2)
    assert set(refused["reason"]) == {Reason.INSUFFICIENT_CASH}
