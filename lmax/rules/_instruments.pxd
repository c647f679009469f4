# The life of an instrument: status, ticks, lots; and what others ask about them.
from libc.stdint cimport int64_t, uint8_t

from lmax.state._state cimport Instrument, State
from lmax.state.ticktables cimport tick_down, tick_of, tick_up
from lmax.wire cimport Command


# They return the reason of a rejection, or REASON_NONE when it is done.
cdef uint8_t set_status(State *state, Command *command) noexcept nogil
cdef uint8_t set_tick_row(State *state, Command *command) noexcept nogil
cdef uint8_t check_lots(Instrument *instrument, int64_t quantity) noexcept nogil


cdef inline int64_t tick_at(State *state, Instrument *instrument, int64_t price) noexcept nogil:
    """The tick that holds at a price now."""
    return tick_of(&state.ticks[instrument.id], price, state.now, instrument.tick_size)


cdef inline int64_t on_tick_down(
    State *state, Instrument *instrument, int64_t price
) noexcept nogil:
    """The highest price an order may have now that is not above one from 0 on."""
    return tick_down(&state.ticks[instrument.id], price, state.now, instrument.tick_size)


cdef inline int64_t on_tick_up(
    State *state, Instrument *instrument, int64_t price
) noexcept nogil:
    """The lowest price an order may have now that is not below one from 0 on; -1: none."""
    return tick_up(&state.ticks[instrument.id], price, state.now, instrument.tick_size)
