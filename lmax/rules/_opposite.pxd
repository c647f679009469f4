# What an incoming order meets: displayed, hidden and pegged orders of the other side, in one order.
from libc.stdint cimport int64_t, uint8_t, uint32_t

from lmax.rules._hands cimport Hand
from lmax.state._state cimport Instrument, State


cdef enum:
    MAX_WAITING = 256  # pegs and conditional orders of a side


cdef struct Peg:
    int64_t price
    uint32_t index


cdef struct Opposite:
    Instrument *instrument
    uint8_t side  # of those that are met
    uint32_t pegs
    Peg[MAX_WAITING] peg  # the best price first, the oldest first at a price


cdef struct Spot:  # where one stands on the way through them
    uint32_t shown  # levels
    uint32_t hidden
    uint32_t peg
    int64_t price
    uint8_t place  # whose turn it is: PLACE_SHOWN, PLACE_HIDDEN or PLACE_WAITING; PLACE_NONE: none


cdef struct Offer:  # what can be traded with others
    int64_t quantity
    int64_t cost
    bint beyond  # the cost is more than the budget


cdef void opposite_open(
    State *state, Opposite *opposite, Instrument *instrument, uint8_t taker_side
) noexcept nogil
cdef void spot_first(State *state, Opposite *opposite, Spot *spot) noexcept nogil
cdef void spot_choose(State *state, Opposite *opposite, Spot *spot) noexcept nogil
cdef void spot_next(State *state, Opposite *opposite, Spot *spot) noexcept nogil
cdef Offer offer_for(
    State *state, Opposite *opposite, Hand *hand, int64_t limit, int64_t wanted, int64_t budget
) noexcept nogil
cdef int64_t best_against(
    State *state, Instrument *instrument, uint8_t taker_side
) noexcept nogil


cdef inline bint reaches(uint8_t side, int64_t limit, int64_t price) noexcept nogil:
    """Whether a limit allows a trade with those of that side at that price."""
    return price <= limit if side else price >= limit
