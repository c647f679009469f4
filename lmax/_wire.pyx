# Written by `python -m lmax.schema`; edit lmax/schema.py instead.
from lmax cimport wire
from lmax.wire cimport Command, Event


def command_layout():
    cdef Command record
    cdef char *base = <char *> &record
    return {
        "sequence": (
            <char *> &record.sequence - base, sizeof(record.sequence)
        ),
        "timestamp": (
            <char *> &record.timestamp - base, sizeof(record.timestamp)
        ),
        "client_order_id": (
            <char *> &record.client_order_id - base, sizeof(record.client_order_id)
        ),
        "orig_client_order_id": (
            <char *> &record.orig_client_order_id - base, sizeof(record.orig_client_order_id)
        ),
        "price": (
            <char *> &record.price - base, sizeof(record.price)
        ),
        "quantity": (
            <char *> &record.quantity - base, sizeof(record.quantity)
        ),
        "account": (
            <char *> &record.account - base, sizeof(record.account)
        ),
        "instrument": (
            <char *> &record.instrument - base, sizeof(record.instrument)
        ),
        "type": (
            <char *> &record.type - base, sizeof(record.type)
        ),
        "side": (
            <char *> &record.side - base, sizeof(record.side)
        ),
        "order_type": (
            <char *> &record.order_type - base, sizeof(record.order_type)
        ),
        "time_in_force": (
            <char *> &record.time_in_force - base, sizeof(record.time_in_force)
        ),
        "reserved0": (
            <char *> &record.reserved0 - base, sizeof(record.reserved0)
        ),
        "symbol": (
            <char *> &record.symbol - base, sizeof(record.symbol)
        ),
        "tick_size": (
            <char *> &record.tick_size - base, sizeof(record.tick_size)
        ),
        "lot_size": (
            <char *> &record.lot_size - base, sizeof(record.lot_size)
        ),
        "min_price": (
            <char *> &record.min_price - base, sizeof(record.min_price)
        ),
        "max_price": (
            <char *> &record.max_price - base, sizeof(record.max_price)
        ),
        "max_quantity": (
            <char *> &record.max_quantity - base, sizeof(record.max_quantity)
        ),
        "quantity_scale": (
            <char *> &record.quantity_scale - base, sizeof(record.quantity_scale)
        ),
        "reserved1": (
            <char *> &record.reserved1 - base, sizeof(record.reserved1)
        ),
        "reserved2": (
            <char *> &record.reserved2 - base, sizeof(record.reserved2)
        ),
        "reserved3": (
            <char *> &record.reserved3 - base, sizeof(record.reserved3)
        ),
        "reserved4": (
            <char *> &record.reserved4 - base, sizeof(record.reserved4)
        ),
    }


def event_layout():
    cdef Event record
    cdef char *base = <char *> &record
    return {
        "sequence": (
            <char *> &record.sequence - base, sizeof(record.sequence)
        ),
        "timestamp": (
            <char *> &record.timestamp - base, sizeof(record.timestamp)
        ),
        "client_order_id": (
            <char *> &record.client_order_id - base, sizeof(record.client_order_id)
        ),
        "price": (
            <char *> &record.price - base, sizeof(record.price)
        ),
        "quantity": (
            <char *> &record.quantity - base, sizeof(record.quantity)
        ),
        "leaves": (
            <char *> &record.leaves - base, sizeof(record.leaves)
        ),
        "account": (
            <char *> &record.account - base, sizeof(record.account)
        ),
        "instrument": (
            <char *> &record.instrument - base, sizeof(record.instrument)
        ),
        "type": (
            <char *> &record.type - base, sizeof(record.type)
        ),
        "command": (
            <char *> &record.command - base, sizeof(record.command)
        ),
        "side": (
            <char *> &record.side - base, sizeof(record.side)
        ),
        "reason": (
            <char *> &record.reason - base, sizeof(record.reason)
        ),
        "order_type": (
            <char *> &record.order_type - base, sizeof(record.order_type)
        ),
        "time_in_force": (
            <char *> &record.time_in_force - base, sizeof(record.time_in_force)
        ),
        "flags": (
            <char *> &record.flags - base, sizeof(record.flags)
        ),
        "quantity_scale": (
            <char *> &record.quantity_scale - base, sizeof(record.quantity_scale)
        ),
        "trade_id": (
            <char *> &record.trade_id - base, sizeof(record.trade_id)
        ),
        "amount": (
            <char *> &record.amount - base, sizeof(record.amount)
        ),
        "orig_client_order_id": (
            <char *> &record.orig_client_order_id - base, sizeof(record.orig_client_order_id)
        ),
        "maker_client_order_id": (
            <char *> &record.maker_client_order_id - base, sizeof(record.maker_client_order_id)
        ),
        "maker_leaves": (
            <char *> &record.maker_leaves - base, sizeof(record.maker_leaves)
        ),
        "maker_account": (
            <char *> &record.maker_account - base, sizeof(record.maker_account)
        ),
        "order_count": (
            <char *> &record.order_count - base, sizeof(record.order_count)
        ),
        "index": (
            <char *> &record.index - base, sizeof(record.index)
        ),
        "reserved0": (
            <char *> &record.reserved0 - base, sizeof(record.reserved0)
        ),
        "symbol": (
            <char *> &record.symbol - base, sizeof(record.symbol)
        ),
    }


def record_sizes():
    return {"Command": sizeof(Command), "Event": sizeof(Event)}


def enums():
    return {
        "CMD_DEFINE_INSTRUMENT": wire.CMD_DEFINE_INSTRUMENT,
        "CMD_OPEN_ACCOUNT": wire.CMD_OPEN_ACCOUNT,
        "CMD_DEPOSIT": wire.CMD_DEPOSIT,
        "CMD_WITHDRAW": wire.CMD_WITHDRAW,
        "CMD_NEW_ORDER": wire.CMD_NEW_ORDER,
        "CMD_CANCEL": wire.CMD_CANCEL,
        "CMD_REDUCE": wire.CMD_REDUCE,
        "CMD_REPLACE": wire.CMD_REPLACE,
        "CMD_END_OF_DAY": wire.CMD_END_OF_DAY,
        "EVT_ACCEPTED": wire.EVT_ACCEPTED,
        "EVT_REJECTED": wire.EVT_REJECTED,
        "EVT_FILL": wire.EVT_FILL,
        "EVT_CANCELLED": wire.EVT_CANCELLED,
        "EVT_REDUCED": wire.EVT_REDUCED,
        "EVT_REPLACED": wire.EVT_REPLACED,
        "EVT_EXPIRED": wire.EVT_EXPIRED,
        "EVT_BOOK": wire.EVT_BOOK,
        "SIDE_BUY": wire.SIDE_BUY,
        "SIDE_SELL": wire.SIDE_SELL,
        "ORD_LIMIT": wire.ORD_LIMIT,
        "ORD_MARKET": wire.ORD_MARKET,
        "TIF_DAY": wire.TIF_DAY,
        "TIF_GTC": wire.TIF_GTC,
        "TIF_IOC": wire.TIF_IOC,
        "TIF_FOK": wire.TIF_FOK,
        "REASON_NONE": wire.REASON_NONE,
        "REASON_UNKNOWN_COMMAND": wire.REASON_UNKNOWN_COMMAND,
        "REASON_INVALID_ID": wire.REASON_INVALID_ID,
        "REASON_INVALID_DEFINITION": wire.REASON_INVALID_DEFINITION,
        "REASON_UNKNOWN_INSTRUMENT": wire.REASON_UNKNOWN_INSTRUMENT,
        "REASON_INSTRUMENT_EXISTS": wire.REASON_INSTRUMENT_EXISTS,
        "REASON_UNKNOWN_ACCOUNT": wire.REASON_UNKNOWN_ACCOUNT,
        "REASON_ACCOUNT_EXISTS": wire.REASON_ACCOUNT_EXISTS,
        "REASON_INVALID_SIDE": wire.REASON_INVALID_SIDE,
        "REASON_INVALID_ORDER_TYPE": wire.REASON_INVALID_ORDER_TYPE,
        "REASON_INVALID_TIME_IN_FORCE": wire.REASON_INVALID_TIME_IN_FORCE,
        "REASON_INVALID_CLIENT_ORDER_ID": wire.REASON_INVALID_CLIENT_ORDER_ID,
        "REASON_DUPLICATE_CLIENT_ORDER_ID": wire.REASON_DUPLICATE_CLIENT_ORDER_ID,
        "REASON_PRICE_RANGE": wire.REASON_PRICE_RANGE,
        "REASON_PRICE_TICK": wire.REASON_PRICE_TICK,
        "REASON_QUANTITY_RANGE": wire.REASON_QUANTITY_RANGE,
        "REASON_QUANTITY_LOT": wire.REASON_QUANTITY_LOT,
        "REASON_NOTIONAL_RANGE": wire.REASON_NOTIONAL_RANGE,
        "REASON_AMOUNT_RANGE": wire.REASON_AMOUNT_RANGE,
        "REASON_INSUFFICIENT_CASH": wire.REASON_INSUFFICIENT_CASH,
        "REASON_INSUFFICIENT_SHARES": wire.REASON_INSUFFICIENT_SHARES,
        "REASON_UNKNOWN_ORDER": wire.REASON_UNKNOWN_ORDER,
        "REASON_TOO_LATE": wire.REASON_TOO_LATE,
        "REASON_CAPACITY": wire.REASON_CAPACITY,
        "REASON_REQUESTED": wire.REASON_REQUESTED,
        "REASON_IOC_REMAINDER": wire.REASON_IOC_REMAINDER,
        "REASON_FOK_UNFILLED": wire.REASON_FOK_UNFILLED,
        "REASON_NO_LIQUIDITY": wire.REASON_NO_LIQUIDITY,
        "REASON_REDUCED_TO_ZERO": wire.REASON_REDUCED_TO_ZERO,
        "REASON_BELOW_FILLED": wire.REASON_BELOW_FILLED,
        "REASON_END_OF_DAY": wire.REASON_END_OF_DAY,
        "FLAG_LAST": wire.FLAG_LAST,
        "RECORD_BYTES": wire.RECORD_BYTES,
        "MAX_INSTRUMENT": wire.MAX_INSTRUMENT,
        "MAX_ACCOUNT": wire.MAX_ACCOUNT,
    }
