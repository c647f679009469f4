"""Memory for the last trades, and reading them. See _tape.pxd."""
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from lmax.ringbuffer.atomics cimport acquire_fence, cpu_pause, load_acquire_i64

cdef enum:
    LOOK_BACK = 65536  # trades: the agent that looks holds back matching


cdef int tape_open(Tape *tape, int64_t kept) noexcept nogil:
    cdef int64_t slots = 2
    while slots < 2 * kept:
        slots *= 2
    tape.mask = slots - 1
    tape.slots = <Trade *>calloc(slots, sizeof(Trade))
    return 0 if tape.slots != NULL else -1


cdef void tape_close(Tape *tape) noexcept nogil:
    free(tape.slots)


cdef int64_t tape_copy(Tape *tape, Trade *target, int64_t most) noexcept nogil:
    cdef int64_t last, count, i, changed
    while True:
        changed = load_acquire_i64(&tape.changed)
        if changed & 1:
            cpu_pause()
            continue
        last = load_acquire_i64(&tape.done)
        count = min(most, last)
        for i in range(count):
            target[i] = tape.slots[(last - count + 1 + i) & tape.mask]
        acquire_fence()
        if load_relaxed_i64(&tape.changed) != changed:
            continue
        if load_relaxed_i64(&tape.begun) - tape.mask <= last - count + 1:
            return count


cdef bint tape_amend(Tape *tape, const Event *amended, uint8_t state) noexcept nogil:
    # Trades of all instruments are numbered one by one, and each was seen.
    cdef int64_t number = <int64_t>(amended.trade_id - tape.first_id) + 1
    cdef Trade *trade
    if tape.first_id == 0 or amended.trade_id < tape.first_id:
        return False
    if number > tape.done or number <= tape.done - tape.mask - 1:
        return True
    trade = &tape.slots[number & tape.mask]
    if trade.trade_id != amended.trade_id:
        return True
    store_relaxed_i64(&tape.changed, tape.changed + 1)
    release_fence()
    trade.state = state
    if state == TRADE_CORRECTED:
        trade.price = amended.price
        trade.quantity = amended.quantity
    store_release_i64(&tape.changed, tape.changed + 1)
    return True


cdef void tape_last(Tape *tape, uint32_t instrument, Trade *found) noexcept nogil:
    cdef int64_t number = tape.done
    cdef int64_t oldest = max(<int64_t>0, number - min(<int64_t>LOOK_BACK, tape.mask))
    cdef Trade *trade
    while number > oldest:
        trade = &tape.slots[number & tape.mask]
        if trade.instrument == instrument and trade.state != TRADE_BUSTED:
            found[0] = trade[0]
            return
        number -= 1
    memset(found, 0, sizeof(Trade))
