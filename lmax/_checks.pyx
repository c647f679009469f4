# cython: cdivision=True
"""What is checked before an order changes anything, in the order of docs/matching.md.

cdivision: divisors are the tick and the lot of a defined instrument, at least 1.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t

from lmax._book cimport (
    BookSide, Level, Order, book_fillable, level_at, order_at, pools_have_room, side_next,
)
from lmax._state cimport Instrument, State
from lmax.funds cimport cash_available, shares_available
from lmax.idmap cimport ID_CLOSED, ID_NONE, IdEntry, closed_value, idmap_find
from lmax.money cimport INT64_MAX, notional
from lmax.wire cimport (
    MAX_ACCOUNT, MAX_INSTRUMENT, ORD_LIMIT, ORD_MARKET, REASON_CAPACITY,
    REASON_DUPLICATE_CLIENT_ORDER_ID, REASON_INSUFFICIENT_CASH, REASON_INSUFFICIENT_SHARES,
    REASON_INVALID_CLIENT_ORDER_ID, REASON_INVALID_ORDER_TYPE, REASON_INVALID_SIDE,
    REASON_INVALID_TIME_IN_FORCE, REASON_NONE, REASON_NOTIONAL_RANGE, REASON_PRICE_RANGE,
    REASON_PRICE_TICK, REASON_QUANTITY_LOT, REASON_QUANTITY_RANGE, REASON_TOO_LATE,
    REASON_UNKNOWN_ACCOUNT, REASON_UNKNOWN_INSTRUMENT, REASON_UNKNOWN_ORDER, SIDE_SELL, TIF_FOK,
    Command,
)


cdef uint8_t check_parties(State *state, Command *command) noexcept nogil:
    if not state.bare and (
        command.account > MAX_ACCOUNT or not state.funds.accounts[command.account].open
    ):
        return REASON_UNKNOWN_ACCOUNT
    if command.instrument > MAX_INSTRUMENT or not state.instruments[command.instrument].defined:
        return REASON_UNKNOWN_INSTRUMENT
    return REASON_NONE


cdef inline uint8_t check_limit_price(Instrument *instrument, int64_t price) noexcept nogil:
    if not instrument.min_price <= price <= instrument.max_price:
        return REASON_PRICE_RANGE
    return REASON_PRICE_TICK if price % instrument.tick_size else REASON_NONE


cdef inline uint8_t check_quantity(Instrument *instrument, int64_t quantity) noexcept nogil:
    if not 1 <= quantity <= instrument.max_quantity:
        return REASON_QUANTITY_RANGE
    return REASON_QUANTITY_LOT if quantity % instrument.lot_size else REASON_NONE


cdef inline uint8_t check_new_id(State *state, Command *command) noexcept nogil:
    cdef IdEntry *entry = idmap_find(&state.ids, command.account, command.client_order_id)
    if entry.value == ID_NONE:
        return REASON_NONE
    # A bare book lets a replaced order keep its id.
    if state.bare and command.client_order_id == command.orig_client_order_id:
        return REASON_NONE
    return REASON_DUPLICATE_CLIENT_ORDER_ID


cdef uint8_t check_limit_funds(
    State *state, Instrument *instrument, Order *order, Order *replaced
) noexcept nogil:
    """Notional, room and funds of a limit order; replaced: whose room and funds it takes over."""
    cdef int64_t cost = 0
    cdef int64_t held
    cdef int64_t freed = replaced.leaves if replaced != NULL else 0
    if not state.bare and not notional(order.price, order.leaves, instrument.unit, &cost):
        return REASON_NOTIONAL_RANGE
    if order.leaves > INT64_MAX - (instrument.book.sides[order.side].quantity - freed):
        return REASON_QUANTITY_RANGE
    if not pools_have_room(&state.pools, replaced == NULL):
        return REASON_CAPACITY
    if state.bare:
        return REASON_NONE
    if order.side == SIDE_SELL:
        held = shares_available(&state.funds, order.account, order.instrument) + freed
        return REASON_INSUFFICIENT_SHARES if order.leaves > held else REASON_NONE
    held = 0
    if replaced != NULL:
        notional(replaced.price, replaced.leaves, instrument.unit, &held)
    held += cash_available(&state.funds, order.account)
    return REASON_INSUFFICIENT_CASH if cost > held else REASON_NONE


cdef bint can_pay_market(State *state, Instrument *instrument, Order *order) noexcept nogil:
    """Available cash covers what a market buy would fill now, level by level."""
    cdef BookSide *side = &instrument.book.sides[SIDE_SELL]
    cdef uint32_t index = side.best
    cdef int64_t budget = cash_available(&state.funds, order.account)
    cdef int64_t wanted = order.leaves
    cdef int64_t taken, cost
    cdef Level *level
    if order.time_in_force == TIF_FOK and book_fillable(&instrument.book, order) < wanted:
        return True
    while index and wanted:
        level = level_at(&state.pools, index)
        taken = min(wanted, level.quantity)
        cost = 0
        if not notional(
            order_at(&state.pools, level.head).price, taken, instrument.unit, &cost
        ) or cost > budget:
            return False
        budget -= cost
        wanted -= taken
        index = side_next(&state.pools, side, index)
    return True


cdef uint8_t check_market_funds(
    State *state, Instrument *instrument, Order *order
) noexcept nogil:
    if not pools_have_room(&state.pools, 1):
        return REASON_CAPACITY
    if state.bare:
        return REASON_NONE
    if order.side == SIDE_SELL:
        if order.leaves > shares_available(&state.funds, order.account, order.instrument):
            return REASON_INSUFFICIENT_SHARES
        return REASON_NONE
    return REASON_NONE if can_pay_market(state, instrument, order) else REASON_INSUFFICIENT_CASH


cdef uint8_t check_new_order(State *state, Command *command, Order *order) noexcept nogil:
    cdef uint8_t reason = check_parties(state, command)
    cdef Instrument *instrument = &state.instruments[command.instrument & MAX_INSTRUMENT]
    if reason:
        return reason
    if command.side > SIDE_SELL:
        return REASON_INVALID_SIDE
    if command.order_type > ORD_MARKET:
        return REASON_INVALID_ORDER_TYPE
    if command.time_in_force > TIF_FOK:
        return REASON_INVALID_TIME_IN_FORCE
    if command.client_order_id == 0:
        return REASON_INVALID_CLIENT_ORDER_ID
    if command.order_type == ORD_LIMIT:
        reason = check_limit_price(instrument, command.price)
    elif command.price:
        reason = REASON_PRICE_RANGE
    if reason == REASON_NONE:
        reason = check_quantity(instrument, command.quantity)
    if reason == REASON_NONE:
        reason = check_new_id(state, command)
    if reason:
        return reason
    if command.order_type == ORD_LIMIT:
        return check_limit_funds(state, instrument, order, NULL)
    return check_market_funds(state, instrument, order)


cdef uint8_t find_order(State *state, Command *command, Order **order) noexcept nogil:
    """The open order that a cancel, reduce or replace is about."""
    cdef IdEntry *entry = idmap_find(&state.ids, command.account, command.orig_client_order_id)
    if entry.value == ID_NONE:
        return REASON_UNKNOWN_ORDER
    if entry.value & ID_CLOSED:
        return REASON_TOO_LATE if entry.value == closed_value(command.instrument) else (
            REASON_UNKNOWN_ORDER
        )
    order[0] = order_at(&state.pools, entry.value)
    return REASON_NONE if order[0].instrument == command.instrument else REASON_UNKNOWN_ORDER


cdef uint8_t check_replace(
    State *state, Command *command, Order **order, Order *wanted
) noexcept nogil:
    """order: what is replaced. wanted: what it becomes; leaves ≤ 0 where it ends instead."""
    cdef Instrument *instrument = &state.instruments[command.instrument & MAX_INSTRUMENT]
    cdef uint8_t reason = check_parties(state, command)
    if reason:
        return reason
    if command.client_order_id == 0:
        return REASON_INVALID_CLIENT_ORDER_ID
    reason = find_order(state, command, order)
    if reason == REASON_NONE:
        reason = check_limit_price(instrument, command.price)
    if reason == REASON_NONE:
        reason = check_quantity(instrument, command.quantity)
    if reason == REASON_NONE:
        reason = check_new_id(state, command)
    if reason:
        return reason
    wanted[0] = order[0][0]
    wanted.client_order_id = command.client_order_id
    wanted.price = command.price
    wanted.quantity = command.quantity
    wanted.leaves = command.quantity - (order[0].quantity - order[0].leaves)
    if wanted.leaves <= 0:
        return REASON_NONE
    return check_limit_funds(state, instrument, wanted, order[0])
