# Who owns shares of an instrument.
from libc.stdint cimport uint32_t

from lmax.state._state cimport State


cdef uint32_t gather_holders(State *state, uint32_t instrument) noexcept nogil


cdef inline uint32_t holder_at(State *state, uint32_t i) noexcept nogil:
    """The position of the i-th holder that was gathered, 0 <= i < their number."""
    return <uint32_t>(state.scratch[i] & 0xFFFFFFFFU)
