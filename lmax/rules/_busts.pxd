# Busts and corrections of trades.
from libc.stdint cimport uint8_t

from lmax.state._state cimport State
from lmax.wire cimport Command


# They return the reason of a rejection, or REASON_NONE when it is done.
cdef uint8_t bust_trade(State *state, Command *command) noexcept nogil
cdef uint8_t correct_trade(State *state, Command *command) noexcept nogil
