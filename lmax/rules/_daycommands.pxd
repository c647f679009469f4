# The commands about the day of the market.
from libc.stdint cimport uint8_t

from lmax.state._state cimport State
from lmax.wire cimport Command


cdef uint8_t day_command(State *state, Command *command) noexcept nogil
