# What a trade, and the life of an order, do to funds and ids.
from libc.stdint cimport int64_t

from lmax._book cimport Order
from lmax._state cimport State


cdef void settle(void *owner, Order *taker, Order *maker, int64_t quantity) noexcept nogil
cdef void maker_gone(void *owner, Order *maker) noexcept nogil
cdef void close_id(State *state, Order *order) noexcept nogil
cdef void reserve_funds(State *state, Order *order) noexcept nogil
cdef void release_funds(State *state, Order *order, int64_t quantity) noexcept nogil
