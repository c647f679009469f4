# Price bands, the limit state, restricted short sales, the halt after a drop.
from libc.stdint cimport int64_t, uint8_t

from lmax.state._state cimport SPECIAL_TIER, Instrument, State, day_of
from lmax.state.days cimport Day, has_bands
from lmax.wire cimport SIDE_BUY, Command


# They return the reason of a rejection, or REASON_NONE when it is done.
cdef uint8_t set_reference(State *state, Command *command) noexcept nogil
cdef uint8_t set_protection(State *state, Command *command) noexcept nogil
cdef uint8_t set_close(State *state, Command *command) noexcept nogil

cdef void refer_bands_to(State *state, Instrument *instrument, int64_t price) noexcept nogil
cdef void work_out_bands(State *state, Instrument *instrument) noexcept nogil
cdef void renew_bands(State *state, Instrument *instrument) noexcept nogil
cdef bint limit_state_lasted(State *state, Instrument *instrument) noexcept nogil
cdef void set_off_alarm(
    State *state, Instrument *instrument, int64_t price, bint in_auction
) noexcept nogil
cdef void note_trade(
    State *state, Instrument *instrument, int64_t price, bint in_auction
) noexcept nogil
cdef void watch_limits(State *state, Instrument *instrument) noexcept nogil
cdef void after_setting(State *state, Instrument *instrument) noexcept nogil
cdef void watch(State *state, Instrument *instrument) noexcept nogil
cdef void end_of_protected_day(State *state, Instrument *instrument) noexcept nogil
cdef bint short_sale_is_allowed(
    State *state, Instrument *instrument, int64_t price
) noexcept nogil


cdef inline bint bands_hold(State *state, Instrument *instrument, int64_t price) noexcept nogil:
    """Whether a trade at that price may be; asked in CONTINUOUS."""
    cdef Day *day
    if not instrument.special & SPECIAL_TIER:
        return True
    day = day_of(state, instrument)
    return not has_bands(day) or day.lower <= price <= day.upper


cdef inline bint bands_hold_limit(
    State *state, Instrument *instrument, uint8_t side, int64_t price
) noexcept nogil:
    """Whether an order with that limit may come and rest; asked in CONTINUOUS."""
    cdef Day *day
    if not instrument.special & SPECIAL_TIER:
        return True
    day = day_of(state, instrument)
    if not has_bands(day):
        return True
    return price <= day.upper if side == SIDE_BUY else price >= day.lower
