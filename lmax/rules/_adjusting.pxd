# What a corporate action makes of an open order that has left its place.
from libc.stdint cimport int64_t, uint32_t

from lmax.state._state cimport Instrument, State


cdef struct Action:  # what is done to the orders and prices of an instrument
    int64_t fresh  # split: so many new shares …
    int64_t old  # … for so many old ones; 0: it is a dividend
    int64_t price  # dividend: money a share; split: for what makes no lot


cdef bint adjust_order(
    State *state, Instrument *instrument, Action *action, uint32_t index
) noexcept nogil
cdef bint goes_with_a_dividend(State *state, uint32_t index) noexcept nogil
cdef int64_t adjusted_price(
    Instrument *instrument, Action *action, int64_t price
) noexcept nogil
