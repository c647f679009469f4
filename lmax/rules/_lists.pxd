# Lists in which special orders stand beside their place: by session, and by the time they expire.
from libc.stdint cimport uint32_t

from lmax.rules._chains cimport Chain
from lmax.state._state cimport Instrument, State


cdef void list_order(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void unlist_order(State *state, uint32_t index) noexcept nogil
cdef void chain_session(State *state, Chain *chain, uint32_t session) noexcept nogil
cdef void chain_due(State *state, Chain *chain, Instrument *instrument) noexcept nogil


cdef inline bint has_expiring(Instrument *instrument) noexcept nogil:
    """Whether it has orders that expire at a time."""
    return instrument.times.best != 0
