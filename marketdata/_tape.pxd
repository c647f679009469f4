# The last trades of all instruments, in a ring that keeps twice as many as anybody may ask for.
#
# One writer, which never waits. It raises `begun`, fills the slot of that trade, and raises
# `done`. A reader copies up to `done` and then looks at `begun`: what it copied is whole
# unless that has come within a lap, for which it would have to be slower than `kept` trades.
from libc.stdint cimport int64_t, uint64_t, uint32_t

from lmax.ringbuffer.atomics cimport (
    load_relaxed_i64, release_fence, store_relaxed_i64, store_release_i64,
)
from lmax.wire cimport Event


cdef struct Trade:
    int64_t time
    uint64_t trade_id
    int64_t price
    int64_t quantity
    uint32_t instrument
    uint32_t side  # the taker's


cdef struct Tape:
    Trade *slots
    int64_t mask
    int64_t begun
    int64_t done


# Room for the last `kept` trades; -1 without memory.
cdef int tape_open(Tape *tape, int64_t kept) noexcept nogil

cdef void tape_close(Tape *tape) noexcept nogil

# The last trades, at most `most` (no more than `kept`), oldest first; how many.
cdef int64_t tape_copy(Tape *tape, Trade *target, int64_t most) noexcept nogil


cdef inline void tape_add(Tape *tape, const Event *fill) noexcept nogil:
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
    store_release_i64(&tape.done, number)
