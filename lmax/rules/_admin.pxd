# Instruments, accounts, deposits and the end of the day.
from libc.stdint cimport uint8_t

from lmax.state._state cimport Instrument, State
from lmax.wire cimport Command


# They return the reason of a rejection, or REASON_NONE when it is done.
cdef uint8_t define_instrument(State *state, Command *command) noexcept nogil
cdef uint8_t open_account(State *state, Command *command) noexcept nogil
cdef uint8_t deposit(State *state, Command *command) noexcept nogil
cdef uint8_t withdraw(State *state, Command *command) noexcept nogil
cdef void end_of_day(State *state) noexcept nogil
cdef bint symbol_is_good(Command *command) noexcept nogil
cdef void tell_definition(State *state, Instrument *instrument) noexcept nogil
