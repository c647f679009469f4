# The commands about an instrument's life, and about trades put right.
from libc.stdint cimport uint8_t

from lmax.state._state cimport State
from lmax.wire cimport (
    CMD_CORPORATE_ACTION, CMD_CORRECT_TRADE, CMD_SET_STATUS, CMD_SET_TICK_ROW, Command,
)


cdef uint8_t listing_command(State *state, Command *command) noexcept nogil


cdef inline bint is_listing(Command *command) noexcept nogil:
    return command.type == CMD_SET_STATUS or command.type == CMD_SET_TICK_ROW or (
        CMD_CORPORATE_ACTION <= command.type <= CMD_CORRECT_TRADE
    )
