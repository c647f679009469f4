"""Carries out valid commands and says in events what happened."""

from collections.abc import Callable

from lmax.schema import CommandType, EventType, OrderType, Reason, Side, TimeInForce
from tests.twin.accounts import CASH
from tests.twin.book import Book, Order, opposite
from tests.twin.commands import Command, Event
from tests.twin.events import Report
from tests.twin.instruments import instrument_from
from tests.twin.validation import RejectedError, validate
from tests.twin.world import MAX_OPEN_ORDERS, World


class Twin:
    """The engine of docs/matching.md: one command in, its events out."""

    def __init__(self, max_open_orders: int = MAX_OPEN_ORDERS) -> None:
        self.world = World(max_open_orders)
        self.sequence = 0
        self.now = 0
        self._report = Report(0, 0, 0)
        self._actions: dict[int, Callable[[Command], None]] = {
            CommandType.DEFINE_INSTRUMENT: self._define_instrument,
            CommandType.OPEN_ACCOUNT: self._open_account,
            CommandType.DEPOSIT: self._deposit,
            CommandType.WITHDRAW: self._withdraw,
            CommandType.NEW_ORDER: self._new_order,
            CommandType.CANCEL: self._cancel,
            CommandType.REDUCE: self._reduce,
            CommandType.REPLACE: self._replace,
            CommandType.END_OF_DAY: self._end_of_day,
        }

    def apply(self, command: Command) -> list[Event]:
        """The events of the next command; ValueError if its sequence is not the next one."""
        if command.sequence != self.sequence + 1:
            raise ValueError(f"expected sequence {self.sequence + 1}, got {command.sequence}")
        self.sequence += 1
        self.now = max(self.now + 1, min(command.timestamp, 2**62))
        self._report = Report(command.sequence, self.now, command.type)
        try:
            validate(self.world, command)
        except RejectedError as rejected:
            self._report.rejected(command, rejected.reason)
        else:
            self._actions[command.type](command)
        return self._report.finished()

    # -- accounts and instruments ------------------------------------------------------------

    def _define_instrument(self, c: Command) -> None:
        instrument = instrument_from(c)
        self.world.instruments[instrument.id] = instrument
        self._report.add(
            EventType.ACCEPTED,
            instrument=instrument.id,
            symbol=instrument.symbol,
            quantity_scale=instrument.quantity_scale,
            price=instrument.tick_size,
            quantity=instrument.lot_size,
        )

    def _open_account(self, c: Command) -> None:
        self.world.accounts.open(c.account)
        self._report.add(EventType.ACCEPTED, account=c.account)

    def _deposit(self, c: Command) -> None:
        self.world.accounts.of(c.account, c.instrument).total += c.quantity
        self._report.transfer(c)

    def _withdraw(self, c: Command) -> None:
        self.world.accounts.of(c.account, c.instrument).total -= c.quantity
        self._report.transfer(c)

    # -- orders ------------------------------------------------------------------------------

    def _new_order(self, c: Command) -> None:
        order = Order(
            account=c.account,
            client_order_id=c.client_order_id,
            instrument=c.instrument,
            side=c.side,
            order_type=c.order_type,
            time_in_force=c.time_in_force,
            price=c.price,
            quantity=c.quantity,
            leaves=c.quantity,
        )
        self.world.open_orders[order.account, order.client_order_id] = order
        self._report.order(EventType.ACCEPTED, order, quantity=order.quantity)
        self._reserve(order, order.leaves)
        if order.time_in_force == TimeInForce.FOK and not self._can_fill_whole(order):
            self._cancel_remainder(order, Reason.FOK_UNFILLED)
            return
        self._trade_then_rest(order)

    def _cancel(self, c: Command) -> None:
        order = self.world.open_orders[c.account, c.orig_client_order_id]
        self._take_out(order, Reason.REQUESTED)

    def _reduce(self, c: Command) -> None:
        order = self.world.open_orders[c.account, c.orig_client_order_id]
        if c.quantity >= order.leaves:
            self._take_out(order, Reason.REDUCED_TO_ZERO)
            return
        self._release(order, c.quantity)
        order.quantity -= c.quantity
        order.leaves -= c.quantity
        self._report.order(EventType.REDUCED, order, quantity=c.quantity)
        self._report_level(order.instrument, order.side, order.price)

    def _replace(self, c: Command) -> None:
        order = self.world.open_orders[c.account, c.orig_client_order_id]
        if c.quantity <= order.filled:
            self.world.closed_orders[c.account, c.client_order_id] = c.instrument
            self._take_out(order, Reason.BELOW_FILLED)
            return
        keeps_place = c.price == order.price and c.quantity <= order.quantity
        old_level = (order.side, order.price)
        if not keeps_place:
            self._book_of(order).remove(order)
        self._rewrite(order, c)
        self._report.replaced(order, c.orig_client_order_id)
        self._report_level(order.instrument, *old_level)
        if not keeps_place:
            self._trade_then_rest(order)

    def _rewrite(self, order: Order, c: Command) -> None:
        """Give an order the id, price and quantity of a replace; its reservation follows."""
        self._release(order, order.leaves)
        self.world.close_id(order)
        filled = order.filled
        order.client_order_id = c.client_order_id
        order.price = c.price
        order.quantity = c.quantity
        order.leaves = c.quantity - filled
        self.world.open_orders[order.account, order.client_order_id] = order
        self._reserve(order, order.leaves)

    def _end_of_day(self, c: Command) -> None:
        self._report.add(EventType.ACCEPTED)
        for _, instrument in sorted(self.world.instruments.items()):
            for side in (Side.BUY, Side.SELL):
                for order in list(instrument.book.orders(side)):
                    if order.time_in_force == TimeInForce.DAY:
                        self._take_out(order, Reason.END_OF_DAY, EventType.EXPIRED)
        self.world.closed_orders.clear()

    # -- matching ----------------------------------------------------------------------------

    def _trade_then_rest(self, order: Order) -> None:
        book = self._book_of(order)
        for price in book.crossing(order.side, self._limit_of(order)):
            if order.leaves == 0:
                break
            for maker in book.queue(opposite(order.side), price):
                if order.leaves:
                    self._trade(order, maker)
            self._report_level(order.instrument, opposite(order.side), price)
        if order.leaves == 0:
            self.world.close_id(order)
        elif order.order_type == OrderType.MARKET:
            self._cancel_remainder(order, Reason.NO_LIQUIDITY)
        elif order.time_in_force == TimeInForce.IOC:
            self._cancel_remainder(order, Reason.IOC_REMAINDER)
        else:
            book.add(order)
            self._report_level(order.instrument, order.side, order.price)

    def _trade(self, taker: Order, maker: Order) -> None:
        quantity = min(taker.leaves, maker.leaves)
        amount = self.world.instruments[taker.instrument].notional(maker.price, quantity)
        self._release(taker, quantity)
        self._release(maker, quantity)
        buyer, seller = (taker, maker) if taker.side == Side.BUY else (maker, taker)
        self.world.accounts.move(CASH, buyer.account, seller.account, amount)
        self.world.accounts.move(taker.instrument, seller.account, buyer.account, quantity)
        taker.leaves -= quantity
        maker.leaves -= quantity
        if maker.leaves == 0:
            self._book_of(maker).remove(maker)
            self.world.close_id(maker)
        self.world.last_trade_id += 1
        self._report.fill(taker, maker, quantity, amount, self.world.last_trade_id)

    def _can_fill_whole(self, order: Order) -> bool:
        trades = self._book_of(order).fillable(order.side, self._limit_of(order), order.leaves)
        return sum(quantity for _, quantity in trades) == order.leaves

    def _take_out(
        self, order: Order, reason: Reason, event: EventType = EventType.CANCELLED
    ) -> None:
        """End an order that rests in the book."""
        self._book_of(order).remove(order)
        self._end(order, reason, event)
        self._report_level(order.instrument, order.side, order.price)

    def _cancel_remainder(self, order: Order, reason: Reason) -> None:
        """End an order that never rested."""
        self._end(order, reason, EventType.CANCELLED)

    def _end(self, order: Order, reason: Reason, event: EventType) -> None:
        taken_away = order.leaves
        self._release(order, taken_away)
        order.leaves = 0
        self.world.close_id(order)
        self._report.order(event, order, quantity=taken_away, reason=reason)

    def _reserve(self, order: Order, quantity: int) -> None:
        """A market order holds nothing: it is over before anything else can happen."""
        if order.order_type == OrderType.LIMIT:
            self.world.reserve(order, quantity)

    def _release(self, order: Order, quantity: int) -> None:
        if order.order_type == OrderType.LIMIT:
            self.world.release(order, quantity)

    def _book_of(self, order: Order) -> Book:
        return self.world.instruments[order.instrument].book

    def _limit_of(self, order: Order) -> int | None:
        return order.price if order.order_type == OrderType.LIMIT else None

    def _report_level(self, instrument: int, side: int, price: int) -> None:
        queue = self.world.instruments[instrument].book.queue(side, price)
        self._report.level(instrument, side, price, queue)
