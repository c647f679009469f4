"""Short ways to write down commands in tests; sequences are given by ``Feed``."""

from dataclasses import replace

from lmax.schema import CommandType, OrderType, Side, TimeInForce
from tests.twin.commands import Command, Event
from tests.twin.engine import Twin


class Feed:
    """A twin and the next sequence: ``feed(command)`` numbers the command and applies it."""

    def __init__(self, twin: Twin | None = None) -> None:
        self.twin = twin or Twin()

    def __call__(self, *commands: Command) -> list[Event]:
        """Apply the commands in turn; the events of the last one."""
        events: list[Event] = []
        for command in commands:
            events = self.twin.apply(replace(command, sequence=self.twin.sequence + 1))
        return events


def define(instrument: int = 1, symbol: bytes = b"AAPL", /, **changes: int) -> Command:
    """An instrument with ticks of 1.00, lots of one share, prices 1.00 to 1000.00."""
    fields = {
        "tick_size": 10_000,
        "lot_size": 1,
        "min_price": 10_000,
        "max_price": 10_000_000,
        "max_quantity": 1_000_000,
        "quantity_scale": 0,
    } | changes
    return Command(
        type=CommandType.DEFINE_INSTRUMENT, instrument=instrument, symbol=symbol, **fields
    )


def open_account(account: int) -> Command:
    return Command(type=CommandType.OPEN_ACCOUNT, account=account)


def deposit(account: int, quantity: int, instrument: int = 0) -> Command:
    return Command(
        type=CommandType.DEPOSIT, account=account, quantity=quantity, instrument=instrument
    )


def withdraw(account: int, quantity: int, instrument: int = 0) -> Command:
    return Command(
        type=CommandType.WITHDRAW, account=account, quantity=quantity, instrument=instrument
    )


def order(
    account: int,
    client_order_id: int,
    side: Side,
    quantity: int,
    price: int = 0,
    time_in_force: int = TimeInForce.DAY,
    instrument: int = 1,
) -> Command:
    """A limit order; a market order without a price."""
    return Command(
        type=CommandType.NEW_ORDER,
        account=account,
        client_order_id=client_order_id,
        instrument=instrument,
        side=side,
        order_type=OrderType.LIMIT if price else OrderType.MARKET,
        time_in_force=time_in_force,
        price=price,
        quantity=quantity,
    )


def cancel(account: int, client_order_id: int, instrument: int = 1) -> Command:
    return Command(
        type=CommandType.CANCEL,
        account=account,
        instrument=instrument,
        orig_client_order_id=client_order_id,
    )


def reduce(account: int, client_order_id: int, by: int, instrument: int = 1) -> Command:
    return Command(
        type=CommandType.REDUCE,
        account=account,
        instrument=instrument,
        orig_client_order_id=client_order_id,
        quantity=by,
    )


def replace_order(
    account: int, old: int, new: int, quantity: int, price: int, instrument: int = 1
) -> Command:
    return Command(
        type=CommandType.REPLACE,
        account=account,
        instrument=instrument,
        orig_client_order_id=old,
        client_order_id=new,
        quantity=quantity,
        price=price,
    )


def end_of_day() -> Command:
    return Command(type=CommandType.END_OF_DAY)
