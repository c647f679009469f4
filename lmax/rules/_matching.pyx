"""An incoming order against the displayed book. Rules: docs/matching.md.

`worst` is the key (book/levels.pxd) of the worst price it trades at, NO_LEVEL_KEY for any price.
"""

from lmax.rules._lists cimport unlist_order
from lmax.rules._places cimport account_unlink, close_entry
from lmax.rules._protection cimport set_off_alarm
from lmax.state._state cimport (
    Order, emit, emit_level, hash_order, remember_trade, slot_of, unhash_order,
)
from lmax.state.funds cimport cash_change, position_at, shares_change
from lmax.state.idmap cimport IdTable, id_home, idmap_find
from lmax.book.levels cimport (
    Level, LevelTree, level_at, level_drop_if_empty, level_key, level_next,
)
from lmax.base.memory cimport prefetch
from lmax.base.money cimport notional
from lmax.book.orders cimport Slot, queue_unlink, slot_give
from lmax.wire cimport EVT_FILL, SIDE_BUY, SIDE_SELL, Event


cdef inline void report_fill(
    State *state, uint32_t index, uint32_t maker, int64_t price, int64_t quantity, int64_t amount
) noexcept nogil:
    """FILL; the leaves of both are less by the quantity already."""
    cdef Event *event = emit(state, EVT_FILL)
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef uint32_t other = state.orders[maker].account
    event.client_order_id = slot.id
    event.account = order.account
    event.instrument = order.instrument
    event.side = slot.side
    event.order_type = order.order_type
    event.time_in_force = order.time_in_force
    event.price = price
    event.quantity = quantity
    event.leaves = slot.leaves
    if slot.side == SIDE_BUY:
        event.trade_id = remember_trade(
            state, order.instrument, order.account, other, price, quantity
        )
    else:
        event.trade_id = remember_trade(
            state, order.instrument, other, order.account, price, quantity
        )
    event.amount = amount
    event.maker_client_order_id = slot_of(state, maker).id
    event.maker_account = other
    event.maker_leaves = slot_of(state, maker).leaves


cdef inline void pay_maker(
    State *state, uint8_t side, uint32_t maker, int64_t quantity, int64_t amount
) noexcept nogil:
    """What a fill does to the funds of a resting order of that side, which had them reserved."""
    cdef Order *order = &state.orders[maker]
    if side == SIDE_BUY:
        cash_change(&state.funds, order.account, -amount, -amount)
        shares_change(&state.funds, order.position, quantity, 0)
    else:
        cash_change(&state.funds, order.account, amount, 0)
        shares_change(&state.funds, order.position, -quantity, -quantity)


cdef inline void maker_gone(State *state, Level *level, uint32_t maker) noexcept nogil:
    """A resting order is filled."""
    cdef Slot *slot = slot_of(state, maker)
    cdef Order *order = &state.orders[maker]
    unhash_order(state, maker)
    close_entry(state, idmap_find(&state.ids, order.account, slot.id), order.instrument)
    queue_unlink(&state.slots, level, slot)
    account_unlink(state, maker)
    if order.special:
        unlist_order(state, maker)
    slot_give(&state.slots, maker)


cdef inline void fetch_maker(State *state, uint32_t maker) noexcept nogil:
    """What a fill of that order will touch, and the order behind it; see _logic."""
    cdef Slot *slot = slot_of(state, maker)
    cdef Order *order = &state.orders[maker]
    cdef IdTable *ids = &state.ids.now
    prefetch(&ids.entries[id_home(ids, order.account, slot.id)])
    prefetch(&state.funds.accounts[order.account])
    prefetch(position_at(&state.funds, order.position))
    prefetch(slot_of(state, slot.next))
    prefetch(&state.orders[slot.next])


cdef int64_t take_level(
    State *state, Instrument *instrument, uint32_t index, uint8_t side
) noexcept nogil:
    """Trade with the best level of that side until it or the order is used up; the money."""
    cdef Slot *taker = slot_of(state, index)
    cdef uint32_t best = instrument.shown[side].best
    cdef Level *level = level_at(&state.levels, best)
    cdef int64_t price = state.orders[level.head].price
    cdef int64_t wanted = taker.leaves
    cdef int64_t money = 0
    cdef int64_t quantity, amount
    cdef uint32_t maker
    while taker.leaves and level.head:
        maker = level.head
        fetch_maker(state, maker)
        quantity = min(taker.leaves, slot_of(state, maker).leaves)
        amount = 0
        notional(price, quantity, instrument.unit, &amount)
        taker.leaves -= quantity
        slot_of(state, maker).leaves -= quantity
        level.quantity -= quantity
        money += amount
        report_fill(state, index, maker, price, quantity, amount)
        pay_maker(state, side, maker, quantity, amount)
        if slot_of(state, maker).leaves:
            hash_order(state, maker)
        else:
            maker_gone(state, level, maker)
    instrument.open[side] -= wanted - taker.leaves
    instrument.last_price = price
    if instrument.passed == 0:
        instrument.passed = price
    if price <= instrument.alarm:
        set_off_alarm(state, instrument, price, False)
    emit_level(state, instrument.id, side, price, level)
    level_drop_if_empty(&state.levels, &instrument.shown[side], best)
    return money


cdef int64_t match_shown(
    State *state, Instrument *instrument, uint32_t index, uint64_t worst
) noexcept nogil:
    """Trade while it crosses; the money of all fills. The taker's funds are not touched yet."""
    cdef Slot *taker = slot_of(state, index)
    cdef uint8_t side = 1 - taker.side
    cdef LevelTree *tree = &instrument.shown[side]
    cdef int64_t money = 0
    while taker.leaves and tree.best and tree.best_key <= worst:
        money += take_level(state, instrument, index, side)
    return money


cdef int64_t fillable(
    State *state, Instrument *instrument, uint8_t side, int64_t quantity, uint64_t worst
) noexcept nogil:
    """How much of an incoming order of that side could trade now, at most the quantity."""
    cdef LevelTree *tree = &instrument.shown[1 - side]
    cdef uint32_t index = tree.best
    cdef int64_t wanted = quantity
    cdef Level *level
    while index and wanted and level_key(&state.levels, index) <= worst:
        level = level_at(&state.levels, index)
        wanted -= min(wanted, level.quantity + level.reserve)
        index = level_next(&state.levels, tree, index)
    return quantity - wanted


cdef int64_t cost_to_fill(
    State *state, Instrument *instrument, int64_t quantity, int64_t budget
) noexcept nogil:
    """What a buy of that quantity at any price would pay now; -1: more than the budget."""
    cdef LevelTree *tree = &instrument.shown[SIDE_SELL]
    cdef uint32_t index = tree.best
    cdef int64_t left = budget
    cdef int64_t taken, cost
    cdef Level *level
    while index and quantity:
        level = level_at(&state.levels, index)
        taken = min(quantity, level.quantity + level.reserve)
        cost = 0
        if not notional(
            state.orders[level.head].price, taken, instrument.unit, &cost
        ) or cost > left:
            return -1
        left -= cost
        quantity -= taken
        index = level_next(&state.levels, tree, index)
    return budget - left
