"""The map of client order ids grows while it is in use: nothing is forgotten on the way."""

import numpy as np

from lmax._engine import Engine
from lmax.schema import COMMAND, CommandType, EventType, Reason

ORDERS = 200_000  # the map begins with room for 45,056 and doubles three times


def funded(accounts: int) -> Engine:
    setup = np.zeros(1 + 2 * accounts, COMMAND)
    setup["sequence"] = np.arange(1, len(setup) + 1)
    setup[0] = np.zeros(1, COMMAND)[0]
    setup[0]["sequence"] = 1
    setup[0]["type"] = CommandType.DEFINE_INSTRUMENT
    setup[0]["instrument"] = 1
    setup[0]["symbol"] = b"X"
    for name in ("tick_size", "lot_size", "min_price"):
        setup[0][name] = 1
    setup[0]["max_price"] = setup[0]["max_quantity"] = 1 << 40
    for account in range(1, accounts + 1):
        opening, deposit = setup[2 * account - 1], setup[2 * account]
        opening["type"], deposit["type"] = CommandType.OPEN_ACCOUNT, CommandType.DEPOSIT
        opening["account"] = deposit["account"] = account
        deposit["quantity"] = 1 << 50
    engine = Engine()
    engine.apply(setup)
    return engine


def commands(engine: Engine, kind: CommandType, ids: np.ndarray, accounts: int) -> np.ndarray:
    found = np.zeros(len(ids), COMMAND)
    found["sequence"] = engine.sequence + np.arange(1, len(ids) + 1)
    found["type"] = kind
    found["instrument"] = 1
    found["account"] = ids % accounts + 1
    found["client_order_id"] = found["orig_client_order_id"] = ids
    found["price"] = 1 + ids % 50
    found["quantity"] = 1
    return found


def test_every_id_is_known_in_every_phase_of_growth(seed: int) -> None:
    """Open ids stay open, closed ids stay closed, used ids stay used, whatever is moving."""
    rng = np.random.default_rng(seed)
    engine, accounts = funded(7), 7
    ids = rng.permutation(np.arange(1, ORDERS + 1))
    open_ids: list[np.ndarray] = []
    for part in np.array_split(ids, 40):
        events = engine.apply(commands(engine, CommandType.NEW_ORDER, part, accounts))
        assert (events["type"] != EventType.REJECTED).all()
        again = engine.apply(commands(engine, CommandType.NEW_ORDER, part[::50], accounts))
        assert (again["reason"] == Reason.DUPLICATE_CLIENT_ORDER_ID).all()
        gone, kept = part[::2], part[1::2]
        events = engine.apply(commands(engine, CommandType.CANCEL, gone, accounts))
        assert (events["type"] != EventType.REJECTED).all()
        late = engine.apply(commands(engine, CommandType.CANCEL, gone[::50], accounts))
        assert (late["reason"] == Reason.TOO_LATE).all()
        open_ids.append(kept)
        engine.check()
    everything = engine.apply(
        commands(engine, CommandType.CANCEL, np.concatenate(open_ids), accounts)
    )
    assert (everything["type"] != EventType.REJECTED).all()
    assert engine.book(1).bids() == []
