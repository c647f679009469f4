"""What a command looks like that was asked for by name, and what is refused before it is one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import numpy as np
import pytest

from lmax import operator_requests as operator
from lmax import requests
from lmax.order_requests import OrderOptions, new_order
from lmax.records import joined
from lmax.schema import (
    COMMAND,
    Action,
    CommandType,
    Instruction,
    LotPolicy,
    OrderType,
    Phase,
    SelfTrade,
    Side,
    Sides,
    Status,
    Tier,
    TimeInForce,
    TriggerSource,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
NOON_NS = 1_767_614_400 * 10**9


def fields(request):
    """What one command says beyond zeros, of the body named first: bodies overlap."""
    assert request.dtype == COMMAND
    assert len(request) == 1
    return request[0]


def order(price=None, **options):
    given = cast(OrderOptions, options)
    return fields(new_order(1, 2, Side.BUY, 100, price, client_order_id=7, options=given))


@pytest.mark.parametrize(
    ("price", "options", "order_type", "trigger", "offset"),
    [
        ("20", {}, OrderType.LIMIT, 0, 0),
        (None, {}, OrderType.MARKET, 0, 0),
        (None, {"stop": "19.5"}, OrderType.STOP, 195_000, 0),
        ("20", {"stop": "19.5"}, OrderType.STOP_LIMIT, 195_000, 0),
        (None, {"trail": "0.25"}, OrderType.TRAILING_STOP, 0, 2_500),
        (None, {"trail_percent": "2.5"}, OrderType.TRAILING_STOP, 0, 250),
        (None, {"market_to_limit": True}, OrderType.MARKET_TO_LIMIT, 0, 0),
        ("20", {"peg": "best"}, OrderType.PEG_BEST, 0, 0),
        ("20", {"peg": "mid", "peg_offset": "0.01"}, OrderType.PEG_MID, 0, 100),
    ],
)
def test_the_options_make_the_type_of_an_order(price, options, order_type, trigger, offset):
    command = order(price, **options)
    assert command["type"] == CommandType.NEW_ORDER
    assert command["order_type"] == order_type
    assert command["price"] == (200_000 if price else 0)
    assert (command["trigger_price"], command["offset"]) == (trigger, offset)
    assert command["time_in_force"] == TimeInForce.DAY
    percent = "trail_percent" in options
    assert command["instructions"] == (Instruction.TRAIL_PERCENT if percent else 0)


def test_everything_else_that_can_be_asked_of_an_order_is_in_its_command():
    command = order(
        20,
        time_in_force=TimeInForce.GTC,
        display_quantity=10,
        post_only=True,
        short=True,
        cancel_on_disconnect=True,
        do_not_reduce=True,
        hidden=False,
        self_trade=SelfTrade.DECREMENT,
        session=65_535,
    )
    bits = Instruction.POST_ONLY | Instruction.SHORT
    bits |= Instruction.CANCEL_ON_DISCONNECT | Instruction.DO_NOT_REDUCE
    assert command["instructions"] == bits
    assert (command["display_quantity"], command["min_quantity"]) == (10, 0)
    assert (command["self_trade"], command["session"]) == (SelfTrade.DECREMENT, 65_535)
    assert (command["time_in_force"], command["expire_time"]) == (TimeInForce.GTC, 0)
    assert order(20, min_quantity=30)["min_quantity"] == 30
    for name, bit in (("hidden", 1), ("post_slide", 4), ("all_or_none", 8)):
        assert order(20, **{name: True})["instructions"] == bit


def test_a_time_of_expiry_makes_an_order_good_till_date():
    eastern = timezone(timedelta(hours=-5))
    for expire in (NOON, NOON_NS, NOON.astimezone(eastern)):
        command = order(20, expire=expire)
        assert (command["time_in_force"], command["expire_time"]) == (TimeInForce.GTD, NOON_NS)


@pytest.mark.parametrize(
    ("price", "options", "message"),
    [
        (20, {"stop": 19, "trail": 1}, "stop and trail do not go together"),
        (20, {"hidden": True, "display_quantity": 5}, "hidden and display_quantity"),
        (20, {"post_only": True, "post_slide": True}, "post_only and post_slide"),
        (20, {"all_or_none": True, "min_quantity": 5}, "all_or_none and min_quantity"),
        (20, {"trail": 1}, "an order with trail has no price"),
        (20, {"market_to_limit": True}, "with market_to_limit has no price"),
        (None, {"peg": "best"}, "needs a price"),
        (20, {"peg": "worst"}, '"best" or "mid", not to \'worst\''),
        (20, {"peg_offset": 1}, "peg_offset belongs to a pegged order"),
        (20, {"peg": "best", "peg_offset": "-1"}, "a pegging offset is 0 to"),
        (None, {"stop": 0}, "a trigger price is above zero"),
        (None, {"trail_percent": "0.005"}, "at most two decimals"),
        (None, {"trail_percent": 100}, "below 100 percent"),
        (None, {"trail_percent": 0}, "a trailing distance is below 100 percent"),
        (20, {"expire": datetime(2026, 1, 5)}, "a time of expiry needs a time zone"),
        (20, {"display_quantity": "1.5"}, "a display quantity is a whole number"),
        (20, {"session": 65_536}, "a session is 0 to 65535"),
        (20, {"self_trade": 9}, "9 is not a valid SelfTrade"),
    ],
)
def test_options_that_contradict_each_other_or_cannot_be_are_a_value_error(price, options, message):
    with pytest.raises(ValueError, match=message):
        order(price, **options)


def test_an_option_that_there_is_not_and_a_float_are_a_type_error():
    with pytest.raises(TypeError, match="no option 'displayed'"):
        order(20, displayed=5)
    with pytest.raises(TypeError, match="a trigger price is never a float"):
        order(stop=19.5)


def test_a_replace_names_what_is_to_change():
    command = fields(
        requests.replace(1, 2, 7, new_client_order_id=8, quantity=50, price="20", stop="19")
    )
    assert (command["orig_client_order_id"], command["client_order_id"]) == (7, 8)
    assert (command["price"], command["trigger_price"]) == (200_000, 190_000)
    command = fields(requests.replace(1, 2, 7, new_client_order_id=8, quantity=50))
    assert (command["price"], command["trigger_price"]) == (0, 0)


def test_lots_go_with_the_definition():
    command = fields(
        requests.define_instrument(1, "ACME", lot_policy=LotPolicy.NO_ODD_LOTS, round_lot=100)
    )
    assert (command["lot_policy"], command["round_lot"]) == (LotPolicy.NO_ODD_LOTS, 100)
    assert (command["symbol"], command["tick_size"]) == (b"ACME", 100)
    with pytest.raises(ValueError, match="round lot 15 is not a multiple of the lot 10"):
        requests.define_instrument(1, "ACME", lot=10, round_lot=15)


@pytest.mark.parametrize(
    ("request_", "kind", "said"),
    [
        (operator.timer(), CommandType.TIMER, {}),
        (
            operator.set_phase(Phase.HALTED),
            CommandType.SET_PHASE,
            {"phase": Phase.HALTED, "instrument": 0},
        ),
        (operator.set_phase(Phase.CLOSED, 7), CommandType.SET_PHASE, {"phase": 5, "instrument": 7}),
        (operator.set_status(7, Status.DELISTED), CommandType.SET_STATUS, {"status": 2}),
        (operator.set_reference(7, "10"), CommandType.SET_REFERENCE, {"price": 100_000}),
        (
            operator.set_protection(
                7,
                collar="5",
                auction_collar="10.25",
                extensions=2,
                extension_time=timedelta(minutes=5),
                drop=10,
                halt_time=10**9,
                tier=Tier.TIER_2,
                trigger_source=TriggerSource.QUOTE,
                all_or_none=True,
            ),
            CommandType.SET_PROTECTION,
            {
                "collar": 500,
                "auction_collar": 1_025,
                "extensions": 2,
                "extension_time": 300 * 10**9,
                "drop": 1_000,
                "halt_time": 10**9,
                "tier": 2,
                "trigger_source": 1,
                "permissions": 1,
            },
        ),
        (
            operator.set_account(9, firm=3, group=2**32 - 1, self_trade=SelfTrade.CANCEL_OLDEST),
            CommandType.SET_ACCOUNT,
            {"account": 9, "firm": 3, "group": 2**32 - 1, "self_trade": 2},
        ),
        (operator.set_close(NOON), CommandType.SET_CLOSE, {"expire_time": NOON_NS}),
        (
            operator.set_index("4000.50", "4321"),
            CommandType.SET_INDEX,
            {"price": 40_005_000, "quantity": 43_210_000},
        ),
        (operator.kill_switch(True), CommandType.KILL_SWITCH, {"enabled": 1, "account": 0}),
        (
            operator.kill_switch(False, firm=3),
            CommandType.KILL_SWITCH,
            {"enabled": 0, "firm": 3, "instrument": 0},
        ),
        (
            operator.mass_cancel(account=9, instrument=7, session=4, firm=3, sides=Sides.SELLS),
            CommandType.MASS_CANCEL,
            {"account": 9, "instrument": 7, "session": 4, "firm": 3, "sides": 2},
        ),
        (operator.session_ended(4), CommandType.SESSION_ENDED, {"session": 4}),
        (
            operator.split(7, 3, 2, cash_in_lieu="10.50"),
            CommandType.CORPORATE_ACTION,
            {"action": Action.SPLIT, "numerator": 3, "denominator": 2, "price": 105_000},
        ),
        (
            operator.dividend(7, "0.25"),
            CommandType.CORPORATE_ACTION,
            {"action": Action.DIVIDEND, "price": 2_500, "instrument": 7},
        ),
        (
            operator.change_symbol(7, "NEWNAME"),
            CommandType.CORPORATE_ACTION,
            {"action": Action.SYMBOL_CHANGE, "symbol": b"NEWNAME", "numerator": 0},
        ),
        (operator.bust_trade(7, 12), CommandType.BUST_TRADE, {"trade_id": 12, "instrument": 7}),
        (
            operator.correct_trade(7, 12, price="9.99", quantity=40),
            CommandType.CORRECT_TRADE,
            {"trade_id": 12, "price": 99_900, "quantity": 40},
        ),
    ],
    ids=lambda value: value.name if isinstance(value, CommandType) else "",
)
def test_what_an_operator_asks_for_is_in_the_command(request_, kind, said):
    command = fields(request_)
    assert command["type"] == kind
    assert {name: command[name].item() for name in said} == said


def test_a_tick_table_is_one_command_for_each_row():
    rows = operator.set_tick_table(7, [(0, "0.0001"), ("1", "0.01")], NOON)
    assert rows.dtype == COMMAND
    assert rows["row"].tolist() == [0, 1]
    assert rows["rows"].tolist() == [2, 2]
    assert rows["price"].tolist() == [0, 10_000]
    assert rows["tick_size"].tolist() == [1, 100]
    assert rows["effective_time"].tolist() == [NOON_NS] * 2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: operator.set_tick_table(7, []), "has 1 to 24 rows, this one has 0"),
        (lambda: operator.set_tick_table(7, [(-1, 1)]), "the price of a row is 0 to"),
        (lambda: operator.split(7, 2, 2), "changes nothing"),
        (lambda: operator.split(7, 0, 1), "a part of a split is 1 to 1000"),
        (lambda: operator.split(7, 2, 1, cash_in_lieu="-1"), "cash in lieu is 0 to"),
        (lambda: operator.dividend(7, 0), "a dividend is above zero"),
        (lambda: operator.change_symbol(7, "TOO LONG!"), "1 to 8 printable ASCII"),
        (lambda: operator.bust_trade(7, 0), "a trade id is 1 to"),
        (lambda: operator.correct_trade(7, 1, price=0, quantity=1), "a price is above zero"),
        (lambda: operator.kill_switch(True, account=1, firm=2), "one account, one firm"),
        (lambda: operator.set_protection(7, collar="100"), "a collar is below 100 percent"),
        (lambda: operator.set_protection(7, halt_time=timedelta(days=2)), "the time of a halt"),
        (lambda: operator.set_close(datetime(2026, 1, 5)), "the close needs a time zone"),
        (lambda: operator.set_phase(cast(Phase, 6)), "6 is not a valid Phase"),
        (lambda: operator.session_ended(0), "a session is 1 to 65535"),
        (lambda: operator.set_account(1, firm=65_536), "a firm is 0 to 65535"),
    ],
)
def test_a_setting_that_can_never_be_right_is_a_value_error(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


def test_a_setting_that_there_is_not_is_a_type_error():
    misspelt: dict[str, Any] = {"colar": 5}
    with pytest.raises(TypeError, match="no option 'colar'; see ProtectionOptions"):
        operator.set_protection(7, **misspelt)
    with pytest.raises(TypeError, match="no option 'colar'; see MassCancelScope"):
        operator.mass_cancel(**misspelt)


def test_requests_are_put_together_as_an_array_of_commands():
    together = joined([operator.timer(), operator.split(7, 2, 1), operator.dividend(7, 1)])
    assert together.dtype == COMMAND
    assert together["type"].tolist() == [12, 22, 22]
    assert np.count_nonzero(together["numerator"]) == 1
