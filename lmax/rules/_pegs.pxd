# Where pegged orders trade.
from libc.stdint cimport int64_t, uint32_t

from lmax.state._state cimport Instrument, State


cdef bint peg_price(
    State *state, Instrument *instrument, uint32_t index, int64_t *price
) noexcept nogil
