# The life of an order: new, cancel, reduce, replace. They return the reason of a rejection, or
# REASON_NONE when it is done.
from libc.stdint cimport uint8_t

from lmax.state._state cimport State
from lmax.wire cimport Command


cdef uint8_t new_order(State *state, Command *command) noexcept nogil
cdef uint8_t cancel_order(State *state, Command *command) noexcept nogil
cdef uint8_t reduce_order(State *state, Command *command) noexcept nogil
cdef uint8_t replace_order(State *state, Command *command) noexcept nogil
