# Open orders gathered for a pass over them, sorted by arrival.
#
# A chain uses a link of its own in every order, so there is one chain at a time. An order's link
# outlives the order itself until the next order is accepted: a pass may end each order it comes to.
from libc.stdint cimport uint32_t

from lmax.state._state cimport Instrument, State


cdef struct Chain:
    uint32_t first
    uint32_t last


cdef void chain_add(State *state, Chain *chain, uint32_t index) noexcept nogil
cdef void chain_sort(State *state, Chain *chain) noexcept nogil
cdef void chain_instrument(State *state, Chain *chain, Instrument *instrument) noexcept nogil
cdef void chain_account(State *state, Chain *chain, uint32_t account) noexcept nogil
