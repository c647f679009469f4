# The last trades of all instruments, in a ring that keeps twice as many as anybody may ask for.
#
# One writer, which never waits. It raises `begun`, fills the slot of that trade, and raises
# `done`. A reader copies up to `done` and then looks at `begun`: what it copied is whole
# unless that has come within a lap, for which it would have to be slower than `kept` trades.
#
# A bust or a correction changes a slot that readers may be copying: `changed` is odd meanwhile.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.ringbuffer.atomics cimport (
    load_relaxed_i64, release_fence, store_relaxed_i64, store_release_i64,
)
from lmax.wire cimport FLAG_AUCTION, Event

cdef enum:  # what became of a trade: views.TradeState
    TRADE_STANDS
    TRADE_CORRECTED
    TRADE_BUSTED


cdef struct Trade:
    int64_t time
    uint64_t trade_id
    int64_t price
    int64_t quantity
    uint32_t instrument
    uint8_t side  # the taker's
    uint8_t auction
    uint8_t state
    uint8_t unused


cdef struct Tape:
    Trade *slots
    int64_t mask
    int64_t begun
    int64_t done
    int64_t changed
    uint64_t first_id  # of the first trade that was seen; 0: none


# Room for the last `kept` trades; -1 without memory.
cdef int tape_open(Tape *tape, int64_t kept) noexcept nogil

cdef void tape_close(Tape *tape) noexcept nogil

# The last trades, at most `most` (no more than `kept`), oldest first; how many.
cdef int64_t tape_copy(Tape *tape, Trade *target, int64_t most) noexcept nogil

# The trade of that id is busted or is now this; whether it was seen. Older ones are gone.
cdef bint tape_amend(Tape *tape, const Event *amended, uint8_t state) noexcept nogil

# The newest trade of an instrument that was not busted; its id is 0 if none is found.
cdef void tape_last(Tape *tape, uint32_t instrument, Trade *found) noexcept nogil


cdef inline Trade *tape_add(Tape *tape, const Event *fill) noexcept nogil:
    cdef int64_t number = load_relaxed_i64(&tape.done) + 1
    cdef Trade *trade = &tape.slots[number & tape.mask]
    store_relaxed_i64(&tape.begun, number)
    release_fence()
    trade.time = fill.timestamp
    trade.trade_id = fill.trade_id
    trade.price = fill.price
    trade.quantity = fill.quantity
    trade.instrument = fill.instrument
    trade.side = fill.side
    trade.auction = fill.flags & FLAG_AUCTION != 0
    trade.state = TRADE_STANDS
    trade.unused = 0
    store_release_i64(&tape.done, number)
    if tape.first_id == 0:
        tape.first_id = fill.trade_id
    return trade
