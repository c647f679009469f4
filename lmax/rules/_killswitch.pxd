# Kill switches of accounts, firms, instruments and the venue.
from libc.stdint cimport uint8_t

from lmax.state._state cimport State
from lmax.wire cimport Command


cdef uint8_t kill_switch(State *state, Command *command) noexcept nogil
