# Orders that end because their time has come.
from lmax.state._state cimport Instrument, State


cdef void expire_due(State *state, Instrument *instrument) noexcept nogil
