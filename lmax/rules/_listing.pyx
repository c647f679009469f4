"""The commands about an instrument's life, and about trades put right."""

from lmax.rules._busts cimport bust_trade, correct_trade
from lmax.rules._corporate cimport corporate_action
from lmax.rules._instruments cimport set_status, set_tick_row
from lmax.wire cimport CMD_BUST_TRADE


cdef uint8_t listing_command(State *state, Command *command) noexcept nogil:
    """Do what it asks; the reason if it is refused."""
    if command.type == CMD_SET_STATUS:
        return set_status(state, command)
    if command.type == CMD_SET_TICK_ROW:
        return set_tick_row(state, command)
    if command.type == CMD_CORPORATE_ACTION:
        return corporate_action(state, command)
    if command.type == CMD_BUST_TRADE:
        return bust_trade(state, command)
    return correct_trade(state, command)
