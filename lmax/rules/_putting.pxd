# Into the places that are not plain, and out of any place.
from libc.stdint cimport int64_t, uint32_t

from lmax.state._state cimport Instrument, State


cdef void mark_depth(Instrument *instrument) noexcept nogil
cdef void show_iceberg(State *state, uint32_t index) noexcept nogil
cdef void put_shown(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void put_hidden(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void put_waiting(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void leave_special(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void take_quantity(
    State *state, Instrument *instrument, uint32_t index, int64_t quantity
) noexcept nogil
cdef void lower_in_place(
    State *state, Instrument *instrument, uint32_t index, int64_t quantity
) noexcept nogil
cdef void filled_in_place(State *state, uint32_t index) noexcept nogil
