# An incoming order against all it can meet: displayed, hidden and pegged orders.
from libc.stdint cimport int64_t, uint8_t, uint32_t

from lmax.rules._hands cimport Hand
from lmax.rules._opposite cimport Opposite
from lmax.state._state cimport State


cdef enum:  # why an incoming order trades no more
    STOP_FILLED = 0
    STOP_NOTHING_LEFT = 1
    STOP_LIMIT = 2
    STOP_BANDS = 3
    STOP_SELF_TRADE = 4


cdef struct Taker:
    uint32_t index
    uint8_t side
    Hand hand
    int64_t traded
    int64_t money


cdef uint8_t meet_all(
    State *state, Opposite *opposite, Taker *taker, int64_t limit
) noexcept nogil
