"""What stop orders, auctions and operators do to the ledger: hand-made events in PostgreSQL."""

from typing import Any

import numpy as np
import psycopg
import pytest

from ledger.check import check
from ledger.consumer import Ledger
from ledger.fold import fold
from lmax.schema import (
    CommandType,
    EventFlag,
    EventType,
    OrderType,
    Phase,
    Reason,
    Side,
    Status,
    TimeInForce,
)
from tests.ledger.history import (
    History,
    about_order,
    accepted,
    adjusted_holding,
    traded,
)

STOP: dict[str, Any] = {
    "order_type": OrderType.STOP_LIMIT,
    "account": 1,
    "client_order_id": 5,
    "price": 150,
    "quantity": 10,
}


def ask(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(sql.encode()).fetchall()


def written(dsn: str, history: History, *, whole: bool) -> None:
    """Apply it all in one transaction, or each command in its own; consistent either way."""
    events = history.events
    last = int(events["sequence"][-1])
    with Ledger(dsn) as ledger:
        for sequence in [last] if whole else range(1, last + 1):
            batch = events if whole else events[events["sequence"] == sequence]
            ledger.apply(batch)
    assert check(dsn) == []


both_ways = pytest.mark.parametrize("whole", [True, False], ids=["together", "one by one"])


def holdings(dsn: str) -> dict[int, tuple[int, int]]:
    """Cash and shares by account."""
    rows = ask(
        dsn,
        "SELECT account, cash, coalesce(shares, 0) FROM lmax.balances"
        " LEFT JOIN lmax.positions USING (account) ORDER BY account",
    )
    return {account: (cash, shares) for account, cash, shares in rows}


def test_a_bust_reverses_the_trades_postings_and_leaves_its_row(postgres: str) -> None:
    history = traded()
    busted = history.bust(1, buyer=1, seller=2, quantity=10, amount=1_200)
    written(postgres, history, whole=False)
    assert holdings(postgres) == {0: (-10_000, -100), 1: (10_000, 0), 2: (0, 100)}
    legs = f"SELECT leg, account, asset, amount FROM lmax.postings WHERE sequence = {busted}"
    assert ask(postgres, legs + " ORDER BY leg") == [
        (0, 1, 0, 1_200),
        (1, 2, 0, -1_200),
        (2, 2, 1, 10),
        (3, 1, 1, -10),
    ]
    assert ask(postgres, "SELECT trade_id, quantity FROM lmax.trades") == [(1, 10)]
    assert ask(postgres, "SELECT * FROM lmax.standing_trades") == []
    assert ask(postgres, "SELECT filled FROM lmax.orders ORDER BY sequence") == [(10,), (10,)]


def test_a_correction_moves_the_difference_and_a_second_one_that_of_the_first(
    postgres: str,
) -> None:
    history = traded()
    history.correct(1, 1, 2, before=(10, 1_200), price=100, now=10)
    history.correct(1, 1, 2, before=(10, 1_000), price=100, now=4)
    written(postgres, history, whole=False)
    assert holdings(postgres) == {0: (-10_000, -100), 1: (9_600, 4), 2: (400, 96)}
    standing = "SELECT price, quantity, amount FROM lmax.standing_trades"
    assert ask(postgres, standing) == [(100, 4, 400)]
    # The price alone moves money alone: a posting of nothing is not written.
    assert ask(
        postgres,
        "SELECT count(*) FROM lmax.postings WHERE sequence IN (SELECT sequence FROM"
        " lmax.amendments) GROUP BY sequence ORDER BY sequence",
    ) == [(2,), (4,)]


def test_a_trade_and_its_bust_in_one_transaction_cancel_out() -> None:
    history = traded()
    history.bust(1, buyer=1, seller=2, quantity=10, amount=1_200)
    changes = fold(history.events).changes[["account", "asset", "amount"]].tolist()
    assert changes == [(0, 0, -10_000), (0, 1, -100), (1, 0, 10_000), (2, 1, 100)]


@both_ways
def test_a_split_restates_orders_and_pays_holders_from_outside(postgres: str, whole: bool) -> None:
    """3 for 2, from the state of `traded`: 10 shares of account 1, order 7 with 20 of 30 left."""
    history = traded()
    restated = about_order(
        EventType.ADJUSTED, account=2, client_order_id=7, price=80, quantity=45, leaves=30
    )
    history.command(
        CommandType.CORPORATE_ACTION,
        accepted(instrument=1, price=0),
        adjusted_holding(1, 10, 15),
        adjusted_holding(2, 90, 134, cash=40),
        restated | {"side": Side.SELL},
    )
    maker = {"account": 2, "client_order_id": 7, "leaves": 25}
    taker = {"account": 1, "client_order_id": 11, "leaves": 0}
    fill = history.fill(taker, maker, price=80, quantity=5, side=Side.BUY)
    history.order(fill, account=1, client_order_id=11, quantity=5, price=80)
    written(postgres, history, whole=whole)
    assert holdings(postgres) == {
        0: (-10_040, -149),
        1: (10_000 - 1_200 - 400, 20),
        2: (1_200 + 40 + 400, 129),
    }
    order = "SELECT price, quantity, filled, leaves, status FROM lmax.orders"
    assert ask(postgres, order + " WHERE client_order_id = 7") == [(80, 45, 20, 25, "O")]
    assert ask(postgres, "SELECT leaves, price FROM lmax.order_adjustments") == [(30, 80)]
    assert ask(
        postgres, "SELECT account, shares_before, shares, cash FROM lmax.holding_adjustments"
    ) == [(1, 10, 15, 0), (2, 90, 134, 40)]


@both_ways
def test_a_dividend_pays_cash_and_no_shares(postgres: str, whole: bool) -> None:
    history = traded()
    history.command(
        CommandType.CORPORATE_ACTION,
        accepted(instrument=1, price=3),
        adjusted_holding(1, 10, 10, cash=30),
        adjusted_holding(2, 90, 90, cash=270),
    )
    written(postgres, history, whole=whole)
    assert holdings(postgres) == {0: (-10_300, -100), 1: (8_830, 10), 2: (1_470, 90)}


@both_ways
def test_a_triggered_stop_knows_what_triggered_it(postgres: str, whole: bool) -> None:
    history = traded()
    history.order(**STOP, trigger_price=140)
    maker = {"account": 2, "client_order_id": 7, "leaves": 17}
    taker = {"account": 1, "client_order_id": 5, "leaves": 7}
    trigger = history.command(
        CommandType.TIMER,
        accepted(),
        about_order(EventType.TRIGGERED, **STOP, leaves=10, trigger_price=141),
        history.fill(taker, maker, price=120, quantity=3, side=Side.BUY),
    )
    cancelled = {"reason": Reason.REQUESTED, "leaves": 0} | STOP | {"quantity": 7}
    history.command(CommandType.CANCEL, about_order(EventType.CANCELLED, **cancelled))
    written(postgres, history, whole=whole)
    columns = "status, quantity, filled, leaves, price, trigger_price, triggered, reason"
    row = ask(postgres, f"SELECT {columns} FROM lmax.orders WHERE client_order_id = 5")
    assert row == [("C", 10, 3, 0, 150, 141, trigger, Reason.REQUESTED)]


def test_a_stop_that_waits_keeps_its_trigger_price_through_a_reduce(postgres: str) -> None:
    history = traded()
    history.order(**STOP, trigger_price=140)
    reduced = about_order(EventType.REDUCED, **STOP | {"quantity": 4}, leaves=6, trigger_price=140)
    history.command(CommandType.REDUCE, reduced)
    written(postgres, history, whole=False)
    columns = "status, quantity, leaves, trigger_price, triggered"
    row = ask(postgres, f"SELECT {columns} FROM lmax.orders WHERE client_order_id = 5")
    assert row == [("O", 6, 6, 140, 0)]


@both_ways
def test_self_trade_prevention_cuts_orders_that_did_not_ask_for_it(
    postgres: str, whole: bool
) -> None:
    """Order 7 of account 2 (20 left) meets its own buy of 5: both lose 5, the smaller ends."""
    history = traded()
    history.open_account(3)
    order = {"account": 2, "client_order_id": 8, "price": 120}
    history.order(
        about_order(
            EventType.REDUCED,
            account=2,
            client_order_id=7,
            side=Side.SELL,
            quantity=5,
            leaves=15,
            reason=Reason.SELF_TRADE,
        ),
        about_order(EventType.CANCELLED, **order, quantity=5, reason=Reason.SELF_TRADE),
        **order,
        quantity=5,
    )
    written(postgres, history, whole=whole)
    columns = "status, quantity, filled, leaves, reason"
    rows = ask(postgres, f"SELECT {columns} FROM lmax.orders WHERE account = 2 ORDER BY sequence")
    assert rows == [("O", 25, 10, 15, 0), ("C", 5, 0, 0, Reason.SELF_TRADE)]


def test_fills_of_auctions_and_new_codes_are_kept(postgres: str) -> None:
    history = History()
    history.define()
    history.open_account(1, cash=10_000)
    history.open_account(2, shares=100)
    sell = {"side": Side.SELL, "order_type": OrderType.MARKET, "time_in_force": TimeInForce.AT_OPEN}
    history.order(account=2, client_order_id=7, quantity=5, price=1, **sell)
    gtd = {"time_in_force": TimeInForce.GTD}
    history.order(account=1, client_order_id=9, quantity=5, price=10, **gtd)
    maker = {"account": 2, "client_order_id": 7, "leaves": 0}
    taker = {"account": 1, "client_order_id": 9, "leaves": 0}
    fill = history.fill(taker, maker, price=10, quantity=5, side=Side.BUY)
    history.command(
        CommandType.SET_PHASE,
        fill | {"flags": EventFlag.AUCTION},
        about_order(EventType.AUCTION, price=10, quantity=5, flags=EventFlag.AUCTION),
        about_order(EventType.PHASE, phase=Phase.CONTINUOUS),
    )
    written(postgres, history, whole=False)
    assert ask(postgres, "SELECT auction, quantity FROM lmax.trades") == [(True, 5)]
    codes = ask(postgres, "SELECT order_type, time_in_force FROM lmax.orders ORDER BY sequence")
    assert codes == [(OrderType.MARKET, TimeInForce.AT_OPEN), (OrderType.LIMIT, TimeInForce.GTD)]


@both_ways
def test_a_new_symbol_is_the_instruments_and_the_old_one_stays_in_its_history(
    postgres: str, whole: bool
) -> None:
    history = traded()
    change = history.command(
        CommandType.CORPORATE_ACTION, accepted(instrument=1, symbol=b"NEW", price=1, quantity=1)
    )
    written(postgres, history, whole=whole)
    assert ask(postgres, "SELECT instrument, symbol FROM lmax.instruments") == [(1, "NEW")]
    names = ask(postgres, "SELECT sequence, symbol FROM lmax.symbols ORDER BY sequence")
    assert names == [(1, "OLD"), (change, "NEW")]


def test_phases_are_kept_with_their_reasons(postgres: str) -> None:
    history = History()
    history.define()
    halted = about_order(
        EventType.PHASE, phase=Phase.HALTED, status=Status.ACTIVE, reason=Reason.DROP_HALT
    )
    history.command(CommandType.TIMER, accepted(), halted)
    written(postgres, history, whole=False)
    assert ask(postgres, "SELECT sequence, index, instrument, phase, reason FROM lmax.phases") == [
        (2, 1, 1, Phase.HALTED, Reason.DROP_HALT)
    ]


def test_what_only_market_data_cares_for_leaves_nothing_but_progress(postgres: str) -> None:
    history = History()
    history.define()
    kinds = (EventType.AUCTION, EventType.BANDS, EventType.LIMIT_STATE, EventType.RESTRICTION)
    history.command(
        CommandType.TIMER, accepted(), *(about_order(kind, price=5, quantity=1) for kind in kinds)
    )
    with Ledger(postgres) as ledger:
        ledger.apply(history.since(0)[:1])
        assert ledger.apply(history.since(1)) == 0
        assert ledger.last_sequence == 2


@pytest.mark.parametrize(
    "table", ["amendments", "order_adjustments", "holding_adjustments", "symbols", "phases"]
)
def test_what_operators_did_is_never_changed(postgres: str, table: str) -> None:
    with (
        psycopg.connect(postgres) as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="never changed"),
    ):
        connection.execute(f"DELETE FROM lmax.{table}".encode())


def test_the_postings_of_every_command_sum_to_zero_in_memory_too() -> None:
    history = traded()
    history.correct(1, 1, 2, before=(10, 1_200), price=130, now=7)
    history.command(
        CommandType.CORPORATE_ACTION, accepted(instrument=1), adjusted_holding(2, 93, 46, cash=60)
    )
    postings = fold(history.events).postings
    for sequence in np.unique(postings["sequence"]):
        for asset in (0, 1):
            chosen = (postings["sequence"] == sequence) & (postings["asset"] == asset)
            assert postings["amount"][chosen].sum() == 0
