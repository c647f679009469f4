# An incoming order against the displayed book.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.state._state cimport Instrument, State


cdef int64_t match_shown(
    State *state, Instrument *instrument, uint32_t index, uint64_t worst
) noexcept nogil
cdef int64_t fillable(
    State *state, Instrument *instrument, uint8_t side, int64_t quantity, uint64_t worst
) noexcept nogil
cdef int64_t cost_to_fill(
    State *state, Instrument *instrument, int64_t quantity, int64_t budget
) noexcept nogil
