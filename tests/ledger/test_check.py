"""The reconciliation finds what is wrong and names it."""

from dataclasses import replace

import psycopg
import pytest

from ledger.check import Discrepancy, OpenOrder, check, questions
from ledger.consumer import Ledger
from ledger.errors import LedgerUnavailable
from lmax.schema import CommandType, Side
from tests.ledger.history import History, accepted
from tests.ledger.replay import expected_of
from tests.ledger.streams import Market


@pytest.fixture(scope="module")
def market() -> Market:
    market = Market()
    market.random(7, 600)
    return market


@pytest.fixture
def filled(postgres: str, market: Market) -> str:
    """A database that holds the market's history."""
    with Ledger(postgres) as ledger:
        ledger.apply(market.events)
    return postgres


@pytest.fixture
def operated(filled: str, market: Market) -> str:
    """The same, after trade 1 was corrected and busted and instrument 1 got another name."""
    fill = market.events[market.events["trade_id"] == 1][0]
    accounts = int(fill["account"]), int(fill["maker_account"])
    buyer, seller = accounts if fill["side"] == Side.BUY else accounts[::-1]
    quantity, amount = int(fill["quantity"]), int(fill["amount"])
    after = History(market.engine.sequence)
    price = int(fill["price"]) + 1
    after.correct(1, buyer, seller, before=(quantity, amount), price=price, now=quantity)
    after.bust(1, buyer, seller, quantity, price * quantity)
    named = accepted(instrument=1, symbol=b"OTHER", price=1, quantity=1)
    after.command(CommandType.CORPORATE_ACTION, named)
    events = after.events
    events["instrument"] = fill["instrument"]
    with Ledger(filled) as ledger:
        ledger.apply(events)
    return filled


CORRUPTIONS = {
    "postings sum to zero": (
        "UPDATE lmax.postings SET amount = amount + 1 WHERE sequence = 4 AND leg = 1",
        "sequence 4, index 0, asset 0",
    ),
    "a posting is there once": (
        "INSERT INTO lmax.postings SELECT * FROM lmax.postings WHERE sequence = 4",
        "sequence 4, index 0, leg 0",
    ),
    "a balance is the sum of its postings": (
        "UPDATE lmax.balances SET cash = cash + 1 WHERE account = 3",
        "account 3",
    ),
    "a position is the sum of its postings": (
        "UPDATE lmax.positions SET shares = shares - 1 WHERE (account, instrument) = (2, 1)",
        "account 2, instrument 1",
    ),
    "an asset adds up to zero over all accounts": (
        "UPDATE lmax.balances SET cash = cash + 1 WHERE account = 3",
        "asset 0",
    ),
    "trades, amendments and corporate actions have their postings, and a posting one of them": (
        "UPDATE lmax.trades SET amount = amount + 1 WHERE trade_id = 1",
        "sequence {first}, index {index}, leg 0",
    ),
    "an amendment begins with the trade as it stood": (
        "UPDATE lmax.amendments SET amount_before = amount_before + 1 WHERE kind = 'B'",
        "trade 1, amended by {last_but_one}",
    ),
    "an instrument has the last symbol of its history": (
        "UPDATE lmax.instruments SET symbol = 'OLD' WHERE symbol = 'OTHER'",
        "instrument {instrument}",
    ),
    "trade ids count 1, 2, 3 and so on": (
        "DELETE FROM lmax.trades WHERE trade_id = 2",
        "all trades",
    ),
    "what an order has filled is the sum of its trades": (
        "UPDATE lmax.trades SET quantity = quantity + 1 WHERE trade_id = 1",
        "order {taker} of account {account}, accepted by {first}",
    ),
    "a trade has both its orders": (
        "UPDATE lmax.trades SET maker_account = 9 WHERE trade_id = 1",
        "maker of trade 1",
    ),
    "an account has one open order of an id": (
        "INSERT INTO lmax.orders SELECT -1, time_ns, price, quantity, filled, leaves,"
        " last_sequence, last_time_ns, account, instrument, side, order_type, time_in_force,"
        " reason, status, client_order_id, orig_client_order_id, trigger_price, triggered"
        " FROM lmax.orders WHERE status = 'O' ORDER BY sequence LIMIT 1",
        "order {open} of account {opener}",
    ),
    "an account that is named was opened": (
        "DELETE FROM lmax.accounts WHERE account = 5",
        "account 5",
    ),
    "an instrument that is named was defined": (
        "DELETE FROM lmax.instruments WHERE instrument = 2",
        "instrument 2",
    ),
    "nothing is later than the last sequence": (
        "UPDATE lmax.progress SET last_sequence = 1",
        "orders",
    ),
}


def corrupt(dsn: str, sql: str) -> dict[str, object]:
    """Change rows as a superuser with the triggers switched off; facts of the first trade."""
    with psycopg.connect(dsn) as connection:
        facts = connection.execute(
            "SELECT t.sequence, t.index, t.taker_client_order_id, t.taker_account,"
            " o.client_order_id, o.account, t.instrument, p.last_sequence - 1"
            " FROM lmax.trades AS t CROSS JOIN lmax.orders AS o CROSS JOIN lmax.progress AS p"
            " WHERE trade_id = 1 AND o.status = 'O' ORDER BY o.sequence LIMIT 1"
        ).fetchone()
        assert facts is not None
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(sql.encode()).rowcount >= 1
    names = "first index taker account open opener instrument last_but_one"
    return dict(zip(names.split(), facts, strict=True))


def test_every_question_has_a_corruption_that_it_finds() -> None:
    assert list(CORRUPTIONS) == list(questions())


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupted_row_is_named(operated: str, name: str) -> None:
    assert check(operated) == []
    sql, key = CORRUPTIONS[name]
    facts = corrupt(operated, sql)
    assert (name, key.format(**facts)) in [(found.what, found.key) for found in check(operated)]


def test_what_differs_from_the_replay_is_named_line_by_line(filled: str, market: Market) -> None:
    right = expected_of(market.engine)
    assert check(filled, right) == []
    orders = list(right.open_orders)
    wrong = replace(
        right,
        cash={**right.cash, 1: right.cash[1] + 5, 77: 0},
        shares={key: value for key, value in right.shares.items() if key != (2, 1)},
        open_orders=[orders[0]._replace(leaves=999), *orders[1:], OpenOrder(1, 2, 1, 0, 5, 3)],
        trades=right.trades + 1,
    )
    found = check(filled, wrong)
    assert Discrepancy("number of trades", "all", right.trades + 1, right.trades) in found
    assert Discrepancy("cash", "account 1", right.cash[1] + 5, right.cash[1]) in found
    assert Discrepancy("cash", "account 77", 0, None) in found
    key = "account 2, instrument 1"
    assert Discrepancy("shares", key, None, right.shares[2, 1]) in found
    assert ("open order", "order 2 of account 1") in [(d.what, d.key) for d in found]
    assert len(found) == 6
    changed = next(d for d in found if "999 at" in str(d.expected))
    assert str(changed).startswith(f"open order: order {orders[0].client_order_id} of account")


def test_a_ledger_at_another_sequence_is_reported_as_that_alone(
    filled: str, market: Market
) -> None:
    right = expected_of(market.engine)
    found = check(filled, replace(right, last_sequence=right.last_sequence + 1, cash={}))
    assert [d.what for d in found] == ["last sequence"]


def test_a_database_that_cannot_be_asked_is_unavailable() -> None:
    with pytest.raises(LedgerUnavailable, match="cannot be asked"):
        check("host=/nowhere user=lmax dbname=lmax")
