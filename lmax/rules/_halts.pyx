"""Halts of the whole market after a fall of its index. Rules: docs/matching.md."""
from libc.stdint cimport int64_t, uint32_t

from lmax.rules._phases cimport accept_setting, halt, schedule
from lmax.state._state cimport Instrument, day_of
from lmax.state.days cimport SECOND, Day
from lmax.base.wide cimport at_most_share
from lmax.wire cimport (
    PHASE_CONTINUOUS, REASON_INVALID_SETTING, REASON_MARKET_HALT, REASON_NONE, STATUS_DELISTED,
)

cdef enum:
    LAST_LEVEL = 3  # only an operator resumes


cdef uint8_t level_of(Command *command) noexcept nogil:
    """How deep the index fell: 7, 13 or 20 % or more."""
    if at_most_share(command.price, command.quantity, 8_000):
        return LAST_LEVEL
    if at_most_share(command.price, command.quantity, 8_700):
        return 2
    return 1 if at_most_share(command.price, command.quantity, 9_300) else 0


cdef inline bint is_late(State *state) noexcept nogil:
    """The last 35 minutes."""
    return state.close != 0 and state.now > state.close - 35 * 60 * SECOND


cdef void halt_with_market(
    State *state, Instrument *instrument, uint8_t level
) noexcept nogil:
    """Halt what trades; what TIMER was to begin anew does not begin before the market does."""
    cdef Day *day = day_of(state, instrument)
    cdef int64_t time = 15 * 60 * SECOND if level < LAST_LEVEL else 0
    if instrument.phase == PHASE_CONTINUOUS:
        halt(state, instrument, REASON_MARKET_HALT, time)
    elif day.due_at:
        if time:
            schedule(day, max(day.due_at, state.now + time), day.due_phase, day.due_reason)
        else:
            schedule(day, 0, PHASE_CONTINUOUS, REASON_NONE)


cdef uint8_t set_index(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument
    cdef uint8_t level
    cdef uint32_t id
    if command.price < 1 or command.quantity < 1:
        return REASON_INVALID_SETTING
    accept_setting(state, command)
    level = level_of(command)
    if level <= state.market_level or (level < LAST_LEVEL and is_late(state)):
        return REASON_NONE
    state.market_level = level
    for id in range(1, state.highest_instrument + 1):
        instrument = &state.instruments[id]
        if instrument.defined and instrument.status != STATUS_DELISTED:
            halt_with_market(state, instrument, level)
    return REASON_NONE
