"""What the twin takes and gives: one command, and events as dictionaries of all their fields."""

from dataclasses import dataclass
from typing import Any

type Event = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """The fields of ``lmax.schema.COMMAND_FIELDS``, in their order; money and prices in 10^-4."""

    sequence: int = 0
    timestamp: int = 0
    client_order_id: int = 0
    orig_client_order_id: int = 0
    price: int = 0
    quantity: int = 0
    account: int = 0
    instrument: int = 0
    type: int = 0
    side: int = 0
    order_type: int = 0
    time_in_force: int = 0
    reserved0: int = 0
    symbol: bytes = b""
    tick_size: int = 0
    lot_size: int = 0
    min_price: int = 0
    max_price: int = 0
    max_quantity: int = 0
    quantity_scale: int = 0
    reserved1: int = 0
    reserved2: int = 0
    reserved3: int = 0
    reserved4: int = 0
