# TIMER: what happens because it is time.
from lmax.state._state cimport Instrument, State


cdef void timer(State *state) noexcept nogil
cdef bint stays_timed(State *state, Instrument *instrument) noexcept nogil
