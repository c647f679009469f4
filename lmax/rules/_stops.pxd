# Stop orders that are not triggered.
from libc.stdint cimport int64_t, uint8_t, uint32_t

from lmax.rules._chains cimport Chain
from lmax.state._state cimport Instrument, State


cdef int64_t price_to_trail(
    State *state, Instrument *instrument, uint8_t side
) noexcept nogil
cdef int64_t trigger_of(
    Instrument *instrument, uint8_t side, int64_t best, int64_t offset, bint share
) noexcept nogil
cdef void freshen_trigger(State *state, uint32_t index) noexcept nogil
cdef void put_stop(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void leave_stop(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void trigger_elected(State *state, Instrument *instrument) noexcept nogil
cdef void chain_stops(
    State *state, Chain *chain, Instrument *instrument, uint8_t side
) noexcept nogil
