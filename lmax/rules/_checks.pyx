"""What is checked before an order changes anything. Rules: docs/matching.md."""

from lmax.rules._matching cimport cost_to_fill, fillable
from lmax.state.funds cimport cash_available
from lmax.state.idmap cimport ID_CLOSED, ID_NONE, closed_value, idmap_find
from lmax.book.levels cimport NO_LEVEL_KEY, level_pools_have_room
from lmax.base.memory cimport pool_room
from lmax.base.money cimport INT64_MAX
from lmax.wire cimport (
    REASON_CAPACITY, REASON_INSUFFICIENT_CASH, REASON_TOO_LATE, REASON_UNKNOWN_ORDER, SIDE_BUY,
)


cdef uint8_t find_order(State *state, Command *command, IdEntry **entry) noexcept nogil:
    """The entry of the open order that a cancel, reduce or replace is about; its value."""
    cdef uint32_t value
    entry[0] = idmap_find(&state.ids, command.account, command.orig_client_order_id)
    value = entry[0].value
    if value == ID_NONE:
        return REASON_UNKNOWN_ORDER
    if value & ID_CLOSED:
        return REASON_TOO_LATE if value == closed_value(command.instrument) else (
            REASON_UNKNOWN_ORDER
        )
    if state.orders[value].instrument != command.instrument:
        return REASON_UNKNOWN_ORDER
    return REASON_NONE


cdef uint8_t check_room(
    State *state, Instrument *instrument, uint8_t side, int64_t more, uint32_t orders
) noexcept nogil:
    """So much more may be open on that side, in so many more orders, at one more price."""
    if more > INT64_MAX - instrument.open[side]:
        return REASON_QUANTITY_RANGE
    if pool_room(&state.slots) < orders or not level_pools_have_room(&state.levels, 1):
        return REASON_CAPACITY
    return REASON_NONE


cdef uint8_t check_market_buy(
    State *state, Instrument *instrument, Command *command
) noexcept nogil:
    """Available cash covers what a market buy would fill now, level by level."""
    cdef int64_t budget = cash_available(&state.funds, command.account)
    cdef int64_t wanted = command.quantity
    if command.time_in_force == TIF_FOK and (
        fillable(state, instrument, SIDE_BUY, wanted, NO_LEVEL_KEY) < wanted
    ):
        return REASON_NONE
    if cost_to_fill(state, instrument, wanted, budget) < 0:
        return REASON_INSUFFICIENT_CASH
    return REASON_NONE
