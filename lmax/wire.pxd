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
    CMD_MASS_CANCEL = 10
    CMD_SESSION_ENDED = 11
    CMD_TIMER = 12
    CMD_SET_PHASE = 13
    CMD_SET_STATUS = 14
    CMD_SET_REFERENCE = 15
    CMD_SET_PROTECTION = 16
    CMD_SET_TICK_ROW = 17
    CMD_SET_ACCOUNT = 18
    CMD_SET_CLOSE = 19
    CMD_SET_INDEX = 20
    CMD_KILL_SWITCH = 21
    CMD_CORPORATE_ACTION = 22
    CMD_BUST_TRADE = 23
    CMD_CORRECT_TRADE = 24
    CMD_CHECKPOINT = 25

cdef enum:  # EventType
    EVT_ACCEPTED = 1
    EVT_REJECTED = 2
    EVT_FILL = 3
    EVT_CANCELLED = 4
    EVT_REDUCED = 5
    EVT_REPLACED = 6
    EVT_EXPIRED = 7
    EVT_BOOK = 8
    EVT_TRIGGERED = 9
    EVT_PHASE = 10
    EVT_AUCTION = 11
    EVT_LIMIT_STATE = 12
    EVT_BANDS = 13
    EVT_RESTRICTION = 14
    EVT_ADJUSTED = 15
    EVT_BUSTED = 16
    EVT_CORRECTED = 17

cdef enum:  # Side
    SIDE_BUY = 0
    SIDE_SELL = 1

cdef enum:  # OrderType
    ORD_LIMIT = 0
    ORD_MARKET = 1
    ORD_STOP = 2
    ORD_STOP_LIMIT = 3
    ORD_TRAILING_STOP = 4
    ORD_MARKET_TO_LIMIT = 5
    ORD_PEG_BEST = 6
    ORD_PEG_MID = 7

cdef enum:  # TimeInForce
    TIF_DAY = 0
    TIF_GTC = 1
    TIF_IOC = 2
    TIF_FOK = 3
    TIF_GTD = 4
    TIF_AT_OPEN = 5
    TIF_AT_CLOSE = 6
    TIF_GOOD_FOR_AUCTION = 7

cdef enum:  # Instruction
    INSTRUCTION_HIDDEN = 1
    INSTRUCTION_POST_ONLY = 2
    INSTRUCTION_POST_SLIDE = 4
    INSTRUCTION_ALL_OR_NONE = 8
    INSTRUCTION_TRAIL_PERCENT = 16
    INSTRUCTION_SHORT = 32
    INSTRUCTION_CANCEL_ON_DISCONNECT = 64
    INSTRUCTION_DO_NOT_REDUCE = 128

cdef enum:  # SelfTrade
    STP_DEFAULT = 0
    STP_CANCEL_NEWEST = 1
    STP_CANCEL_OLDEST = 2
    STP_CANCEL_BOTH = 3
    STP_DECREMENT = 4

cdef enum:  # Phase
    PHASE_CONTINUOUS = 0
    PHASE_PRE_OPEN = 1
    PHASE_OPENING_AUCTION = 2
    PHASE_HALTED = 3
    PHASE_CLOSING_AUCTION = 4
    PHASE_CLOSED = 5

cdef enum:  # Status
    STATUS_ACTIVE = 0
    STATUS_SUSPENDED = 1
    STATUS_DELISTED = 2

cdef enum:  # Sides
    SIDES_BOTH = 0
    SIDES_BUYS = 1
    SIDES_SELLS = 2

cdef enum:  # LotPolicy
    LOTS_ANY = 0
    LOTS_NO_ODD_LOTS = 1
    LOTS_ROUND_LOTS_ONLY = 2

cdef enum:  # TriggerSource
    TRIGGER_LAST = 0
    TRIGGER_QUOTE = 1

cdef enum:  # Tier
    TIER_NONE = 0
    TIER_TIER_1 = 1
    TIER_TIER_2 = 2

cdef enum:  # Permission
    PERMISSION_ALL_OR_NONE = 1

cdef enum:  # Action
    ACTION_SPLIT = 0
    ACTION_DIVIDEND = 1
    ACTION_SYMBOL_CHANGE = 2

cdef enum:  # EpochChange
    EPOCH_NONE = 0
    EPOCH_BEGINS = 1
    EPOCH_ALONE = 2
    EPOCH_WITH_STANDBY = 3

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
    REASON_INVALID_INSTRUCTIONS = 24
    REASON_WRONG_PHASE = 25
    REASON_TRIGGER_PRICE = 26
    REASON_DISPLAY_QUANTITY = 27
    REASON_MIN_QUANTITY = 28
    REASON_EXPIRE_TIME = 29
    REASON_WOULD_CROSS = 30
    REASON_PRICE_BAND = 31
    REASON_TRADING_DISABLED = 32
    REASON_SHORT_SALE_RESTRICTED = 33
    REASON_NO_REFERENCE = 34
    REASON_UNKNOWN_TRADE = 35
    REASON_TRADE_BUSTED = 36
    REASON_INVALID_SETTING = 37
    REASON_NOT_ACTIVE = 38
    REASON_INVALID_OFFSET = 39
    REASON_NOT_ALLOWED = 40
    REASON_WAITING_LIMIT = 41
    REASON_REQUESTED = 64
    REASON_IOC_REMAINDER = 65
    REASON_FOK_UNFILLED = 66
    REASON_NO_LIQUIDITY = 67
    REASON_REDUCED_TO_ZERO = 68
    REASON_BELOW_FILLED = 69
    REASON_END_OF_DAY = 70
    REASON_COLLAR = 71
    REASON_SELF_TRADE = 72
    REASON_MASS_CANCELLED = 73
    REASON_DISCONNECTED = 74
    REASON_KILLED = 75
    REASON_AUCTION_REMAINDER = 76
    REASON_TIME_REACHED = 77
    REASON_MIN_QUANTITY_UNMET = 78
    REASON_BAND_REACHED = 79
    REASON_CORPORATE_ACTION = 80
    REASON_DELISTED = 81
    REASON_CANNOT_PAY = 82
    REASON_LIMIT_PAUSE = 83
    REASON_DROP_HALT = 84
    REASON_MARKET_HALT = 85
    REASON_RESUMED = 86
    REASON_EXTENDED = 87

cdef enum:  # EventFlag
    FLAG_LAST = 1
    FLAG_AUCTION = 2

cdef enum:  # MessageType
    MSG_NEW = 5
    MSG_CANCEL = 6
    MSG_REDUCE = 7
    MSG_REPLACE = 8

cdef enum:  # ReportType
    RPT_ACCEPTED = 1
    RPT_REJECTED = 2
    RPT_FILL = 3
    RPT_CANCELLED = 4
    RPT_REDUCED = 5
    RPT_REPLACED = 6

cdef enum:
    RECORD_BYTES = 128
    MESSAGE_BYTES = 40
    REPORT_BYTES = 48
    MAX_INSTRUMENT = 65535
    MAX_ACCOUNT = 16777215

# In C each record is a union, because the bodies of a command share their bytes.
cdef extern from *:
    """
    #include <stdint.h>
    typedef union { char bytes[128];
        struct {
            uint64_t sequence;
            int64_t timestamp;
            uint64_t client_order_id;
            uint64_t orig_client_order_id;
            int64_t price;
            int64_t quantity;
            uint32_t account;
            uint32_t instrument;
            uint8_t type;
            uint8_t side;
            uint8_t order_type;
            uint8_t time_in_force;
            uint16_t instructions;
            uint8_t self_trade;
            uint8_t reserved0;
            int64_t trigger_price;
            int64_t offset;
            int64_t display_quantity;
            int64_t min_quantity;
            int64_t expire_time;
            uint32_t session;
            uint32_t firm;
            uint32_t group;
            uint8_t sides;
            uint8_t phase;
            uint8_t status;
            uint8_t enabled;
            uint64_t trade_id;
        };
        struct {
            char gap_1[64];
            char symbol[8];
            int64_t tick_size;
            int64_t lot_size;
            int64_t min_price;
            int64_t max_price;
            int64_t max_quantity;
            uint8_t quantity_scale;
            uint8_t lot_policy;
            uint16_t reserved1;
            uint32_t reserved2;
            int64_t round_lot;
        };
        struct {
            char gap_2[64];
            int64_t halt_time;
            int64_t extension_time;
            uint32_t auction_collar;
            uint32_t collar;
            uint32_t drop;
            uint8_t tier;
            uint8_t trigger_source;
            uint8_t extensions;
            uint8_t permissions;
        };
        struct {
            char gap_3[72];
            uint32_t numerator;
            uint32_t denominator;
            uint8_t action;
        };
        struct {
            char gap_4[64];
            int64_t effective_time;
        };
        struct {
            char gap_5[80];
            uint8_t row;
            uint8_t rows;
        };
        struct {
            char gap_6[64];
            uint64_t state_sequence;
            uint64_t state_hash;
            uint64_t epoch;
            uint32_t standbys;
            uint8_t change;
        };
    } Command;
    typedef union { char bytes[128];
        struct {
            uint64_t sequence;
            int64_t timestamp;
            uint64_t client_order_id;
            int64_t price;
            int64_t quantity;
            int64_t leaves;
            uint32_t account;
            uint32_t instrument;
            uint8_t type;
            uint8_t command;
            uint8_t side;
            uint8_t reason;
            uint8_t order_type;
            uint8_t time_in_force;
            uint8_t flags;
            uint8_t quantity_scale;
            uint64_t trade_id;
            int64_t amount;
            uint64_t orig_client_order_id;
            uint64_t maker_client_order_id;
            int64_t maker_leaves;
            uint32_t maker_account;
            uint32_t order_count;
            uint32_t index;
            uint8_t phase;
            uint8_t status;
            uint16_t reserved0;
            char symbol[8];
        };
        struct {
            char gap_1[120];
            int64_t trigger_price;
        };
        struct {
            char gap_2[120];
            uint64_t state_hash;
        };
    } Event;
    typedef union { char bytes[40];
        struct {
            uint64_t order_id;
            uint64_t new_order_id;
            int64_t price;
            int64_t quantity;
            uint8_t type;
            uint8_t side;
            uint8_t order_type;
            uint8_t time_in_force;
            uint32_t reserved0;
        };
    } Message;
    typedef union { char bytes[48];
        struct {
            uint64_t order_id;
            uint64_t other_order_id;
            int64_t price;
            int64_t quantity;
            int64_t leaves;
            uint32_t message;
            uint8_t type;
            uint8_t side;
            uint8_t reason;
            uint8_t reserved0;
        };
    } Report;
    """
    ctypedef struct Command:
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
        uint16_t instructions
        uint8_t self_trade
        uint8_t reserved0
        int64_t trigger_price
        int64_t offset
        int64_t display_quantity
        int64_t min_quantity
        int64_t expire_time
        uint32_t session
        uint32_t firm
        uint32_t group
        uint8_t sides
        uint8_t phase
        uint8_t status
        uint8_t enabled
        uint64_t trade_id
        char symbol[8]
        int64_t tick_size
        int64_t lot_size
        int64_t min_price
        int64_t max_price
        int64_t max_quantity
        uint8_t quantity_scale
        uint8_t lot_policy
        uint16_t reserved1
        uint32_t reserved2
        int64_t round_lot
        int64_t halt_time
        int64_t extension_time
        uint32_t auction_collar
        uint32_t collar
        uint32_t drop
        uint8_t tier
        uint8_t trigger_source
        uint8_t extensions
        uint8_t permissions
        uint32_t numerator
        uint32_t denominator
        uint8_t action
        int64_t effective_time
        uint8_t row
        uint8_t rows
        uint64_t state_sequence
        uint64_t state_hash
        uint64_t epoch
        uint32_t standbys
        uint8_t change

    ctypedef struct Event:
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
        uint8_t phase
        uint8_t status
        uint16_t reserved0
        char symbol[8]
        int64_t trigger_price
        uint64_t state_hash

    ctypedef struct Message:
        uint64_t order_id
        uint64_t new_order_id
        int64_t price
        int64_t quantity
        uint8_t type
        uint8_t side
        uint8_t order_type
        uint8_t time_in_force
        uint32_t reserved0

    ctypedef struct Report:
        uint64_t order_id
        uint64_t other_order_id
        int64_t price
        int64_t quantity
        int64_t leaves
        uint32_t message
        uint8_t type
        uint8_t side
        uint8_t reason
        uint8_t reserved0
