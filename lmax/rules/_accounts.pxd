# What accounts are, and cancelling many orders at once.
from libc.stdint cimport uint8_t

from lmax.state._state cimport State
from lmax.wire cimport Command


# They return the reason of a rejection, or REASON_NONE when it is done.
cdef uint8_t set_account(State *state, Command *command) noexcept nogil
cdef uint8_t mass_cancel(State *state, Command *command) noexcept nogil
cdef uint8_t session_ended(State *state, Command *command) noexcept nogil
