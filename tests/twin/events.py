"""The events of one command: what each kind of event carries, in the order they happened."""

from lmax.schema import EVENT_FIELDS, EventFlag, EventType, Reason
from tests.twin.commands import Command, Event
from tests.twin.order import STOPS, Order


def blank_event() -> Event:
    """An event with every field zero (the symbol empty)."""
    return {field.name: b"" if field.kind == "c8" else 0 for field in EVENT_FIELDS}


class Report:
    """Collects the events of one command; ``timestamp`` is its business time."""

    def __init__(self, sequence: int, timestamp: int, command: int) -> None:
        self._common = {"sequence": sequence, "timestamp": timestamp, "command": command}
        self._events: list[Event] = []

    def finished(self) -> list[Event]:
        """The events, the last one flagged."""
        self._events[-1]["flags"] |= EventFlag.LAST
        return self._events

    def add(self, event_type: EventType, **fields: int | bytes) -> None:
        """Add an event; fields that are not named are zero."""
        own = {"type": event_type, "index": len(self._events)}
        self._events.append(blank_event() | self._common | own | fields)

    def order(self, event_type: EventType, order: Order, **fields: int) -> None:
        """Add an event about an order as it is now."""
        about = {
            "client_order_id": order.client_order_id,
            "account": order.account,
            "instrument": order.instrument,
            "side": order.side,
            "order_type": order.order_type,
            "time_in_force": order.time_in_force,
            "price": order.price,
            "leaves": order.leaves,
            "trigger_price": order.trigger_price if order.order_type in STOPS else 0,
        }
        self.add(event_type, **(about | fields))

    def fill(
        self,
        taker: Order,
        maker: Order,
        price: int,
        quantity: int,
        amount: int,
        trade_id: int,
        flags: int,
    ) -> None:
        self.order(
            EventType.FILL,
            taker,
            price=price,
            quantity=quantity,
            trade_id=trade_id,
            amount=amount,
            flags=flags,
            maker_client_order_id=maker.client_order_id,
            maker_account=maker.account,
            maker_leaves=maker.leaves,
        )

    def level(self, instrument: int, side: int, price: int, queue: list[Order]) -> None:
        """Add what is open at a level now; nothing in the queue: the level is gone."""
        self.add(
            EventType.BOOK,
            instrument=instrument,
            side=side,
            price=price,
            quantity=sum(order.shown for order in queue),
            order_count=len(queue),
        )

    def transfer(self, c: Command) -> None:
        account, instrument, quantity = c.account, c.instrument, c.quantity
        self.add(EventType.ACCEPTED, account=account, instrument=instrument, quantity=quantity)

    def accepted(self, c: Command) -> None:
        """ACCEPTED of an operator's command."""
        self.add(
            EventType.ACCEPTED,
            account=c.account,
            instrument=c.instrument,
            price=c.price,
            quantity=c.quantity,
        )

    def rejected(self, c: Command, reason: Reason) -> None:
        self.add(
            EventType.REJECTED,
            account=c.account,
            instrument=c.instrument,
            client_order_id=c.client_order_id,
            orig_client_order_id=c.orig_client_order_id,
            price=c.price,
            quantity=c.quantity,
            side=c.side,
            order_type=c.order_type,
            time_in_force=c.time_in_force,
            reason=reason,
        )
