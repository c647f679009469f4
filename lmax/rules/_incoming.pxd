# An order that is not plain, or meets what is not plain, comes in, trades and rests or ends.
from libc.stdint cimport int64_t, uint8_t, uint32_t

from lmax.rules._hands cimport Hand
from lmax.rules._opposite cimport Opposite
from lmax.state._state cimport Instrument, State


cdef struct Limit:
    int64_t price  # the worst it takes
    uint8_t reason  # what ends the rest of it, if more lay behind that price; 0: it is its own


cdef void trade_then_rest(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef void rest(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef bint waits(State *state, uint32_t index) noexcept nogil
cdef int64_t least_of(State *state, uint32_t index) noexcept nogil
cdef bint can_pay(
    State *state, Instrument *instrument, Hand *hand, int64_t quantity, int64_t least,
    int64_t cash,
) noexcept nogil
cdef bint can_pay_now(State *state, Instrument *instrument, uint32_t index) noexcept nogil
cdef bint finds_what_it_waits_for(
    State *state, Opposite *opposite, uint32_t index, int64_t best
) noexcept nogil
