# Corporate actions.
from libc.stdint cimport uint8_t

from lmax.state._state cimport State
from lmax.wire cimport Command


# The reason of a rejection, or REASON_NONE when it is done.
cdef uint8_t corporate_action(State *state, Command *command) noexcept nogil
