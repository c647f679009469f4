# From one phase of an instrument's day to another, and what that allows.
from libc.stdint cimport int64_t, uint8_t, uint32_t

from lmax.state._state cimport Instrument, Order, State
from lmax.state.days cimport Day
from lmax.wire cimport (
    MAX_INSTRUMENT, ORD_MARKET, PHASE_CLOSING_AUCTION, PHASE_PRE_OPEN, REASON_NONE,
    REASON_UNKNOWN_INSTRUMENT, TIF_AT_CLOSE, TIF_AT_OPEN, TIF_GOOD_FOR_AUCTION, Command,
)


cdef uint8_t set_phase(State *state, Command *command) noexcept nogil
cdef void change_phase(
    State *state, Instrument *instrument, uint8_t phase, uint8_t reason
) noexcept nogil
cdef void halt(
    State *state, Instrument *instrument, uint8_t reason, int64_t time
) noexcept nogil
cdef uint8_t check_phase(
    Instrument *instrument, uint8_t order_type, uint8_t time_in_force
) noexcept nogil
cdef int64_t price_in_auction(
    State *state, Instrument *instrument, uint8_t side
) noexcept nogil
cdef void put_held(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void leave_held(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void accept_setting(State *state, Command *command) noexcept nogil


cdef inline uint8_t check_known(State *state, uint32_t id) noexcept nogil:
    if id > MAX_INSTRUMENT or not state.instruments[id].defined:
        return REASON_UNKNOWN_INSTRUMENT
    return REASON_NONE


cdef inline bint is_call(uint8_t phase) noexcept nogil:
    """Orders are taken and rest without matching."""
    return PHASE_PRE_OPEN <= phase <= PHASE_CLOSING_AUCTION


cdef inline bint is_held(uint8_t phase, uint8_t time_in_force) noexcept nogil:
    """An order that comes now waits aside for a later auction."""
    if time_in_force == TIF_AT_CLOSE:
        return phase != PHASE_CLOSING_AUCTION
    return time_in_force == TIF_GOOD_FOR_AUCTION and not is_call(phase)


cdef inline bint is_for_auction(Order *order) noexcept nogil:
    """What is left of it in the book after an auction is cancelled."""
    return order.order_type == ORD_MARKET or (
        TIF_AT_OPEN <= order.time_in_force <= TIF_GOOD_FOR_AUCTION
    )


cdef inline void schedule(Day *day, int64_t at, uint8_t phase, uint8_t reason) noexcept nogil:
    """TIMER is to change the phase then; 0: it is not to."""
    day.due_at = at
    day.due_phase = phase
    day.due_reason = reason
