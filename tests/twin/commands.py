"""What the twin takes and gives: one command, and events as dictionaries of all their fields."""

from dataclasses import dataclass, fields
from typing import Any

type Event = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """The fields of ``lmax.schema.COMMAND_FIELDS``, in their order; money and prices in 10^-4.

    In a record the fields of different bodies share bytes: set those of one body only, and pass
    anything else through ``records.normalised`` before two systems see it.
    """

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
    instructions: int = 0
    self_trade: int = 0
    reserved0: int = 0
    trigger_price: int = 0
    offset: int = 0
    display_quantity: int = 0
    min_quantity: int = 0
    expire_time: int = 0
    session: int = 0
    firm: int = 0
    group: int = 0
    sides: int = 0
    phase: int = 0
    status: int = 0
    enabled: int = 0
    trade_id: int = 0
    symbol: bytes = b""
    tick_size: int = 0
    lot_size: int = 0
    min_price: int = 0
    max_price: int = 0
    max_quantity: int = 0
    quantity_scale: int = 0
    lot_policy: int = 0
    reserved1: int = 0
    reserved2: int = 0
    round_lot: int = 0
    halt_time: int = 0
    extension_time: int = 0
    auction_collar: int = 0
    collar: int = 0
    drop: int = 0
    tier: int = 0
    trigger_source: int = 0
    extensions: int = 0
    permissions: int = 0
    numerator: int = 0
    denominator: int = 0
    action: int = 0
    effective_time: int = 0
    row: int = 0
    rows: int = 0
    state_sequence: int = 0
    state_hash: int = 0
    epoch: int = 0
    standbys: int = 0
    change: int = 0


def told(command: Command, of: type) -> dict[str, Any]:
    """What a command tells of the fields of another dataclass: those of the same name."""
    names = {field.name for field in fields(of)}
    return {name: value for name, value in vars(command).items() if name in names}
