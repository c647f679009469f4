"""The commands about the day of the market: phases, protection, time, kill switches."""

from lmax.rules._halts cimport set_index
from lmax.rules._killswitch cimport kill_switch
from lmax.rules._phases cimport set_phase
from lmax.rules._protection cimport set_close, set_protection, set_reference
from lmax.rules._timer cimport timer
from lmax.wire cimport (
    CMD_KILL_SWITCH, CMD_SET_CLOSE, CMD_SET_INDEX, CMD_SET_PHASE, CMD_SET_PROTECTION,
    CMD_SET_REFERENCE, CMD_TIMER, REASON_NONE, REASON_UNKNOWN_COMMAND,
)


cdef uint8_t day_command(State *state, Command *command) noexcept nogil:
    """Do what it asks; the reason if it is refused."""
    if command.type == CMD_TIMER:
        timer(state)
        return REASON_NONE
    if command.type == CMD_SET_PHASE:
        return set_phase(state, command)
    if command.type == CMD_SET_REFERENCE:
        return set_reference(state, command)
    if command.type == CMD_SET_PROTECTION:
        return set_protection(state, command)
    if command.type == CMD_SET_CLOSE:
        return set_close(state, command)
    if command.type == CMD_SET_INDEX:
        return set_index(state, command)
    if command.type == CMD_KILL_SWITCH:
        return kill_switch(state, command)
    return REASON_UNKNOWN_COMMAND
