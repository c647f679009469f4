# What follows every command: triggered stops come in, waiting orders trade, one by one.
from lmax.state._state cimport Instrument, State


cdef void settle_down(State *state, Instrument *instrument) noexcept nogil
