"""The life of plain orders. Rules: docs/matching.md.

Plain: a limit or market order with DAY, GTC, IOC or FOK and nothing else asked for, of an account
and on an instrument about which nothing is special. All others go the long way (rules/_special).

Checks come first (lmax/rules/_checks.pxd) and change nothing; what follows them cannot fail.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.rules._checks cimport (
    check_market_buy, check_parties, check_price, check_quantity, check_room, find_order,
    is_special_request,
)
from lmax.rules._matching cimport fillable, match_shown
from lmax.rules._places cimport (
    account_append, account_unlink, change_reserved, close_entry, emit_end, end_order,
    leave_place, rest_shown, shrink_shown, take_order,
)
from lmax.rules._special cimport (
    new_special_order, reduce_special_order, replace_special_order,
)
from lmax.state._state cimport (
    BEFORE, PLACE_SHOWN, Instrument, Order, State, emit_order, hash_order,
    leaves_of, slot_of,
)
from lmax.state.funds cimport (
    ACCOUNT_OPEN, cash_available, cash_change, position_find, shares_available, shares_change,
)
from lmax.state.idmap cimport ID_NONE, IdEntry, closed_value, idmap_claim, idmap_find
from lmax.book.levels cimport NO_LEVEL_KEY, price_key
from lmax.base.money cimport notional
from lmax.book.orders cimport Slot, slot_give
from lmax.base.steps cimport Step, steps_in
from lmax.wire cimport (
    EVT_ACCEPTED, EVT_CANCELLED, EVT_REDUCED, EVT_REPLACED, ORD_LIMIT, ORD_MARKET,
    REASON_BELOW_FILLED, REASON_DUPLICATE_CLIENT_ORDER_ID, REASON_FOK_UNFILLED,
    REASON_INSUFFICIENT_CASH, REASON_INSUFFICIENT_SHARES, REASON_INVALID_CLIENT_ORDER_ID,
    REASON_INVALID_SIDE, REASON_IOC_REMAINDER, REASON_NONE, REASON_NOTIONAL_RANGE,
    REASON_NO_LIQUIDITY, REASON_PRICE_RANGE, REASON_QUANTITY_LOT, REASON_QUANTITY_RANGE,
    REASON_REDUCED_TO_ZERO, REASON_REQUESTED, REASON_TRIGGER_PRICE, SIDE_SELL, TIF_FOK,
    TIF_IOC, Command, Event,
)


# -- trading and resting ------------------------------------------------------------------


cdef inline uint8_t remainder_reason(Order *order) noexcept nogil:
    """Why the rest of an incoming order is cancelled; REASON_NONE: it rests."""
    if order.time_in_force == TIF_FOK:
        return REASON_FOK_UNFILLED
    if order.order_type == ORD_MARKET:
        return REASON_NO_LIQUIDITY
    return REASON_IOC_REMAINDER if order.time_in_force == TIF_IOC else REASON_NONE


cdef inline void settle_taker(
    State *state, Instrument *instrument, uint32_t index, int64_t traded, int64_t money,
    int64_t resting,
) noexcept nogil:
    """What an incoming order's fills did to its account, and what its rest sets aside."""
    cdef Order *order = &state.orders[index]
    cdef int64_t cost = 0
    if slot_of(state, index).side == SIDE_SELL:
        shares_change(&state.funds, order.position, -traded, resting)
        if money:
            cash_change(&state.funds, order.account, money, 0)
        return
    notional(order.price, resting, instrument.unit, &cost)
    cash_change(&state.funds, order.account, -money, cost)
    if traded:
        shares_change(&state.funds, order.position, traded, 0)


cdef bint trade_and_rest(
    State *state, Instrument *instrument, uint32_t index, IdEntry *entry, uint64_t ticks
) noexcept nogil:
    """An accepted plain order meets the book; whether it rests then. entry: that of its id."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef uint64_t worst = NO_LEVEL_KEY
    cdef int64_t wanted = slot.leaves
    cdef int64_t money = 0
    cdef uint8_t reason = remainder_reason(order)
    if order.order_type == ORD_LIMIT:
        worst = price_key(1 - slot.side, ticks)
    if order.time_in_force != TIF_FOK or (
        fillable(state, instrument, slot.side, wanted, worst) == wanted
    ):
        money = match_shown(state, instrument, index, worst)
    if slot.leaves and reason == REASON_NONE:
        settle_taker(state, instrument, index, wanted - slot.leaves, money, slot.leaves)
        entry.value = index
        rest_shown(state, instrument, index, ~worst)
        hash_order(state, index)
        return True
    if money:
        settle_taker(state, instrument, index, wanted - slot.leaves, money, 0)
    if slot.leaves:
        emit_end(state, index, EVT_CANCELLED, reason)
    close_entry(state, entry, order.instrument)
    return False


# -- new ----------------------------------------------------------------------------------


cdef inline uint8_t check_shape(
    Instrument *instrument, Command *command, uint64_t *ticks
) noexcept nogil:
    """What a plain order can be told at sight."""
    cdef uint8_t reason = REASON_NONE
    if command.side > SIDE_SELL:
        return REASON_INVALID_SIDE
    if command.client_order_id == 0:
        return REASON_INVALID_CLIENT_ORDER_ID
    if command.order_type == ORD_LIMIT:
        reason = check_price(instrument, command.price, ticks)
    elif command.price:
        reason = REASON_PRICE_RANGE
    return reason if reason else check_quantity(instrument, command.quantity)


cdef inline uint8_t check_means(
    State *state, Instrument *instrument, Command *command
) noexcept nogil:
    """Notional, room and funds of a plain order."""
    cdef int64_t cost = 0
    cdef int64_t more = command.quantity
    cdef uint32_t position
    cdef uint8_t reason
    if command.order_type == ORD_MARKET:
        more = 0
    elif not notional(command.price, command.quantity, instrument.unit, &cost):
        return REASON_NOTIONAL_RANGE
    reason = check_room(state, instrument, command.side, more, 1)
    if reason:
        return reason
    if command.side == SIDE_SELL:
        position = position_find(&state.funds, command.account, command.instrument)
        if command.quantity > shares_available(&state.funds, position):
            return REASON_INSUFFICIENT_SHARES
    elif command.order_type == ORD_MARKET:
        return check_market_buy(state, instrument, command)
    elif cost > cash_available(&state.funds, command.account):
        return REASON_INSUFFICIENT_CASH
    return REASON_NONE


cdef uint8_t new_order(State *state, Command *command) noexcept nogil:
    cdef uint8_t reason = check_parties(state, command)
    cdef Instrument *instrument
    cdef IdEntry *entry
    cdef uint64_t ticks = 0
    cdef uint32_t index
    if reason:
        return reason
    instrument = &state.instruments[command.instrument]
    if (
        is_special_request(command)
        or instrument.special & BEFORE
        or state.funds.accounts[command.account].flags != ACCOUNT_OPEN
    ):
        return new_special_order(state, command, instrument)
    reason = check_shape(instrument, command, &ticks)
    if reason:
        return reason
    entry = idmap_find(&state.ids, command.account, command.client_order_id)
    if entry.value != ID_NONE:
        return REASON_DUPLICATE_CLIENT_ORDER_ID
    reason = check_means(state, instrument, command)
    if reason:
        return reason
    index = take_order(state, command, command.price)
    idmap_claim(
        &state.ids, entry, command.account, command.client_order_id,
        closed_value(command.instrument),
    )
    emit_order(state, EVT_ACCEPTED, index)
    if trade_and_rest(state, instrument, index, entry, ticks):
        account_append(state, index)
    else:
        slot_give(&state.slots, index)
    return REASON_NONE


# -- cancel, reduce -----------------------------------------------------------------------


cdef uint8_t cancel_order(State *state, Command *command) noexcept nogil:
    cdef IdEntry *entry
    cdef uint8_t reason = check_parties(state, command)
    if reason == REASON_NONE:
        reason = find_order(state, command, &entry)
    if reason:
        return reason
    end_order(state, entry.value, entry, EVT_CANCELLED, REASON_REQUESTED)
    return REASON_NONE


cdef uint8_t reduce_order(State *state, Command *command) noexcept nogil:
    cdef IdEntry *entry
    cdef Event *event
    cdef Step *lot
    cdef uint32_t index
    cdef uint8_t reason = check_parties(state, command)
    if reason == REASON_NONE:
        reason = find_order(state, command, &entry)
    if reason:
        return reason
    if command.quantity < 1:
        return REASON_QUANTITY_RANGE
    lot = &state.instruments[command.instrument].lot
    if steps_in(lot, command.quantity) > lot.most:
        return REASON_QUANTITY_LOT
    index = entry.value
    if command.quantity >= leaves_of(state, index):
        end_order(state, index, entry, EVT_CANCELLED, REASON_REDUCED_TO_ZERO)
        return REASON_NONE
    if state.orders[index].special or state.orders[index].place != PLACE_SHOWN:
        return reduce_special_order(state, command, index)
    event = emit_order(state, EVT_REDUCED, index)
    event.quantity = command.quantity
    event.leaves -= command.quantity
    change_reserved(state, index, -command.quantity)
    shrink_shown(state, index, command.quantity)
    return REASON_NONE


# -- replace ------------------------------------------------------------------------------


cdef uint8_t check_replace(
    State *state, Instrument *instrument, Command *command, uint32_t index, int64_t leaves
) noexcept nogil:
    """Notional, room and funds of what a plain order becomes, with so many leaves."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef int64_t cost = 0
    cdef int64_t held = 0
    cdef uint8_t reason
    if not notional(command.price, leaves, instrument.unit, &cost):
        return REASON_NOTIONAL_RANGE
    reason = check_room(state, instrument, slot.side, leaves - slot.leaves, 0)
    if reason:
        return reason
    if slot.side == SIDE_SELL:
        held = shares_available(&state.funds, order.position) + slot.leaves
        return REASON_INSUFFICIENT_SHARES if leaves > held else REASON_NONE
    notional(order.price, slot.leaves, instrument.unit, &held)
    held += cash_available(&state.funds, order.account)
    return REASON_INSUFFICIENT_CASH if cost > held else REASON_NONE


cdef void change_id(
    State *state, uint32_t index, IdEntry *old, IdEntry *entry, uint64_t id
) noexcept nogil:
    """Give an open order the next id of its chain; entry: the empty one of that id."""
    cdef Order *order = &state.orders[index]
    close_entry(state, old, order.instrument)
    idmap_claim(&state.ids, entry, order.account, id, index)
    slot_of(state, index).id = id


cdef void rewrite_order(
    State *state, Instrument *instrument, Command *command, IdEntry *old, IdEntry *entry,
    uint64_t ticks,
) noexcept nogil:
    """Replace a plain order; it is known that something is left of it."""
    cdef uint32_t index = old.value
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef int64_t less = order.quantity - command.quantity
    cdef Event *event = emit_order(state, EVT_REPLACED, index)
    event.client_order_id = command.client_order_id
    event.orig_client_order_id = command.orig_client_order_id
    event.price = command.price
    event.quantity = command.quantity
    event.leaves -= less
    change_id(state, index, old, entry, command.client_order_id)
    if command.price == order.price and less > 0:
        change_reserved(state, index, -less)
        shrink_shown(state, index, less)
        return
    change_reserved(state, index, -slot.leaves)
    leave_place(state, index)
    state.arrivals += 1
    order.arrival = state.arrivals
    order.price = command.price
    order.quantity = command.quantity
    slot.leaves -= less
    if not trade_and_rest(state, instrument, index, entry, ticks):
        account_unlink(state, index)
        slot_give(&state.slots, index)


cdef uint8_t replace_order(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument
    cdef IdEntry *old
    cdef IdEntry *entry
    cdef uint64_t ticks = 0
    cdef uint32_t index
    cdef int64_t leaves
    cdef uint8_t reason = check_parties(state, command)
    if reason:
        return reason
    if command.client_order_id == 0:
        return REASON_INVALID_CLIENT_ORDER_ID
    reason = find_order(state, command, &old)
    if reason:
        return reason
    index = old.value
    instrument = &state.instruments[command.instrument]
    if (
        state.orders[index].special
        or instrument.special & BEFORE
        or state.funds.accounts[command.account].flags != ACCOUNT_OPEN
    ):
        return replace_special_order(state, command, index)
    reason = check_price(instrument, command.price, &ticks)
    if reason == REASON_NONE and command.trigger_price:
        reason = REASON_TRIGGER_PRICE
    if reason == REASON_NONE:
        reason = check_quantity(instrument, command.quantity)
    if reason:
        return reason
    entry = idmap_find(&state.ids, command.account, command.client_order_id)
    if entry.value != ID_NONE:
        return REASON_DUPLICATE_CLIENT_ORDER_ID
    leaves = slot_of(state, index).leaves - (state.orders[index].quantity - command.quantity)
    if leaves > 0:
        reason = check_replace(state, instrument, command, index, leaves)
        if reason == REASON_NONE:
            rewrite_order(state, instrument, command, old, entry, ticks)
        return reason
    idmap_claim(&state.ids, entry, command.account, command.client_order_id, 0)
    close_entry(state, entry, command.instrument)
    end_order(state, index, old, EVT_CANCELLED, REASON_BELOW_FILLED)
    return REASON_NONE
