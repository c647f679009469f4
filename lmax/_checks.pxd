# What is checked before an order changes anything. All return the reason of a rejection, or
# REASON_NONE.
from libc.stdint cimport uint8_t

from lmax._book cimport Order
from lmax._state cimport State
from lmax.wire cimport Command


cdef uint8_t check_parties(State *state, Command *command) noexcept nogil
cdef uint8_t check_new_order(State *state, Command *command, Order *order) noexcept nogil
cdef uint8_t find_order(State *state, Command *command, Order **order) noexcept nogil
cdef uint8_t check_replace(
    State *state, Command *command, Order **order, Order *wanted
) noexcept nogil
