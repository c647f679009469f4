# Where the rules for what is not plain plug in: special orders, places other than the displayed
# book, what is to be looked at after a command, the commands of operators.
from libc.stdint cimport uint8_t, uint32_t

from lmax.state._state cimport Instrument, State
from lmax.wire cimport Command


cdef uint8_t new_special_order(
    State *state, Command *command, Instrument *instrument
) noexcept nogil
cdef uint8_t replace_special_order(
    State *state, Command *command, uint32_t index
) noexcept nogil
cdef uint8_t reduce_special_order(
    State *state, Command *command, uint32_t index
) noexcept nogil
cdef void leave_special_place(State *state, uint32_t index) noexcept nogil
cdef void after_command(State *state, Instrument *instrument) noexcept nogil
cdef uint8_t venue_command(State *state, Command *command) noexcept nogil
