"""Everything the twin remembers from one command to the next."""

from dataclasses import dataclass, field

from lmax.schema import Side
from tests.twin.accounts import CASH, Accounts, Balance
from tests.twin.events import Report
from tests.twin.instruments import Instrument
from tests.twin.killswitch import KillSwitches
from tests.twin.order import Order
from tests.twin.trades import TradeLog

MAX_OPEN_ORDERS = 33_554_431


@dataclass
class World:
    """Accounts, instruments with their books, and the client order ids in use.

    open_orders and closed_orders are keyed by (account, client order id); a closed id only
    remembers its instrument, until the end of the day. now: business time. report: the events
    of the command that is being carried out. close: when the market closes today, 0 if unknown;
    market_level: of the deepest fall of the index that halted the market today. checkpoint: the
    sequence of the last CHECKPOINT.
    """

    max_open_orders: int = MAX_OPEN_ORDERS
    trades: TradeLog = field(default_factory=TradeLog)
    accounts: Accounts = field(default_factory=Accounts)
    instruments: dict[int, Instrument] = field(default_factory=dict)
    open_orders: dict[tuple[int, int], Order] = field(default_factory=dict)
    closed_orders: dict[tuple[int, int], int] = field(default_factory=dict)
    last_arrival: int = 0
    now: int = 0
    close: int = 0
    market_level: int = 0
    checkpoint: int = 0
    killed: KillSwitches = field(default_factory=KillSwitches)
    report: Report = field(default_factory=lambda: Report(0, 0, 0))

    def arrive(self, order: Order) -> None:
        """The order joins the end of a queue: it gets the highest arrival so far."""
        self.last_arrival += 1
        order.arrival = self.last_arrival

    def instrument_of(self, order: Order) -> Instrument:
        return self.instruments[order.instrument]

    def id_is_used(self, account: int, client_order_id: int) -> bool:
        key = (account, client_order_id)
        return key in self.open_orders or key in self.closed_orders

    def open_id(self, order: Order) -> None:
        self.open_orders[order.account, order.client_order_id] = order

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
        """What an order reserves of its pledge for ``quantity`` of its leaves.

        A buy without a price holds nothing.
        """
        if order.side == Side.SELL:
            return quantity
        return self.instrument_of(order).notional(order.price, quantity)

    def reserve(self, order: Order, quantity: int) -> None:
        self.pledge(order).reserved += self.needed(order, quantity)

    def release(self, order: Order, quantity: int) -> None:
        self.pledge(order).reserved -= self.needed(order, quantity)
