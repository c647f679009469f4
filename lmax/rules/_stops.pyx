"""Stop orders that are not triggered. Rules: docs/matching.md.

They stand in a tree of trigger prices a side, the one that is elected first in front: for buys the
lowest, for sells the highest. Of trailing stops (state/trails.pxd) only the tops of the heaps stand
there; the trails stand in a tree of their own, the one whose best price goes first in front.
"""
cimport cython

from libc.stdint cimport uint64_t

from lmax.rules._chains cimport chain_add, chain_sort
from lmax.state._state cimport (
    PLACE_LINE, PLACE_NONE, PLACE_STOPS, SPECIAL_STOPS, Order, best_shown, day_of, emit_order,
    hash_order, slot_of,
)
from lmax.state.days cimport share_of
from lmax.book.levels cimport (
    Level, LevelTree, level_at, level_drop_if_empty, level_find, level_for, level_next, price_key,
)
from lmax.base.memory cimport pool_give, pool_take
from lmax.base.money cimport INT64_MAX
from lmax.book.orders cimport Slot, queue_append, queue_unlink
from lmax.state.trails cimport (
    BY_MONEY, BY_SHARE, HeapNode, Trail, heap_after, heap_put, heap_take, trail_at, trails_meld,
)
from lmax.wire cimport (
    EVT_TRIGGERED, INSTRUCTION_TRAIL_PERCENT, ORD_TRAILING_STOP, SIDE_BUY, SIDE_SELL,
    TRIGGER_QUOTE,
)


# -- prices -------------------------------------------------------------------------------


cdef inline int64_t quote(Instrument *instrument, uint8_t side) noexcept nogil:
    """What stops of that side watch: a buy the best ask, a sell the best bid; 0: there is none."""
    return best_shown(instrument, 1 - side)


cdef int64_t price_to_trail(
    State *state, Instrument *instrument, uint8_t side
) noexcept nogil:
    """Where a trailing stop that enters now begins; 0: there is no price."""
    cdef int64_t price = 0
    if day_of(state, instrument).trigger_source == TRIGGER_QUOTE:
        price = quote(instrument, side)
    if price == 0:
        price = instrument.last_price
    return price if price else day_of(state, instrument).reference_price


@cython.cdivision(True)  # a tick is at least 1
cdef int64_t trigger_of(
    Instrument *instrument, uint8_t side, int64_t best, int64_t offset, bint share
) noexcept nogil:
    """Where a trailing stop with that best price stands."""
    cdef int64_t distance = offset
    if share:
        distance = share_of(best, offset)
        distance = max(distance - distance % instrument.tick_size, instrument.tick_size)
    if side == SIDE_SELL:
        return best - distance
    return best + distance if distance <= INT64_MAX - best else INT64_MAX


cdef inline uint64_t trigger_key(uint8_t side, int64_t trigger) noexcept nogil:
    """Buys are elected from below, sells from above."""
    return price_key(1 - side, trigger)


cdef inline uint64_t trail_key(uint8_t side, int64_t best) noexcept nogil:
    """The best price of sells rises, so the lowest goes first; that of buys falls."""
    return price_key(side, best)


cdef inline bint goes_beyond(uint8_t side, int64_t price, int64_t best) noexcept nogil:
    """Whether a trailing stop's best price follows to that price."""
    return price > best if side == SIDE_SELL else price < best


cdef inline bint elects(uint8_t side, int64_t price, int64_t trigger) noexcept nogil:
    return price <= trigger if side == SIDE_SELL else price >= trigger


cdef inline bint is_trailing(State *state, uint32_t index) noexcept nogil:
    return state.orders[index].order_type == ORD_TRAILING_STOP


cdef inline int kind_of(State *state, uint32_t index) noexcept nogil:
    if state.orders[index].instructions & INSTRUCTION_TRAIL_PERCENT:
        return BY_SHARE
    return BY_MONEY


cdef void freshen_trigger(State *state, uint32_t index) noexcept nogil:
    """Before it is told: where a trailing stop stands now."""
    cdef Order *order = &state.orders[index]
    cdef Trail *trail
    if order.order_type != ORD_TRAILING_STOP or order.place != PLACE_STOPS:
        return
    trail = trail_at(&state.trails, state.nodes[index].trail)
    state.extras[index].watched = trail.best
    state.extras[index].trigger_price = trigger_of(
        &state.instruments[order.instrument], slot_of(state, index).side, trail.best,
        state.extras[index].offset, kind_of(state, index) == BY_SHARE,
    )


# -- the tree of trigger prices ------------------------------------------------------------


cdef void stand(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Put a stop last at its trigger price."""
    cdef Slot *slot = slot_of(state, index)
    cdef uint64_t key = trigger_key(slot.side, state.extras[index].trigger_price)
    slot.level = level_for(&state.levels, &instrument.stops[slot.side], key)
    queue_append(&state.slots, level_at(&state.levels, slot.level), index)


cdef void step_down(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    cdef Slot *slot = slot_of(state, index)
    queue_unlink(&state.slots, level_at(&state.levels, slot.level), slot)
    level_drop_if_empty(&state.levels, &instrument.stops[slot.side], slot.level)


# -- trails ---------------------------------------------------------------------------------


cdef void lead(
    State *state, Instrument *instrument, Trail *trail, int kind, bint on
) noexcept nogil:
    """The top of a heap takes its stand, or leaves it."""
    cdef uint32_t top = trail.top[kind]
    if top == 0:
        return
    if on:
        freshen_trigger(state, top)
        stand(state, instrument, top)
    else:
        step_down(state, instrument, top)


cdef void list_trail(
    State *state, Instrument *instrument, uint8_t side, uint32_t number, int64_t best
) noexcept nogil:
    """Put a trail into the tree at its best price; there is none yet."""
    cdef Trail *trail = trail_at(&state.trails, number)
    cdef Level *level
    trail.best = best
    trail.level = level_for(&state.levels, &instrument.trails[side], trail_key(side, best))
    level = level_at(&state.levels, trail.level)
    level.head = number
    level.count = 1


cdef void unlist_trail(
    State *state, Instrument *instrument, uint8_t side, uint32_t number
) noexcept nogil:
    cdef uint32_t place = trail_at(&state.trails, number).level
    cdef Level *level = level_at(&state.levels, place)
    level.head = 0
    level.count = 0
    level_drop_if_empty(&state.levels, &instrument.trails[side], place)


cdef uint32_t trail_at_price(
    State *state, Instrument *instrument, uint8_t side, int64_t best
) noexcept nogil:
    """The trail with that best price, or 0."""
    cdef LevelTree *tree = &instrument.trails[side]
    cdef uint32_t place
    if tree.best == 0:
        return 0
    place = level_find(&state.levels, tree, trail_key(side, best))
    return level_at(&state.levels, place).head if place else 0


cdef void join_trail(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """A trailing stop with its best price so far takes its place."""
    cdef uint8_t side = slot_of(state, index).side
    cdef int64_t best = state.extras[index].watched
    cdef int kind = kind_of(state, index)
    cdef uint32_t number = trail_at_price(state, instrument, side, best)
    cdef HeapNode *node = &state.nodes[index]
    cdef Trail *trail
    if number == 0:
        number = pool_take(&state.trails)
        trail = trail_at(&state.trails, number)
        trail.top[BY_MONEY] = trail.top[BY_SHARE] = trail.count = 0
        list_trail(state, instrument, side, number, best)
    trail = trail_at(&state.trails, number)
    node.distance = state.extras[index].offset
    node.trail = number
    lead(state, instrument, trail, kind, False)
    heap_put(state.nodes, &trail.top[kind], index)
    trail.count += 1
    lead(state, instrument, trail, kind, True)


cdef void quit_trail(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """A trailing stop leaves its place."""
    cdef uint32_t number = state.nodes[index].trail
    cdef Trail *trail = trail_at(&state.trails, number)
    cdef int kind = kind_of(state, index)
    lead(state, instrument, trail, kind, False)
    heap_take(state.nodes, &trail.top[kind], index)
    trail.count -= 1
    lead(state, instrument, trail, kind, True)
    if trail.count == 0:
        unlist_trail(state, instrument, slot_of(state, index).side, number)
        pool_give(&state.trails, number)


cdef void follow(
    State *state, Instrument *instrument, uint8_t side, int64_t price
) noexcept nogil:
    """Trails whose best price the watched one goes beyond become one."""
    cdef LevelTree *tree = &instrument.trails[side]
    cdef uint32_t one = 0
    cdef uint32_t number
    while tree.best:
        number = level_at(&state.levels, tree.best).head
        if not goes_beyond(side, price, trail_at(&state.trails, number).best):
            break
        one = gather(state, instrument, side, one, number)
    if one == 0:
        return
    number = trail_at_price(state, instrument, side, price)
    if number:
        one = gather(state, instrument, side, one, number)
    list_trail(state, instrument, side, one, price)
    lead(state, instrument, trail_at(&state.trails, one), BY_MONEY, True)
    lead(state, instrument, trail_at(&state.trails, one), BY_SHARE, True)


cdef uint32_t gather(
    State *state, Instrument *instrument, uint8_t side, uint32_t one, uint32_t number
) noexcept nogil:
    """Take a trail out of the trees and put it to the one gathered so far (0: none)."""
    lead(state, instrument, trail_at(&state.trails, number), BY_MONEY, False)
    lead(state, instrument, trail_at(&state.trails, number), BY_SHARE, False)
    unlist_trail(state, instrument, side, number)
    return trails_meld(&state.trails, state.nodes, one, number) if one else number


# -- into the place and out of it --------------------------------------------------------------


cdef void put_stop(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """A stop waits to be elected; a trailing one's `watched` is set."""
    cdef Slot *slot = slot_of(state, index)
    if not instrument.special & SPECIAL_STOPS:
        # Nobody looked at the trades before.
        instrument.passed = 0
        instrument.special |= SPECIAL_STOPS
    state.orders[index].place = PLACE_STOPS
    instrument.open[slot.side] += slot.leaves
    if is_trailing(state, index):
        join_trail(state, instrument, index)
    else:
        stand(state, instrument, index)


cdef void leave_stop(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Take a stop out; its hash is the caller's business."""
    cdef Slot *slot = slot_of(state, index)
    if is_trailing(state, index):
        freshen_trigger(state, index)
        quit_trail(state, instrument, index)
    else:
        step_down(state, instrument, index)
    state.orders[index].place = PLACE_NONE
    instrument.open[slot.side] -= slot.leaves
    if instrument.stops[SIDE_BUY].best == 0 and instrument.stops[SIDE_SELL].best == 0:
        instrument.special &= ~<uint32_t>SPECIAL_STOPS


# -- election -----------------------------------------------------------------------------------


cdef void elect(
    State *state, Instrument *instrument, uint8_t side, int64_t price, Chain *chain
) noexcept nogil:
    """The watched price of a side is that now."""
    cdef LevelTree *tree = &instrument.stops[side]
    cdef uint32_t index
    follow(state, instrument, side, price)
    while tree.best:
        index = level_at(&state.levels, tree.best).head
        if not elects(side, price, state.extras[index].trigger_price):
            return
        leave_stop(state, instrument, index)
        chain_add(state, chain, index)


cdef void look_at_prices(
    State *state, Instrument *instrument, Chain *chain
) noexcept nogil:
    """The prices that stops have not seen yet. A match goes one way, so its first and last do."""
    cdef int64_t passed = instrument.passed
    cdef uint8_t side
    instrument.passed = 0
    if day_of(state, instrument).trigger_source == TRIGGER_QUOTE:
        for side in range(2):
            if quote(instrument, side):
                elect(state, instrument, side, quote(instrument, side), chain)
        return
    for side in range(2):
        if passed:
            elect(state, instrument, side, passed, chain)
        if instrument.last_price:
            elect(state, instrument, side, instrument.last_price, chain)


cdef void trigger_elected(State *state, Instrument *instrument) noexcept nogil:
    """Stops that are elected now are told of in order of arrival and join the line."""
    cdef Chain chain
    cdef uint32_t index
    chain.first = chain.last = 0
    look_at_prices(state, instrument, &chain)
    chain_sort(state, &chain)
    index = chain.first
    while index:
        state.arrivals += 1
        state.orders[index].arrival = state.arrivals
        state.orders[index].place = PLACE_LINE
        state.extras[index].triggered = 1
        queue_append(&state.slots, &instrument.line, index)
        hash_order(state, index)
        emit_order(state, EVT_TRIGGERED, index)
        index = state.orders[index].chain


# -- for those who look at all of them ------------------------------------------------------------


cdef void chain_stops(
    State *state, Chain *chain, Instrument *instrument, uint8_t side
) noexcept nogil:
    """Add every stop of a side; unsorted."""
    cdef uint32_t level = instrument.stops[side].best
    cdef uint32_t top, index
    while level:
        top = level_at(&state.levels, level).head
        while top:
            index = top
            while index:
                freshen_trigger(state, index)
                chain_add(state, chain, index)
                index = heap_after(state.nodes, top, index) if is_trailing(state, top) else 0
            top = slot_of(state, top).next
        level = level_next(&state.levels, &instrument.stops[side], level)
