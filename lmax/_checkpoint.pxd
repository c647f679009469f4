# CHECKPOINT: the state hash, told and compared.
from libc.stdint cimport uint8_t

from lmax.state._state cimport State
from lmax.wire cimport Command


cdef uint8_t checkpoint(State *state, Command *command) noexcept nogil
