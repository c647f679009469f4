# What can be told of an order from its command and its instrument. All return the reason of a
# rejection, or REASON_NONE.
from libc.stdint cimport int64_t, uint8_t

from lmax.state._state cimport Instrument, State
from lmax.wire cimport Command


cdef uint8_t check_codes(Command *command) noexcept nogil
cdef uint8_t check_numbers(
    State *state, Command *command, Instrument *instrument
) noexcept nogil
cdef uint8_t check_new_prices(
    State *state, Command *command, Instrument *instrument, uint8_t order_type, bint is_stop
) noexcept nogil
cdef uint8_t check_parts(int64_t shown, int64_t quantity) noexcept nogil
