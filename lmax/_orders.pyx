# cython: cdivision=True
"""The life of an order. Rules: docs/matching.md.

Checks come first and change nothing; what follows them cannot fail.

cdivision: divisors are the tick and the lot of a defined instrument, at least 1.
"""
from libc.stdint cimport uint8_t

from lmax._book cimport (
    Book, BookSide, Level, book_match, book_reduce, book_remove, book_rest, level_at, level_key,
    order_at, pools_have_room, price_key, side_next,
)
from lmax._state cimport Instrument, closed_id_hash, emit_order, order_hash
from lmax.funds cimport (
    cash_available, cash_change, position_open, shares_available, shares_change,
)
from lmax.idmap cimport (
    ID_CLOSED, ID_NONE, IdEntry, closed_value, idmap_find, idmap_put, idmap_remove,
)
from lmax.money cimport INT64_MAX, notional
from lmax.wire cimport (
    EVT_ACCEPTED, EVT_CANCELLED, EVT_FILL, EVT_REDUCED, EVT_REPLACED, MAX_ACCOUNT, MAX_INSTRUMENT,
    ORD_LIMIT, ORD_MARKET, REASON_BELOW_FILLED, REASON_CAPACITY, REASON_DUPLICATE_CLIENT_ORDER_ID,
    REASON_FOK_UNFILLED, REASON_INSUFFICIENT_CASH, REASON_INSUFFICIENT_SHARES,
    REASON_INVALID_CLIENT_ORDER_ID, REASON_INVALID_ORDER_TYPE, REASON_INVALID_SIDE,
    REASON_INVALID_TIME_IN_FORCE, REASON_IOC_REMAINDER, REASON_NO_LIQUIDITY, REASON_NONE,
    REASON_NOTIONAL_RANGE, REASON_PRICE_RANGE, REASON_PRICE_TICK, REASON_QUANTITY_LOT,
    REASON_QUANTITY_RANGE, REASON_REDUCED_TO_ZERO, REASON_REQUESTED, REASON_TOO_LATE,
    REASON_UNKNOWN_ACCOUNT, REASON_UNKNOWN_INSTRUMENT, REASON_UNKNOWN_ORDER, SIDE_BUY, SIDE_SELL,
    TIF_FOK, TIF_GTC, TIF_IOC, Event,
)


# -- checks -----------------------------------------------------------------------------


cdef inline uint8_t check_parties(State *state, Command *command) noexcept nogil:
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


cdef int64_t fillable(Book *book, Order *order) noexcept nogil:
    """How much of it could trade now, at most its leaves."""
    cdef BookSide *side = &book.sides[1 - order.side]
    cdef uint64_t worst = <uint64_t>-1
    cdef uint32_t level = side.best
    cdef int64_t wanted = order.leaves
    if order.order_type != ORD_MARKET:
        worst = price_key(1 - order.side, order.price, book.tick_size)
    while level and wanted and level_key(book.pools, level) <= worst:
        wanted -= min(wanted, level_at(book.pools, level).quantity)
        level = side_next(book.pools, side, level)
    return order.leaves - wanted


cdef bint can_pay_market(State *state, Instrument *instrument, Order *order) noexcept nogil:
    """Available cash covers what a market buy would fill now, level by level."""
    cdef BookSide *side = &instrument.book.sides[SIDE_SELL]
    cdef uint32_t index = side.best
    cdef int64_t budget = cash_available(&state.funds, order.account)
    cdef int64_t wanted = order.leaves
    cdef int64_t taken, cost
    cdef Level *level
    if order.time_in_force == TIF_FOK and fillable(&instrument.book, order) < wanted:
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


# -- funds ------------------------------------------------------------------------------


cdef void reserve_funds(State *state, Order *order) noexcept nogil:
    """Set aside what the leaves of an order that begins to rest may cost."""
    cdef int64_t cost = 0
    if state.bare:
        return
    if order.side == SIDE_SELL:
        shares_change(&state.funds, order.account, order.instrument, 0, order.leaves)
        return
    notional(order.price, order.leaves, state.instruments[order.instrument].unit, &cost)
    cash_change(&state.funds, order.account, 0, cost)


cdef void release_funds(State *state, Order *order, int64_t quantity) noexcept nogil:
    """Give back what that part of a resting order had reserved."""
    cdef int64_t cost = 0
    if state.bare:
        return
    if order.side == SIDE_SELL:
        shares_change(&state.funds, order.account, order.instrument, 0, -quantity)
        return
    notional(order.price, quantity, state.instruments[order.instrument].unit, &cost)
    cash_change(&state.funds, order.account, 0, -cost)


cdef int64_t exchange(State *state, Order *taker, Order *maker, int64_t quantity) noexcept nogil:
    """Cash one way, shares the other; the money. Only the maker had anything reserved."""
    cdef uint32_t instrument = maker.instrument
    cdef int64_t amount = 0
    notional(maker.price, quantity, state.instruments[instrument].unit, &amount)
    if maker.side == SIDE_BUY:
        cash_change(&state.funds, maker.account, -amount, -amount)
        cash_change(&state.funds, taker.account, amount, 0)
        shares_change(&state.funds, taker.account, instrument, -quantity, 0)
        shares_change(&state.funds, maker.account, instrument, quantity, 0)
    else:
        cash_change(&state.funds, taker.account, -amount, 0)
        cash_change(&state.funds, maker.account, amount, 0)
        shares_change(&state.funds, maker.account, instrument, -quantity, -quantity)
        shares_change(&state.funds, taker.account, instrument, quantity, 0)
    return amount


cdef void settle(void *owner, Order *taker, Order *maker, int64_t quantity) noexcept nogil:
    """One trade, as the book calls it: leaves are already less by the quantity."""
    cdef State *state = <State *>owner
    cdef Event *event
    maker.leaves += quantity
    state.digest -= order_hash(maker)
    maker.leaves -= quantity
    if maker.leaves:
        state.digest += order_hash(maker)
    state.trades += 1
    event = emit_order(state, EVT_FILL, taker)
    event.price = maker.price
    event.quantity = quantity
    event.trade_id = state.trades
    event.maker_client_order_id = maker.client_order_id
    event.maker_account = maker.account
    event.maker_leaves = maker.leaves
    if not state.bare:
        event.amount = exchange(state, taker, maker, quantity)


cdef void maker_gone(void *owner, Order *maker) noexcept nogil:
    close_id(<State *>owner, maker)


cdef void close_id(State *state, Order *order) noexcept nogil:
    """The order's id names nothing open any more.

    It stays used till the day ends; a bare book forgets it.
    """
    cdef IdEntry *entry
    if state.bare:
        idmap_remove(&state.ids, order.account, order.client_order_id)
        return
    entry = idmap_put(
        &state.ids, order.account, order.client_order_id, closed_value(order.instrument)
    )
    state.closed_digest += closed_id_hash(entry)


# -- commands ---------------------------------------------------------------------------


cdef void emit_end(State *state, Order *order, uint8_t reason) noexcept nogil:
    """CANCELLED: all that was left of the order."""
    cdef Event *event = emit_order(state, EVT_CANCELLED, order)
    event.quantity = order.leaves
    event.leaves = 0
    event.reason = reason


cdef inline uint8_t remainder_reason(Order *order) noexcept nogil:
    """Why the rest of an incoming order is cancelled; REASON_NONE: it rests."""
    if order.time_in_force == TIF_FOK:
        return REASON_FOK_UNFILLED
    if order.order_type == ORD_MARKET:
        return REASON_NO_LIQUIDITY
    return REASON_IOC_REMAINDER if order.time_in_force == TIF_IOC else REASON_NONE


cdef void trade_and_rest(State *state, Instrument *instrument, Order *order) noexcept nogil:
    """An accepted order meets the book; what is left rests or is cancelled."""
    cdef uint8_t reason = remainder_reason(order)
    cdef uint32_t index
    state.trading = order.instrument
    if order.time_in_force != TIF_FOK or fillable(&instrument.book, order) == order.leaves:
        book_match(&instrument.book, order, &state.listener)
    if order.leaves and reason == REASON_NONE:
        state.arrivals += 1
        order.arrival = state.arrivals
        index = book_rest(&instrument.book, order, &state.listener)
        idmap_put(&state.ids, order.account, order.client_order_id, index)
        reserve_funds(state, order)
        state.digest += order_hash(order)
        return
    if order.leaves:
        emit_end(state, order, reason)
    close_id(state, order)


cdef uint8_t new_order(State *state, Command *command) noexcept nogil:
    cdef Order order
    cdef uint8_t reason
    order.price = command.price
    order.leaves = order.quantity = command.quantity
    order.client_order_id = command.client_order_id
    order.account = command.account
    order.instrument = command.instrument
    order.side = command.side
    order.order_type = command.order_type
    order.time_in_force = command.time_in_force
    order.reserved = 0
    reason = check_new_order(state, command, &order)
    if reason:
        return reason
    emit_order(state, EVT_ACCEPTED, &order)
    if not state.bare:
        position_open(&state.funds, order.account, order.instrument)
    trade_and_rest(state, &state.instruments[order.instrument], &order)
    return REASON_NONE


cdef void end_order(State *state, Order *order, uint8_t reason) noexcept nogil:
    """Take an open order out of the book for good."""
    cdef uint32_t index = idmap_find(
        &state.ids, order.account, order.client_order_id
    ).value
    emit_end(state, order, reason)
    state.digest -= order_hash(order)
    release_funds(state, order, order.leaves)
    close_id(state, order)
    state.trading = order.instrument
    book_remove(&state.instruments[order.instrument].book, index, &state.listener)


cdef uint8_t cancel_order(State *state, Command *command) noexcept nogil:
    cdef Order *order
    cdef uint8_t reason = check_parties(state, command)
    if reason == REASON_NONE:
        reason = find_order(state, command, &order)
    if reason:
        return reason
    end_order(state, order, REASON_REQUESTED)
    return REASON_NONE


cdef void shrink(State *state, Order *order, int64_t quantity) noexcept nogil:
    """Less of an order that keeps its place."""
    state.digest -= order_hash(order)
    release_funds(state, order, quantity)
    state.trading = order.instrument
    book_reduce(
        &state.instruments[order.instrument].book, order, quantity, &state.listener
    )
    state.digest += order_hash(order)


cdef uint8_t reduce_order(State *state, Command *command) noexcept nogil:
    cdef Order *order
    cdef Event *event
    cdef uint8_t reason = check_parties(state, command)
    if reason == REASON_NONE:
        reason = find_order(state, command, &order)
    if reason == REASON_NONE and command.quantity < 1:
        reason = REASON_QUANTITY_RANGE
    if reason == REASON_NONE and command.quantity % (
        state.instruments[command.instrument].lot_size
    ):
        reason = REASON_QUANTITY_LOT
    if reason:
        return reason
    if command.quantity >= order.leaves:
        end_order(state, order, REASON_REDUCED_TO_ZERO)
        return REASON_NONE
    event = emit_order(state, EVT_REDUCED, order)
    event.quantity = command.quantity
    event.leaves = order.leaves - command.quantity
    shrink(state, order, command.quantity)
    return REASON_NONE


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


cdef void rename(State *state, Order *order, uint64_t id) noexcept nogil:
    """Give a resting order the next id of its chain."""
    cdef uint32_t index = idmap_find(&state.ids, order.account, order.client_order_id).value
    close_id(state, order)
    idmap_put(&state.ids, order.account, id, index)
    state.digest -= order_hash(order)
    order.client_order_id = id
    state.digest += order_hash(order)


cdef void leave_book(State *state, Order *order) noexcept nogil:
    """Out of the book without an end: the order comes back as a new arrival."""
    cdef uint32_t index = idmap_find(&state.ids, order.account, order.client_order_id).value
    state.digest -= order_hash(order)
    release_funds(state, order, order.leaves)
    close_id(state, order)
    state.trading = order.instrument
    book_remove(&state.instruments[order.instrument].book, index, &state.listener)


cdef uint8_t replace_order(State *state, Command *command) noexcept nogil:
    cdef Order *order
    cdef Order wanted
    cdef Event *event
    cdef uint8_t reason = check_replace(state, command, &order, &wanted)
    if reason:
        return reason
    if wanted.leaves <= 0:
        end_order(state, order, REASON_BELOW_FILLED)
        close_id(state, &wanted)
        return REASON_NONE
    event = emit_order(state, EVT_REPLACED, &wanted)
    event.orig_client_order_id = command.orig_client_order_id
    if wanted.price == order.price and wanted.quantity <= order.quantity:
        rename(state, order, command.client_order_id)
        shrink(state, order, order.quantity - wanted.quantity)
        return REASON_NONE
    leave_book(state, order)
    trade_and_rest(state, &state.instruments[wanted.instrument], &wanted)
    return REASON_NONE
