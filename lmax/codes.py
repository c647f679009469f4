"""The codes in commands, events, messages and reports, and what each of them says."""

from __future__ import annotations

from enum import IntEnum


class CommandType(IntEnum):
    """What a client or an operator asks for."""

    DEFINE_INSTRUMENT = 1
    OPEN_ACCOUNT = 2
    DEPOSIT = 3
    WITHDRAW = 4
    NEW_ORDER = 5
    CANCEL = 6
    REDUCE = 7
    REPLACE = 8
    END_OF_DAY = 9
    MASS_CANCEL = 10
    SESSION_ENDED = 11
    TIMER = 12
    SET_PHASE = 13
    SET_STATUS = 14
    SET_REFERENCE = 15
    SET_PROTECTION = 16
    SET_TICK_ROW = 17
    SET_ACCOUNT = 18
    SET_CLOSE = 19
    SET_INDEX = 20
    KILL_SWITCH = 21
    CORPORATE_ACTION = 22
    BUST_TRADE = 23
    CORRECT_TRADE = 24
    CHECKPOINT = 25


class EpochChange(IntEnum):
    """What a CHECKPOINT tells about the nodes that hold this log."""

    NONE = 0
    BEGINS = 1
    ALONE = 2
    WITH_STANDBY = 3


class EventType(IntEnum):
    """What the engine answers. The events of one command are contiguous."""

    ACCEPTED = 1
    REJECTED = 2
    FILL = 3
    CANCELLED = 4
    REDUCED = 5
    REPLACED = 6
    EXPIRED = 7
    BOOK = 8
    TRIGGERED = 9
    PHASE = 10
    AUCTION = 11
    LIMIT_STATE = 12
    BANDS = 13
    RESTRICTION = 14
    ADJUSTED = 15
    BUSTED = 16
    CORRECTED = 17


class Side(IntEnum):
    BUY = 0
    SELL = 1


class OrderType(IntEnum):
    LIMIT = 0
    MARKET = 1
    STOP = 2
    STOP_LIMIT = 3
    TRAILING_STOP = 4
    MARKET_TO_LIMIT = 5
    PEG_BEST = 6
    PEG_MID = 7


class TimeInForce(IntEnum):
    """How long an order may rest."""

    DAY = 0
    GTC = 1
    IOC = 2
    FOK = 3
    GTD = 4
    AT_OPEN = 5
    AT_CLOSE = 6
    GOOD_FOR_AUCTION = 7


class Instruction(IntEnum):
    """Bits of a new order's ``instructions``."""

    HIDDEN = 1
    POST_ONLY = 2
    POST_SLIDE = 4
    ALL_OR_NONE = 8
    TRAIL_PERCENT = 16
    SHORT = 32
    CANCEL_ON_DISCONNECT = 64
    DO_NOT_REDUCE = 128


class SelfTrade(IntEnum):
    """What happens instead of a trade with oneself. The incoming order's mode decides."""

    DEFAULT = 0
    CANCEL_NEWEST = 1
    CANCEL_OLDEST = 2
    CANCEL_BOTH = 3
    DECREMENT = 4


class Phase(IntEnum):
    """What part of its day an instrument is in."""

    CONTINUOUS = 0
    PRE_OPEN = 1
    OPENING_AUCTION = 2
    HALTED = 3
    CLOSING_AUCTION = 4
    CLOSED = 5


class Status(IntEnum):
    """The life of an instrument."""

    ACTIVE = 0
    SUSPENDED = 1
    DELISTED = 2


class Sides(IntEnum):
    """Which sides a mass cancel is about."""

    BOTH = 0
    BUYS = 1
    SELLS = 2


class LotPolicy(IntEnum):
    """Which quantities an instrument takes, measured in round lots."""

    ANY = 0
    NO_ODD_LOTS = 1
    ROUND_LOTS_ONLY = 2


class TriggerSource(IntEnum):
    """What elects stop orders."""

    LAST = 0
    QUOTE = 1


class Tier(IntEnum):
    """How wide the price bands of an instrument are."""

    NONE = 0
    TIER_1 = 1
    TIER_2 = 2


class Permission(IntEnum):
    """Bits of an instrument's ``permissions``."""

    ALL_OR_NONE = 1


class Action(IntEnum):
    """Corporate actions."""

    SPLIT = 0
    DIVIDEND = 1
    SYMBOL_CHANGE = 2


class Reason(IntEnum):
    """Why a command was rejected (below 64) or an order ended (64 and above)."""

    NONE = 0
    UNKNOWN_COMMAND = 1
    INVALID_ID = 2
    INVALID_DEFINITION = 3
    UNKNOWN_INSTRUMENT = 4
    INSTRUMENT_EXISTS = 5
    UNKNOWN_ACCOUNT = 6
    ACCOUNT_EXISTS = 7
    INVALID_SIDE = 8
    INVALID_ORDER_TYPE = 9
    INVALID_TIME_IN_FORCE = 10
    INVALID_CLIENT_ORDER_ID = 11
    DUPLICATE_CLIENT_ORDER_ID = 12
    PRICE_RANGE = 13
    PRICE_TICK = 14
    QUANTITY_RANGE = 15
    QUANTITY_LOT = 16
    NOTIONAL_RANGE = 17
    AMOUNT_RANGE = 18
    INSUFFICIENT_CASH = 19
    INSUFFICIENT_SHARES = 20
    UNKNOWN_ORDER = 21
    TOO_LATE = 22
    CAPACITY = 23
    INVALID_INSTRUCTIONS = 24
    WRONG_PHASE = 25
    TRIGGER_PRICE = 26
    DISPLAY_QUANTITY = 27
    MIN_QUANTITY = 28
    EXPIRE_TIME = 29
    WOULD_CROSS = 30
    PRICE_BAND = 31
    TRADING_DISABLED = 32
    SHORT_SALE_RESTRICTED = 33
    NO_REFERENCE = 34
    UNKNOWN_TRADE = 35
    TRADE_BUSTED = 36
    INVALID_SETTING = 37
    NOT_ACTIVE = 38
    INVALID_OFFSET = 39
    NOT_ALLOWED = 40
    WAITING_LIMIT = 41
    REQUESTED = 64
    IOC_REMAINDER = 65
    FOK_UNFILLED = 66
    NO_LIQUIDITY = 67
    REDUCED_TO_ZERO = 68
    BELOW_FILLED = 69
    END_OF_DAY = 70
    COLLAR = 71
    SELF_TRADE = 72
    MASS_CANCELLED = 73
    DISCONNECTED = 74
    KILLED = 75
    AUCTION_REMAINDER = 76
    TIME_REACHED = 77
    MIN_QUANTITY_UNMET = 78
    BAND_REACHED = 79
    CORPORATE_ACTION = 80
    DELISTED = 81
    CANNOT_PAY = 82
    LIMIT_PAUSE = 83
    DROP_HALT = 84
    MARKET_HALT = 85
    RESUMED = 86
    EXTENDED = 87


REASON_TEXT = {
    Reason.NONE: "no reason: nothing was refused or ended",
    Reason.UNKNOWN_COMMAND: "the command's type is not one of the types above",
    Reason.INVALID_ID: "an instrument id outside 1..65535 or an account id outside 1..16777215",
    Reason.INVALID_DEFINITION: "an instrument whose tick, lot, ranges, scale or symbol make no"
    " sense, or whose smallest trade (tick × lot) is not a whole number of 10^-4",
    Reason.UNKNOWN_INSTRUMENT: "no instrument was defined under that id",
    Reason.INSTRUMENT_EXISTS: "an instrument was already defined under that id",
    Reason.UNKNOWN_ACCOUNT: "no account was opened under that id",
    Reason.ACCOUNT_EXISTS: "the account is already open",
    Reason.INVALID_SIDE: "side is neither BUY nor SELL",
    Reason.INVALID_ORDER_TYPE: "order type is none of the types below",
    Reason.INVALID_TIME_IN_FORCE: "time in force is none of those below",
    Reason.INVALID_CLIENT_ORDER_ID: "client order ids start at 1",
    Reason.DUPLICATE_CLIENT_ORDER_ID: "the account used this client order id today,"
    " or for an order still open",
    Reason.PRICE_RANGE: "a limit price outside the instrument's range,"
    " or a market order with a price",
    Reason.PRICE_TICK: "the price is not a multiple of the tick",
    Reason.QUANTITY_RANGE: "the quantity is below one, above the instrument's maximum,"
    " or would overflow the side of the book",
    Reason.QUANTITY_LOT: "the quantity is not a multiple of the lot",
    Reason.NOTIONAL_RANGE: "price × quantity does not fit in 63 bits",
    Reason.AMOUNT_RANGE: "a deposit or withdrawal below one,"
    " or one that would bring the total of the asset over 63 bits",
    Reason.INSUFFICIENT_CASH: "available cash (cash less reservations) does not cover it",
    Reason.INSUFFICIENT_SHARES: "available shares (shares less reservations) do not cover it",
    Reason.UNKNOWN_ORDER: "the account has no order of that id on that instrument",
    Reason.TOO_LATE: "the order was filled, cancelled, replaced or expired before",
    Reason.CAPACITY: "the engine holds as many open orders as it can",
    Reason.INVALID_INSTRUCTIONS: "an order type, time in force, instructions and quantities that"
    " do not go together, or bits that mean nothing",
    Reason.WRONG_PHASE: "not in this phase of the instrument's day",
    Reason.TRIGGER_PRICE: "a trigger price outside the instrument's range or off the tick,"
    " or one where none belongs",
    Reason.DISPLAY_QUANTITY: "a display quantity that is not below the order's, or below a"
    " hundredth of it, or off the lot",
    Reason.MIN_QUANTITY: "a minimum quantity above the order's, or off the lot",
    Reason.EXPIRE_TIME: "a GTD order whose time is not in the future, or a time without GTD",
    Reason.WOULD_CROSS: "a post-only order that would trade at once",
    Reason.PRICE_BAND: "a price outside the price bands of this moment",
    Reason.TRADING_DISABLED: "a kill switch is on for the account, firm, instrument or venue",
    Reason.SHORT_SALE_RESTRICTED: "a short sale at or below the best bid while that is restricted",
    Reason.NO_REFERENCE: "there is no reference price to work with yet",
    Reason.UNKNOWN_TRADE: "no such trade among those that can still be busted or corrected",
    Reason.TRADE_BUSTED: "the trade was busted before",
    Reason.INVALID_SETTING: "an operator's value outside its range",
    Reason.NOT_ACTIVE: "the instrument is suspended or delisted",
    Reason.INVALID_OFFSET: "a trailing or pegging offset outside its range, or where none belongs",
    Reason.NOT_ALLOWED: "the instrument does not take orders of this kind",
    Reason.WAITING_LIMIT: "as many pegged and conditional orders wait on that side as may",
    Reason.REQUESTED: "cancelled because the client asked",
    Reason.IOC_REMAINDER: "what an immediate-or-cancel order could not fill at once",
    Reason.FOK_UNFILLED: "a fill-or-kill order that could not be filled whole",
    Reason.NO_LIQUIDITY: "what a market order could not fill at once",
    Reason.REDUCED_TO_ZERO: "a reduce took all that was left",
    Reason.BELOW_FILLED: "a replace asked for no more than was already filled",
    Reason.END_OF_DAY: "a DAY order at the end of the day",
    Reason.COLLAR: "what a market order could not fill within its collar",
    Reason.SELF_TRADE: "cancelled or reduced instead of trading with its own account or group",
    Reason.MASS_CANCELLED: "a mass cancel",
    Reason.DISCONNECTED: "its session ended",
    Reason.KILLED: "a kill switch",
    Reason.AUCTION_REMAINDER: "what an order for an auction could not fill there",
    Reason.TIME_REACHED: "a GTD order at its time",
    Reason.MIN_QUANTITY_UNMET: "less than its minimum quantity could be filled at once",
    Reason.BAND_REACHED: "what could only have traded outside the price bands",
    Reason.CORPORATE_ACTION: "a corporate action that open orders do not outlive",
    Reason.DELISTED: "the instrument was delisted",
    Reason.CANNOT_PAY: "a triggered buy that the account's available cash did not cover",
    Reason.LIMIT_PAUSE: "a phase: the limit state lasted too long",
    Reason.DROP_HALT: "a phase: the price fell by what halts the instrument",
    Reason.MARKET_HALT: "a phase: the index fell by what halts the market",
    Reason.RESUMED: "a phase: the time of a halt is over",
    Reason.EXTENDED: "an auction that would have moved the price too far goes on",
}


class EventFlag(IntEnum):
    """Bits of ``flags``."""

    LAST = 1
    AUCTION = 2


class MessageType(IntEnum):
    """What a message asks of a bare `OrderBook`. The values are those of CommandType."""

    NEW = 5
    CANCEL = 6
    REDUCE = 7
    REPLACE = 8


class ReportType(IntEnum):
    """What a bare `OrderBook` answers. The values are those of EventType."""

    ACCEPTED = 1
    REJECTED = 2
    FILL = 3
    CANCELLED = 4
    REDUCED = 5
    REPLACED = 6


ENUMS = {
    CommandType: "CMD_",
    EventType: "EVT_",
    Side: "SIDE_",
    OrderType: "ORD_",
    TimeInForce: "TIF_",
    Instruction: "INSTRUCTION_",
    SelfTrade: "STP_",
    Phase: "PHASE_",
    Status: "STATUS_",
    Sides: "SIDES_",
    LotPolicy: "LOTS_",
    TriggerSource: "TRIGGER_",
    Tier: "TIER_",
    Permission: "PERMISSION_",
    Action: "ACTION_",
    EpochChange: "EPOCH_",
    Reason: "REASON_",
    EventFlag: "FLAG_",
    MessageType: "MSG_",
    ReportType: "RPT_",
}
