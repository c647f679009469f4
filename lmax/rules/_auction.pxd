# The price of an auction, and its trades.
from libc.stdint cimport uint32_t

from lmax.state._state cimport Instrument, State
from lmax.state.days cimport Auction


cdef Auction auction_of(State *state, Instrument *instrument) noexcept nogil
cdef void uncross(State *state, Instrument *instrument, Auction *auction) noexcept nogil
cdef void tell_auction(
    State *state, Instrument *instrument, Auction *auction, uint32_t flags, uint32_t reason
) noexcept nogil
