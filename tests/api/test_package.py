"""What `import lmax` costs and offers, and how events read."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

import lmax
from lmax import EVENT, Engine, Event, EventType, OrderBook, Side
from lmax.event import events_of

ROOT = Path(__file__).resolve().parents[2]


def test_importing_the_package_loads_nothing_else():
    text = (
        "import sys, lmax\n"
        "from lmax import __doc__\n"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " ('numpy', 'node', 'journal', 'marketdata', 'ledger', 'psycopg') or m[:5] == 'lmax.'])\n"
        "from lmax import OrderBook\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('node', 'journal', 'psycopg')])\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert child.stdout == "[]\n[]\n", child.stderr


def test_every_name_that_is_offered_is_there():
    for name in lmax.__all__:
        assert getattr(lmax, name) is getattr(lmax, name)
    assert set(lmax.__all__) <= set(dir(lmax))
    misspelt = "Egnine"
    with pytest.raises(AttributeError, match="no attribute 'Egnine'"):
        getattr(lmax, misspelt)


@pytest.mark.timeout(300)  # from an empty cache, beside other tests
def test_types_are_seen_by_a_type_checker(tmp_path):
    file = tmp_path / "user.py"
    file.write_text(
        "from lmax import Engine, OrderBook, Side, price\n"
        "engine: Engine = Engine.open('x')\n"
        "reveal_type(engine.buy(1, 1, 5, '20', client_order_id=1))\n"
        "reveal_type(OrderBook().best_bid)\n"
        "reveal_type([event.price for event in engine.events()])\n"
        "from lmax import Egnine\n"
    )
    child = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'Revealed type is "int"' in child.stdout, child.stdout + child.stderr
    assert "tuple[int, int] | None" in child.stdout.replace("builtins.", "")
    assert "Decimal]" in child.stdout
    assert 'has no attribute "Egnine"' in child.stdout


def test_an_event_cannot_be_changed_and_has_no_room_for_more():
    (event, _) = events_of(OrderBook().limit(Side.BUY, 5, 1, 1))
    assert isinstance(event, Event)
    field = "quantity"
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, field, 5)
    assert not hasattr(event, "__dict__")
    assert event == next(events_of(OrderBook().limit(Side.BUY, 5, 1, 1)))


def test_an_event_has_every_field_of_its_record():
    given = {field.name for field in dataclasses.fields(Event)}
    names = set(EVENT.names or ()) - {"reserved0", "price", "amount", "trigger_price"}
    assert given == names | {"raw_price", "raw_amount", "raw_trigger_price"}


def lines(*arrays):
    return [repr(event) for array in arrays for event in events_of(array)]


def test_events_read_like_a_trader_talks():
    book = OrderBook()
    assert lines(
        book.limit(Side.SELL, 201_000, 300, 5, account=2),
        book.limit(Side.BUY, 201_500, 100, 9, account=1),
        book.reduce(5, 50, account=2),
        book.replace(5, 202_000, 250, new_client_order_id=6, account=2),
        book.cancel(6, account=2),
        book.cancel(6, account=2),
    ) == [
        "<Event 1.0 ACCEPTED order 5 of account 2: sell 300 of instrument 1 at 20.1000, 300 open>",
        "<Event 1.1 BOOK instrument 1: sell side at 20.1000: 300 in 1 order>",
        "<Event 2.0 ACCEPTED order 9 of account 1: buy 100 of instrument 1 at 20.1500, 100 open>",
        "<Event 2.1 FILL order 9 of account 1: buy 100 of instrument 1 at 20.1000, 0 open;"
        " from order 5 of account 2, 200 open; trade 1>",
        "<Event 2.2 BOOK instrument 1: sell side at 20.1000: 200 in 1 order>",
        "<Event 3.0 REDUCED order 5 of account 2: sell 50 of instrument 1 at 20.1000, 150 open>",
        "<Event 3.1 BOOK instrument 1: sell side at 20.1000: 150 in 1 order>",
        "<Event 4.0 REPLACED order 6 of account 2: sell 250 of instrument 1 at 20.2000, was 5,"
        " 150 open>",
        "<Event 4.1 BOOK instrument 1: sell side at 20.1000: 0 in 0 orders>",
        "<Event 4.2 BOOK instrument 1: sell side at 20.2000: 150 in 1 order>",
        "<Event 5.0 CANCELLED order 6 of account 2: sell 150 of instrument 1 at 20.2000, 0 open,"
        " REQUESTED>",
        "<Event 5.1 BOOK instrument 1: sell side at 20.2000: 0 in 0 orders>",
        "<Event 6.0 REJECTED CANCEL instrument 1 account 2 about order 6: UNKNOWN_ORDER>",
    ]


def test_admin_events_name_what_they_are_about(tmp_path):
    with Engine.open(tmp_path, layout="invoker", segment_bytes=1 << 20) as engine:
        engine.define_instrument(3, "ACME")
        engine.open_account(7)
        engine.deposit(7, "12.5")
        engine.deposit_shares(7, 3, 40)
        last = engine.end_of_day()
        engine.wait(last)
        events = list(engine.events())
    assert [str(event) for event in events] == [
        "ACCEPTED DEFINE_INSTRUMENT ACME instrument 3",
        "ACCEPTED OPEN_ACCOUNT account 7",
        "ACCEPTED DEPOSIT account 7 12.5000",
        "ACCEPTED DEPOSIT instrument 3 account 7 40",
        "ACCEPTED END_OF_DAY",
    ]
    assert {event.type for event in events} == {EventType.ACCEPTED}
