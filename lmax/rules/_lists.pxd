# Lists in which special orders stand beside their place: by session, by the time they expire, and
# those that the next auction of their instrument ends.
from libc.stdint cimport uint32_t

from lmax.rules._chains cimport Chain
from lmax.state._state cimport Instrument, State
from lmax.state.days cimport Day


cdef void list_order(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void unlist_order(State *state, uint32_t index) noexcept nogil
cdef void chain_session(State *state, Chain *chain, uint32_t session) noexcept nogil
cdef void chain_due(State *state, Chain *chain, Instrument *instrument) noexcept nogil
cdef void for_auction_append(State *state, Day *day, uint32_t index) noexcept nogil
cdef void for_auction_unlink(State *state, Day *day, uint32_t index) noexcept nogil


cdef inline bint has_expiring(Instrument *instrument) noexcept nogil:
    """Whether it has orders that expire at a time."""
    return instrument.times.best != 0
