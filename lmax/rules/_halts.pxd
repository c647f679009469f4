# Halts of the whole market.
from libc.stdint cimport uint8_t

from lmax.state._state cimport State
from lmax.wire cimport Command


cdef uint8_t set_index(State *state, Command *command) noexcept nogil
