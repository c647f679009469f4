# Written by `python -m lmax.schema`; edit lmax/schema.py instead.
from lmax cimport wire
from lmax.wire cimport Command, Event, Message, Report


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
        "instructions": (
            <char *> &record.instructions - base, sizeof(record.instructions)
        ),
        "self_trade": (
            <char *> &record.self_trade - base, sizeof(record.self_trade)
        ),
        "reserved0": (
            <char *> &record.reserved0 - base, sizeof(record.reserved0)
        ),
        "trigger_price": (
            <char *> &record.trigger_price - base, sizeof(record.trigger_price)
        ),
        "offset": (
            <char *> &record.offset - base, sizeof(record.offset)
        ),
        "display_quantity": (
            <char *> &record.display_quantity - base, sizeof(record.display_quantity)
        ),
        "min_quantity": (
            <char *> &record.min_quantity - base, sizeof(record.min_quantity)
        ),
        "expire_time": (
            <char *> &record.expire_time - base, sizeof(record.expire_time)
        ),
        "session": (
            <char *> &record.session - base, sizeof(record.session)
        ),
        "firm": (
            <char *> &record.firm - base, sizeof(record.firm)
        ),
        "group": (
            <char *> &record.group - base, sizeof(record.group)
        ),
        "sides": (
            <char *> &record.sides - base, sizeof(record.sides)
        ),
        "phase": (
            <char *> &record.phase - base, sizeof(record.phase)
        ),
        "status": (
            <char *> &record.status - base, sizeof(record.status)
        ),
        "enabled": (
            <char *> &record.enabled - base, sizeof(record.enabled)
        ),
        "trade_id": (
            <char *> &record.trade_id - base, sizeof(record.trade_id)
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
        "lot_policy": (
            <char *> &record.lot_policy - base, sizeof(record.lot_policy)
        ),
        "reserved1": (
            <char *> &record.reserved1 - base, sizeof(record.reserved1)
        ),
        "reserved2": (
            <char *> &record.reserved2 - base, sizeof(record.reserved2)
        ),
        "round_lot": (
            <char *> &record.round_lot - base, sizeof(record.round_lot)
        ),
        "halt_time": (
            <char *> &record.halt_time - base, sizeof(record.halt_time)
        ),
        "extension_time": (
            <char *> &record.extension_time - base, sizeof(record.extension_time)
        ),
        "auction_collar": (
            <char *> &record.auction_collar - base, sizeof(record.auction_collar)
        ),
        "collar": (
            <char *> &record.collar - base, sizeof(record.collar)
        ),
        "drop": (
            <char *> &record.drop - base, sizeof(record.drop)
        ),
        "tier": (
            <char *> &record.tier - base, sizeof(record.tier)
        ),
        "trigger_source": (
            <char *> &record.trigger_source - base, sizeof(record.trigger_source)
        ),
        "extensions": (
            <char *> &record.extensions - base, sizeof(record.extensions)
        ),
        "permissions": (
            <char *> &record.permissions - base, sizeof(record.permissions)
        ),
        "numerator": (
            <char *> &record.numerator - base, sizeof(record.numerator)
        ),
        "denominator": (
            <char *> &record.denominator - base, sizeof(record.denominator)
        ),
        "action": (
            <char *> &record.action - base, sizeof(record.action)
        ),
        "effective_time": (
            <char *> &record.effective_time - base, sizeof(record.effective_time)
        ),
        "row": (
            <char *> &record.row - base, sizeof(record.row)
        ),
        "rows": (
            <char *> &record.rows - base, sizeof(record.rows)
        ),
        "state_sequence": (
            <char *> &record.state_sequence - base, sizeof(record.state_sequence)
        ),
        "state_hash": (
            <char *> &record.state_hash - base, sizeof(record.state_hash)
        ),
        "epoch": (
            <char *> &record.epoch - base, sizeof(record.epoch)
        ),
        "standbys": (
            <char *> &record.standbys - base, sizeof(record.standbys)
        ),
        "change": (
            <char *> &record.change - base, sizeof(record.change)
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
        "phase": (
            <char *> &record.phase - base, sizeof(record.phase)
        ),
        "status": (
            <char *> &record.status - base, sizeof(record.status)
        ),
        "reserved0": (
            <char *> &record.reserved0 - base, sizeof(record.reserved0)
        ),
        "symbol": (
            <char *> &record.symbol - base, sizeof(record.symbol)
        ),
        "trigger_price": (
            <char *> &record.trigger_price - base, sizeof(record.trigger_price)
        ),
        "state_hash": (
            <char *> &record.state_hash - base, sizeof(record.state_hash)
        ),
    }


def message_layout():
    cdef Message record
    cdef char *base = <char *> &record
    return {
        "order_id": (
            <char *> &record.order_id - base, sizeof(record.order_id)
        ),
        "new_order_id": (
            <char *> &record.new_order_id - base, sizeof(record.new_order_id)
        ),
        "price": (
            <char *> &record.price - base, sizeof(record.price)
        ),
        "quantity": (
            <char *> &record.quantity - base, sizeof(record.quantity)
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
    }


def report_layout():
    cdef Report record
    cdef char *base = <char *> &record
    return {
        "order_id": (
            <char *> &record.order_id - base, sizeof(record.order_id)
        ),
        "other_order_id": (
            <char *> &record.other_order_id - base, sizeof(record.other_order_id)
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
        "message": (
            <char *> &record.message - base, sizeof(record.message)
        ),
        "type": (
            <char *> &record.type - base, sizeof(record.type)
        ),
        "side": (
            <char *> &record.side - base, sizeof(record.side)
        ),
        "reason": (
            <char *> &record.reason - base, sizeof(record.reason)
        ),
        "reserved0": (
            <char *> &record.reserved0 - base, sizeof(record.reserved0)
        ),
    }


def record_sizes():
    return {
        "Command": sizeof(Command),
        "Event": sizeof(Event),
        "Message": sizeof(Message),
        "Report": sizeof(Report),
    }


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
        "CMD_MASS_CANCEL": wire.CMD_MASS_CANCEL,
        "CMD_SESSION_ENDED": wire.CMD_SESSION_ENDED,
        "CMD_TIMER": wire.CMD_TIMER,
        "CMD_SET_PHASE": wire.CMD_SET_PHASE,
        "CMD_SET_STATUS": wire.CMD_SET_STATUS,
        "CMD_SET_REFERENCE": wire.CMD_SET_REFERENCE,
        "CMD_SET_PROTECTION": wire.CMD_SET_PROTECTION,
        "CMD_SET_TICK_ROW": wire.CMD_SET_TICK_ROW,
        "CMD_SET_ACCOUNT": wire.CMD_SET_ACCOUNT,
        "CMD_SET_CLOSE": wire.CMD_SET_CLOSE,
        "CMD_SET_INDEX": wire.CMD_SET_INDEX,
        "CMD_KILL_SWITCH": wire.CMD_KILL_SWITCH,
        "CMD_CORPORATE_ACTION": wire.CMD_CORPORATE_ACTION,
        "CMD_BUST_TRADE": wire.CMD_BUST_TRADE,
        "CMD_CORRECT_TRADE": wire.CMD_CORRECT_TRADE,
        "CMD_CHECKPOINT": wire.CMD_CHECKPOINT,
        "EVT_ACCEPTED": wire.EVT_ACCEPTED,
        "EVT_REJECTED": wire.EVT_REJECTED,
        "EVT_FILL": wire.EVT_FILL,
        "EVT_CANCELLED": wire.EVT_CANCELLED,
        "EVT_REDUCED": wire.EVT_REDUCED,
        "EVT_REPLACED": wire.EVT_REPLACED,
        "EVT_EXPIRED": wire.EVT_EXPIRED,
        "EVT_BOOK": wire.EVT_BOOK,
        "EVT_TRIGGERED": wire.EVT_TRIGGERED,
        "EVT_PHASE": wire.EVT_PHASE,
        "EVT_AUCTION": wire.EVT_AUCTION,
        "EVT_LIMIT_STATE": wire.EVT_LIMIT_STATE,
        "EVT_BANDS": wire.EVT_BANDS,
        "EVT_RESTRICTION": wire.EVT_RESTRICTION,
        "EVT_ADJUSTED": wire.EVT_ADJUSTED,
        "EVT_BUSTED": wire.EVT_BUSTED,
        "EVT_CORRECTED": wire.EVT_CORRECTED,
        "SIDE_BUY": wire.SIDE_BUY,
        "SIDE_SELL": wire.SIDE_SELL,
        "ORD_LIMIT": wire.ORD_LIMIT,
        "ORD_MARKET": wire.ORD_MARKET,
        "ORD_STOP": wire.ORD_STOP,
        "ORD_STOP_LIMIT": wire.ORD_STOP_LIMIT,
        "ORD_TRAILING_STOP": wire.ORD_TRAILING_STOP,
        "ORD_MARKET_TO_LIMIT": wire.ORD_MARKET_TO_LIMIT,
        "ORD_PEG_BEST": wire.ORD_PEG_BEST,
        "ORD_PEG_MID": wire.ORD_PEG_MID,
        "TIF_DAY": wire.TIF_DAY,
        "TIF_GTC": wire.TIF_GTC,
        "TIF_IOC": wire.TIF_IOC,
        "TIF_FOK": wire.TIF_FOK,
        "TIF_GTD": wire.TIF_GTD,
        "TIF_AT_OPEN": wire.TIF_AT_OPEN,
        "TIF_AT_CLOSE": wire.TIF_AT_CLOSE,
        "TIF_GOOD_FOR_AUCTION": wire.TIF_GOOD_FOR_AUCTION,
        "INSTRUCTION_HIDDEN": wire.INSTRUCTION_HIDDEN,
        "INSTRUCTION_POST_ONLY": wire.INSTRUCTION_POST_ONLY,
        "INSTRUCTION_POST_SLIDE": wire.INSTRUCTION_POST_SLIDE,
        "INSTRUCTION_ALL_OR_NONE": wire.INSTRUCTION_ALL_OR_NONE,
        "INSTRUCTION_TRAIL_PERCENT": wire.INSTRUCTION_TRAIL_PERCENT,
        "INSTRUCTION_SHORT": wire.INSTRUCTION_SHORT,
        "INSTRUCTION_CANCEL_ON_DISCONNECT": wire.INSTRUCTION_CANCEL_ON_DISCONNECT,
        "INSTRUCTION_DO_NOT_REDUCE": wire.INSTRUCTION_DO_NOT_REDUCE,
        "STP_DEFAULT": wire.STP_DEFAULT,
        "STP_CANCEL_NEWEST": wire.STP_CANCEL_NEWEST,
        "STP_CANCEL_OLDEST": wire.STP_CANCEL_OLDEST,
        "STP_CANCEL_BOTH": wire.STP_CANCEL_BOTH,
        "STP_DECREMENT": wire.STP_DECREMENT,
        "PHASE_CONTINUOUS": wire.PHASE_CONTINUOUS,
        "PHASE_PRE_OPEN": wire.PHASE_PRE_OPEN,
        "PHASE_OPENING_AUCTION": wire.PHASE_OPENING_AUCTION,
        "PHASE_HALTED": wire.PHASE_HALTED,
        "PHASE_CLOSING_AUCTION": wire.PHASE_CLOSING_AUCTION,
        "PHASE_CLOSED": wire.PHASE_CLOSED,
        "STATUS_ACTIVE": wire.STATUS_ACTIVE,
        "STATUS_SUSPENDED": wire.STATUS_SUSPENDED,
        "STATUS_DELISTED": wire.STATUS_DELISTED,
        "SIDES_BOTH": wire.SIDES_BOTH,
        "SIDES_BUYS": wire.SIDES_BUYS,
        "SIDES_SELLS": wire.SIDES_SELLS,
        "LOTS_ANY": wire.LOTS_ANY,
        "LOTS_NO_ODD_LOTS": wire.LOTS_NO_ODD_LOTS,
        "LOTS_ROUND_LOTS_ONLY": wire.LOTS_ROUND_LOTS_ONLY,
        "TRIGGER_LAST": wire.TRIGGER_LAST,
        "TRIGGER_QUOTE": wire.TRIGGER_QUOTE,
        "TIER_NONE": wire.TIER_NONE,
        "TIER_TIER_1": wire.TIER_TIER_1,
        "TIER_TIER_2": wire.TIER_TIER_2,
        "PERMISSION_ALL_OR_NONE": wire.PERMISSION_ALL_OR_NONE,
        "ACTION_SPLIT": wire.ACTION_SPLIT,
        "ACTION_DIVIDEND": wire.ACTION_DIVIDEND,
        "ACTION_SYMBOL_CHANGE": wire.ACTION_SYMBOL_CHANGE,
        "EPOCH_NONE": wire.EPOCH_NONE,
        "EPOCH_BEGINS": wire.EPOCH_BEGINS,
        "EPOCH_ALONE": wire.EPOCH_ALONE,
        "EPOCH_WITH_STANDBY": wire.EPOCH_WITH_STANDBY,
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
        "REASON_INVALID_INSTRUCTIONS": wire.REASON_INVALID_INSTRUCTIONS,
        "REASON_WRONG_PHASE": wire.REASON_WRONG_PHASE,
        "REASON_TRIGGER_PRICE": wire.REASON_TRIGGER_PRICE,
        "REASON_DISPLAY_QUANTITY": wire.REASON_DISPLAY_QUANTITY,
        "REASON_MIN_QUANTITY": wire.REASON_MIN_QUANTITY,
        "REASON_EXPIRE_TIME": wire.REASON_EXPIRE_TIME,
        "REASON_WOULD_CROSS": wire.REASON_WOULD_CROSS,
        "REASON_PRICE_BAND": wire.REASON_PRICE_BAND,
        "REASON_TRADING_DISABLED": wire.REASON_TRADING_DISABLED,
        "REASON_SHORT_SALE_RESTRICTED": wire.REASON_SHORT_SALE_RESTRICTED,
        "REASON_NO_REFERENCE": wire.REASON_NO_REFERENCE,
        "REASON_UNKNOWN_TRADE": wire.REASON_UNKNOWN_TRADE,
        "REASON_TRADE_BUSTED": wire.REASON_TRADE_BUSTED,
        "REASON_INVALID_SETTING": wire.REASON_INVALID_SETTING,
        "REASON_NOT_ACTIVE": wire.REASON_NOT_ACTIVE,
        "REASON_INVALID_OFFSET": wire.REASON_INVALID_OFFSET,
        "REASON_NOT_ALLOWED": wire.REASON_NOT_ALLOWED,
        "REASON_WAITING_LIMIT": wire.REASON_WAITING_LIMIT,
        "REASON_REQUESTED": wire.REASON_REQUESTED,
        "REASON_IOC_REMAINDER": wire.REASON_IOC_REMAINDER,
        "REASON_FOK_UNFILLED": wire.REASON_FOK_UNFILLED,
        "REASON_NO_LIQUIDITY": wire.REASON_NO_LIQUIDITY,
        "REASON_REDUCED_TO_ZERO": wire.REASON_REDUCED_TO_ZERO,
        "REASON_BELOW_FILLED": wire.REASON_BELOW_FILLED,
        "REASON_END_OF_DAY": wire.REASON_END_OF_DAY,
        "REASON_COLLAR": wire.REASON_COLLAR,
        "REASON_SELF_TRADE": wire.REASON_SELF_TRADE,
        "REASON_MASS_CANCELLED": wire.REASON_MASS_CANCELLED,
        "REASON_DISCONNECTED": wire.REASON_DISCONNECTED,
        "REASON_KILLED": wire.REASON_KILLED,
        "REASON_AUCTION_REMAINDER": wire.REASON_AUCTION_REMAINDER,
        "REASON_TIME_REACHED": wire.REASON_TIME_REACHED,
        "REASON_MIN_QUANTITY_UNMET": wire.REASON_MIN_QUANTITY_UNMET,
        "REASON_BAND_REACHED": wire.REASON_BAND_REACHED,
        "REASON_CORPORATE_ACTION": wire.REASON_CORPORATE_ACTION,
        "REASON_DELISTED": wire.REASON_DELISTED,
        "REASON_CANNOT_PAY": wire.REASON_CANNOT_PAY,
        "REASON_LIMIT_PAUSE": wire.REASON_LIMIT_PAUSE,
        "REASON_DROP_HALT": wire.REASON_DROP_HALT,
        "REASON_MARKET_HALT": wire.REASON_MARKET_HALT,
        "REASON_RESUMED": wire.REASON_RESUMED,
        "REASON_EXTENDED": wire.REASON_EXTENDED,
        "FLAG_LAST": wire.FLAG_LAST,
        "FLAG_AUCTION": wire.FLAG_AUCTION,
        "MSG_NEW": wire.MSG_NEW,
        "MSG_CANCEL": wire.MSG_CANCEL,
        "MSG_REDUCE": wire.MSG_REDUCE,
        "MSG_REPLACE": wire.MSG_REPLACE,
        "RPT_ACCEPTED": wire.RPT_ACCEPTED,
        "RPT_REJECTED": wire.RPT_REJECTED,
        "RPT_FILL": wire.RPT_FILL,
        "RPT_CANCELLED": wire.RPT_CANCELLED,
        "RPT_REDUCED": wire.RPT_REDUCED,
        "RPT_REPLACED": wire.RPT_REPLACED,
        "RECORD_BYTES": wire.RECORD_BYTES,
        "MESSAGE_BYTES": wire.MESSAGE_BYTES,
        "REPORT_BYTES": wire.REPORT_BYTES,
        "MAX_INSTRUMENT": wire.MAX_INSTRUMENT,
        "MAX_ACCOUNT": wire.MAX_ACCOUNT,
    }
