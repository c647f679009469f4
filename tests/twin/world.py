"""Everything the twin remembers from one command to the next."""

from dataclasses import dataclass, field

from lmax.schema import Side
from tests.twin.accounts import CASH, Accounts, Balance
from tests.twin.book import Order
from tests.twin.instruments import Instrument

MAX_OPEN_ORDERS = 33_554_432


@dataclass
class World:
    """Accounts, instruments with their books, and the client order ids in use.

    open_orders and closed_orders are keyed by (account, client order id); a closed id only
    remembers its instrument, until the end of the day.
    """

    max_open_orders: int = MAX_OPEN_ORDERS
    accounts: Accounts = field(default_factory=Accounts)
    instruments: dict[int, Instrument] = field(default_factory=dict)
    open_orders: dict[tuple[int, int], Order] = field(default_factory=dict)
    closed_orders: dict[tuple[int, int], int] = field(default_factory=dict)
    last_trade_id: int = 0

    def id_is_used(self, account: int, client_order_id: int) -> bool:
        key = (account, client_order_id)
        return key in self.open_orders or key in self.closed_orders

    def close_id(self, order: Order) -> None:
        """The order is open no more, its id is remembered until the end of the day."""
        key = (order.account, order.client_order_id)
        del self.open_orders[key]
        self.closed_orders[key] = order.instrument

    def pledge(self, order: Order) -> Balance:
        """The balance an order's reservation is taken from: cash of a buy, shares of a sell."""
        asset = CASH if order.side == Side.BUY else order.instrument
        return self.accounts.of(order.account, asset)

    def needed(self, order: Order, quantity: int) -> int:
        """What a limit order reserves of its pledge for ``quantity`` of its leaves."""
        if order.side == Side.SELL:
            return quantity
        return self.instruments[order.instrument].notional(order.price, quantity)

    def reserve(self, order: Order, quantity: int) -> None:
        self.pledge(order).reserved += self.needed(order, quantity)

    def release(self, order: Order, quantity: int) -> None:
        self.pledge(order).reserved -= self.needed(order, quantity)
