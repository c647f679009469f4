# The life of an order: new, cancel, reduce, replace, and what a trade does to funds.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax._book cimport Order
from lmax._state cimport State
from lmax.wire cimport Command


# The four commands return the reason of a rejection, or REASON_NONE when it is done.
cdef uint8_t new_order(State *state, Command *command) noexcept nogil
cdef uint8_t cancel_order(State *state, Command *command) noexcept nogil
cdef uint8_t reduce_order(State *state, Command *command) noexcept nogil
cdef uint8_t replace_order(State *state, Command *command) noexcept nogil
cdef void settle(void *owner, Order *taker, Order *maker, int64_t quantity) noexcept nogil
cdef void maker_gone(void *owner, Order *maker) noexcept nogil
cdef void close_id(State *state, Order *order) noexcept nogil
cdef void release_funds(State *state, Order *order, int64_t quantity) noexcept nogil
