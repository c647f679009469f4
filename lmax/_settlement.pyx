"""What a trade, and the life of an order, do to funds and ids. Rules: docs/matching.md."""
from libc.stdint cimport int64_t, uint32_t

from lmax._book cimport Order
from lmax._state cimport State, closed_id_hash, emit_order, order_hash
from lmax.funds cimport cash_change, shares_change
from lmax.idmap cimport IdEntry, closed_value, idmap_put, idmap_remove
from lmax.money cimport notional
from lmax.wire cimport EVT_FILL, SIDE_BUY, SIDE_SELL, Event


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
