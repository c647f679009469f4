# cython: cdivision=True
"""The life of an order. Rules: docs/matching.md.

Checks come first (lmax/_checks.pxd) and change nothing; what follows them cannot fail.

cdivision: divisors are the tick and the lot of a defined instrument, at least 1.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax._book cimport Order, book_fillable, book_match, book_reduce, book_remove, book_rest
from lmax._checks cimport check_new_order, check_parties, check_replace, find_order
from lmax._settlement cimport close_id, release_funds, reserve_funds
from lmax._state cimport Instrument, State, emit_order, order_hash
from lmax.funds cimport position_open
from lmax.idmap cimport idmap_find, idmap_put
from lmax.wire cimport (
    EVT_ACCEPTED, EVT_CANCELLED, EVT_REDUCED, EVT_REPLACED, ORD_MARKET, REASON_BELOW_FILLED,
    REASON_FOK_UNFILLED, REASON_IOC_REMAINDER, REASON_NONE, REASON_NO_LIQUIDITY,
    REASON_QUANTITY_LOT, REASON_QUANTITY_RANGE, REASON_REDUCED_TO_ZERO, REASON_REQUESTED, TIF_FOK,
    TIF_IOC, Command, Event,
)


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
    if order.time_in_force != TIF_FOK or book_fillable(&instrument.book, order) == order.leaves:
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
