# Written by `python -m lmax.schema`; edit lmax/schema.py instead.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:  # CommandType
    CMD_DEFINE_INSTRUMENT = 1
    CMD_OPEN_ACCOUNT = 2
    CMD_DEPOSIT = 3
    CMD_WITHDRAW = 4
    CMD_NEW_ORDER = 5
    CMD_CANCEL = 6
    CMD_REDUCE = 7
    CMD_REPLACE = 8
    CMD_END_OF_DAY = 9

cdef enum:  # EventType
    EVT_ACCEPTED = 1
    EVT_REJECTED = 2
    EVT_FILL = 3
    EVT_CANCELLED = 4
    EVT_REDUCED = 5
    EVT_REPLACED = 6
    EVT_EXPIRED = 7
    EVT_BOOK = 8

cdef enum:  # Side
    SIDE_BUY = 0
    SIDE_SELL = 1

cdef enum:  # OrderType
    ORD_LIMIT = 0
    ORD_MARKET = 1

cdef enum:  # TimeInForce
    TIF_DAY = 0
    TIF_GTC = 1
    TIF_IOC = 2
    TIF_FOK = 3

cdef enum:  # Reason
    REASON_NONE = 0
    REASON_UNKNOWN_COMMAND = 1
    REASON_INVALID_ID = 2
    REASON_INVALID_DEFINITION = 3
    REASON_UNKNOWN_INSTRUMENT = 4
    REASON_INSTRUMENT_EXISTS = 5
    REASON_UNKNOWN_ACCOUNT = 6
    REASON_ACCOUNT_EXISTS = 7
    REASON_INVALID_SIDE = 8
    REASON_INVALID_ORDER_TYPE = 9
    REASON_INVALID_TIME_IN_FORCE = 10
    REASON_INVALID_CLIENT_ORDER_ID = 11
    REASON_DUPLICATE_CLIENT_ORDER_ID = 12
    REASON_PRICE_RANGE = 13
    REASON_PRICE_TICK = 14
    REASON_QUANTITY_RANGE = 15
    REASON_QUANTITY_LOT = 16
    REASON_NOTIONAL_RANGE = 17
    REASON_AMOUNT_RANGE = 18
    REASON_INSUFFICIENT_CASH = 19
    REASON_INSUFFICIENT_SHARES = 20
    REASON_UNKNOWN_ORDER = 21
    REASON_TOO_LATE = 22
    REASON_CAPACITY = 23
    REASON_REQUESTED = 64
    REASON_IOC_REMAINDER = 65
    REASON_FOK_UNFILLED = 66
    REASON_NO_LIQUIDITY = 67
    REASON_REDUCED_TO_ZERO = 68
    REASON_BELOW_FILLED = 69
    REASON_END_OF_DAY = 70

cdef enum:  # EventFlag
    FLAG_LAST = 1

cdef enum:
    RECORD_BYTES = 128
    MAX_INSTRUMENT = 65535
    MAX_ACCOUNT = 16777215

cdef struct Command:
    uint64_t sequence
    int64_t timestamp
    uint64_t client_order_id
    uint64_t orig_client_order_id
    int64_t price
    int64_t quantity
    uint32_t account
    uint32_t instrument
    uint8_t type
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint32_t reserved0
    char symbol[8]
    int64_t tick_size
    int64_t lot_size
    int64_t min_price
    int64_t max_price
    int64_t max_quantity
    uint8_t quantity_scale
    uint8_t reserved1
    uint16_t reserved2
    uint32_t reserved3
    uint64_t reserved4

cdef struct Event:
    uint64_t sequence
    int64_t timestamp
    uint64_t client_order_id
    int64_t price
    int64_t quantity
    int64_t leaves
    uint32_t account
    uint32_t instrument
    uint8_t type
    uint8_t command
    uint8_t side
    uint8_t reason
    uint8_t order_type
    uint8_t time_in_force
    uint8_t flags
    uint8_t quantity_scale
    uint64_t trade_id
    int64_t amount
    uint64_t orig_client_order_id
    uint64_t maker_client_order_id
    int64_t maker_leaves
    uint32_t maker_account
    uint32_t order_count
    uint32_t index
    uint32_t reserved0
    char symbol[8]
