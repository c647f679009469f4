# The checks of orders that take the long way, in their order, and what they come to.
from libc.stdint cimport int64_t, uint8_t, uint32_t

from lmax.state._state cimport Instrument, State
from lmax.state.idmap cimport IdEntry
from lmax.wire cimport Command


cdef struct Draft:
    # What a new order, or a replaced one, is to be.
    int64_t price
    int64_t trigger_price
    int64_t watched  # a trailing stop's best price so far
    int64_t leaves
    IdEntry *entry  # the empty one of its id


# They return the reason of a rejection, or REASON_NONE.
cdef uint8_t check_new(
    State *state, Command *command, Instrument *instrument, Draft *draft
) noexcept nogil
cdef uint8_t check_replacement(
    State *state, Command *command, Instrument *instrument, uint32_t index, Draft *draft
) noexcept nogil
