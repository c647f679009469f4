"""The long way: what is not plain.

A command comes here when it, its account, its instrument or the order it names is special; account
and instrument are known then. Functions that answer a reason have changed nothing if it is not
REASON_NONE.
"""

from lmax._daycommands cimport day_command
from lmax._listing cimport is_listing, listing_command
from lmax.wire cimport (
    ORD_PEG_MID, REASON_INVALID_CLIENT_ORDER_ID, REASON_INVALID_INSTRUCTIONS,
    REASON_INVALID_ORDER_TYPE, REASON_INVALID_SIDE, REASON_INVALID_TIME_IN_FORCE,
    SIDE_SELL, TIF_GOOD_FOR_AUCTION,
)


cdef uint8_t new_special_order(
    State *state, Command *command, Instrument *instrument
) noexcept nogil:
    """A new order that is special, or whose account or instrument is."""
    if command.side > SIDE_SELL:
        return REASON_INVALID_SIDE
    if command.order_type > ORD_PEG_MID:
        return REASON_INVALID_ORDER_TYPE
    if command.time_in_force > TIF_GOOD_FOR_AUCTION:
        return REASON_INVALID_TIME_IN_FORCE
    if command.client_order_id == 0:
        return REASON_INVALID_CLIENT_ORDER_ID
    return REASON_INVALID_INSTRUCTIONS


cdef uint8_t replace_special_order(
    State *state, Command *command, uint32_t index
) noexcept nogil:
    """A replace that is special, or whose order, account or instrument is."""
    return REASON_INVALID_INSTRUCTIONS


cdef uint8_t reduce_special_order(
    State *state, Command *command, uint32_t index
) noexcept nogil:
    """Part of an order with an Extra, or elsewhere than displayed; the quantity is checked."""
    return REASON_INVALID_INSTRUCTIONS


cdef void leave_special_place(State *state, uint32_t index) noexcept nogil:
    """Take an order with an Extra, or elsewhere than displayed, out of its place."""


cdef void after_command(State *state, Instrument *instrument) noexcept nogil:
    """What an accepted command about orders brings; any bit of AFTER is set."""


cdef uint8_t venue_command(State *state, Command *command) noexcept nogil:
    """The commands that are about no order of one account."""
    if is_listing(command):
        return listing_command(state, command)
    return day_command(state, command)
