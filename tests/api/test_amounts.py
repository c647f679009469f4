"""Prices come in and go out exactly, and what could never be right is refused at the edge."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmax import Engine, Side, TimeInForce, price, to_decimal

MOST = 2**63 - 1


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ("20.15", 201_500),
        (Decimal("20.15"), 201_500),
        (20, 200_000),
        (np.int64(20), 200_000),
        ("0.0001", 1),
        ("-1.5", -15_000),
        ("1e3", 10_000_000),
        ("20.150000000000000", 201_500),
        ("0e-999999999", 0),
        ("922337203685477.5807", MOST),
    ],
)
def test_text_decimals_and_whole_numbers_are_prices(value, raw):
    assert price(value) == raw


@pytest.mark.parametrize("value", [0.1, 20.0, np.float64(3), float("nan")])
def test_a_float_is_refused_and_told_why(value):
    with pytest.raises(TypeError, match=r"never a float.*binary"):
        price(value)


@pytest.mark.parametrize("value", [None, b"20", [1], np.float32(1), object()])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match="text, a Decimal or an int"):
        price(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "decimal number"),
        ("20,15", "decimal number"),
        ("nan", "finite"),
        ("-Infinity", "finite"),
        ("0.00001", "at most 4 decimals"),
        ("20.12345", "at most 4 decimals"),
        ("1e-999999999", "at most 4 decimals"),
        ("1e999999", "too large"),
        ("922337203685477.5808", "too large"),
        ("-922337203685477.5808", "too large"),
        (10**18, "too large"),
    ],
)
def test_what_does_not_fit_is_refused(value, words):
    with pytest.raises(ValueError, match=words):
        price(value)


@given(raw=st.integers(-MOST, MOST))
def test_a_price_survives_the_way_there_and_back(raw):
    with localcontext() as context:
        context.prec = 3  # exact whatever the caller's precision is
        assert price(to_decimal(raw)) == raw
        assert price(str(to_decimal(raw))) == raw


GOOD = {
    "define_instrument": ((1, "ACME"), {}),
    "open_account": ((1,), {}),
    "deposit": ((1, "5"), {}),
    "withdraw": ((1, "5"), {}),
    "deposit_shares": ((1, 1, 5), {}),
    "withdraw_shares": ((1, 1, 5), {}),
    "buy": ((1, 1, 5, "5"), {"client_order_id": 1}),
    "sell": ((1, 1, 5, "5"), {"client_order_id": 1}),
    "new_order": ((1, 1, Side.BUY, 5), {"client_order_id": 1}),
    "cancel": ((1, 1, 1), {}),
    "reduce": ((1, 1, 1, 5), {}),
    "replace": ((1, 1, 1), {"new_client_order_id": 2, "quantity": 5, "price": 5}),
    "end_of_day": ((), {}),
}

BAD = [
    ("define_instrument", {0: 0}, "instrument is 1 to 65535"),
    ("define_instrument", {0: 65_536}, "instrument is 1 to 65535"),
    ("define_instrument", {1: ""}, "1 to 8 printable"),
    ("define_instrument", {1: "NINELETTER"}, "1 to 8 printable"),
    ("define_instrument", {1: "A B"}, "1 to 8 printable"),
    ("define_instrument", {1: "ÄÖ"}, "1 to 8 printable"),
    ("define_instrument", {"tick": 0}, "a tick is above zero"),
    ("define_instrument", {"tick": "-0.01"}, "a tick is above zero"),
    ("define_instrument", {"tick": "0.00001"}, "at most 4 decimals"),
    ("define_instrument", {"lot": 0}, "a lot is 1 to"),
    ("define_instrument", {"lot": "1.5"}, "a lot is a whole number"),
    ("define_instrument", {"quantity_scale": 10}, "a quantity scale is 0 to 9"),
    ("define_instrument", {"quantity_scale": 3}, "smallest trade"),
    ("define_instrument", {"min_price": "0.005"}, "lowest price 0.0050 is not a multiple"),
    ("define_instrument", {"max_price": "9.999"}, "highest price 9.9990 is not a multiple"),
    ("define_instrument", {"min_price": 5, "max_price": 4}, "is above the highest"),
    ("define_instrument", {"lot": 10, "max_quantity": 25}, "not a multiple of the lot"),
    ("open_account", {0: 0}, "account is 1 to 16777215"),
    ("open_account", {0: 2**24}, "account is 1 to 16777215"),
    ("deposit", {1: 0}, "a deposit is above zero"),
    ("deposit", {1: -5}, "a deposit is above zero"),
    ("deposit", {1: "0.00001"}, "a deposit has at most 4 decimals"),
    ("withdraw", {1: "-0.01"}, "a withdraw"),
    ("deposit_shares", {2: 0}, "a quantity is 1 to"),
    ("withdraw_shares", {2: "0.5"}, "a quantity is"),
    ("buy", {2: -1}, "a quantity is 1 to"),
    ("buy", {2: 2**63}, "a quantity is 1 to"),
    ("buy", {2: "1.5"}, "whole number"),
    ("buy", {3: 0}, "a price is above zero"),
    ("sell", {3: "-5"}, "a price is above zero"),
    ("sell", {3: "5.00001"}, "a price has at most 4"),
    ("buy", {"client_order_id": 0}, "client order id is 1 to"),
    ("buy", {"client_order_id": 2**64}, "client order id is 1 to"),
    ("buy", {"time_in_force": 9}, "TimeInForce"),
    ("new_order", {2: 2}, "Side"),
    ("new_order", {2: "buy"}, "Side"),
    ("cancel", {2: 0}, "client order id is 1 to"),
    ("reduce", {3: 0}, "a quantity is 1 to"),
    ("replace", {"new_client_order_id": 0}, "client order id is 1 to"),
    ("replace", {"price": 0}, "a price is above zero"),
]


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("venue")
    with Engine.open(folder, layout="invoker", segment_bytes=1 << 20) as engine:
        yield engine


def ask(engine, method, changes):
    arguments, named = GOOD[method]
    positional = [changes.get(place, value) for place, value in enumerate(arguments)]
    return getattr(engine, method)(
        *positional, **named | {k: v for k, v in changes.items() if isinstance(k, str)}
    )


@pytest.mark.parametrize(("method", "changes", "words"), BAD)
def test_a_value_that_can_never_be_right_is_refused_and_nothing_published(
    venue, method, changes, words
):
    before = ask(venue, method, {})
    with pytest.raises(ValueError, match=words):
        ask(venue, method, changes)
    assert ask(venue, method, {}) == before + 1


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("define_instrument", {"tick": 0.01}),
        ("deposit", {1: 0.1}),
        ("buy", {2: 1.0}),
        ("buy", {3: 20.15}),
        ("open_account", {0: 1.0}),
        ("replace", {"price": 1.0}),
    ],
)
def test_a_float_is_refused_everywhere(venue, method, changes):
    with pytest.raises(TypeError, match="never a float"):
        ask(venue, method, changes)


def test_every_way_to_say_a_number_is_the_same(venue):
    def fields(quantity, limit):
        sequence = venue.buy(
            1, 1, quantity, limit, client_order_id=7, time_in_force=TimeInForce.GTC
        )
        event = venue.result(sequence)[0]
        return event.quantity, event.raw_price

    ways = [(5, 20), ("5", "20"), (Decimal("5.0"), Decimal("20.00")), (np.int32(5), np.uint8(20))]
    assert {fields(*way) for way in ways} == {(5, 200_000)}


@pytest.mark.parametrize("scale", range(10))
def test_what_is_not_told_of_an_instrument_is_chosen_so_that_it_is_accepted(venue, scale):
    steps = (("0.01", 10**9), ("0.0001", 7 * 10**9), ("123456789.1234", 10**9))
    # The venue is shared with the other tests here, which use small ids.
    for number, (tick, lot) in enumerate(steps, start=1000 + 10 * scale):
        (event,) = venue.result(
            venue.define_instrument(number, "ACME", tick=tick, lot=lot, quantity_scale=scale)
        )
        assert event.type.name == "ACCEPTED"
