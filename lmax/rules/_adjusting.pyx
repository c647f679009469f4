# cython: cdivision=True
"""What splits and dividends make of an open order. Rules: docs/matching.md.

cdivision: divisors are ticks, checked to be at least 1.
"""
from libc.stdint cimport uint8_t

from lmax.rules._instruments cimport on_tick_down, on_tick_up
from lmax.state._state cimport PLACE_STOPS, Extra, Order, slot_of
from lmax.rules._stops cimport trigger_of
from lmax.book.orders cimport Slot
from lmax.base.ratio cimport scaled, scaled_up
from lmax.wire cimport (
    INSTRUCTION_DO_NOT_REDUCE, INSTRUCTION_TRAIL_PERCENT, ORD_MARKET, ORD_PEG_BEST, ORD_PEG_MID,
    ORD_TRAILING_STOP, SIDE_BUY, SIDE_SELL,
)


cdef struct Prices:
    int64_t limit
    int64_t trigger


# -- prices -------------------------------------------------------------------------------


cdef inline int64_t less(Instrument *instrument, int64_t price, int64_t amount) noexcept nogil:
    """A price less a dividend, rounded down to the tick; below 1 where nothing is left."""
    if price <= amount:
        return 0
    return price - amount - (price - amount) % instrument.tick_size


cdef int64_t adjusted_price(
    Instrument *instrument, Action *action, int64_t price
) noexcept nogil:
    """A reference or trade price, at least a tick; 0, which is none, stays 0."""
    cdef int64_t adjusted
    if price == 0:
        return 0
    if action.old:
        adjusted = scaled(price, action.old, action.fresh, instrument.tick_size)
    else:
        adjusted = less(instrument, price, action.price)
    return max(adjusted, instrument.tick_size)


cdef inline bint in_range(Instrument *instrument, int64_t price) noexcept nogil:
    return instrument.min_price <= price <= instrument.max_price


cdef inline bint stands_still(Order *order, uint8_t place) noexcept nogil:
    """A stop that is not triggered and does not trail: its trigger price has to be in range."""
    return place == PLACE_STOPS and order.order_type != ORD_TRAILING_STOP


cdef inline void trail_anew(
    State *state, Instrument *instrument, Action *action, uint32_t index
) noexcept nogil:
    """A trailing stop's best price is adjusted, and its trigger price follows."""
    cdef Extra *extra = &state.extras[index]
    extra.watched = adjusted_price(instrument, action, extra.watched)
    extra.trigger_price = trigger_of(
        instrument, slot_of(state, index).side, extra.watched, extra.offset,
        (state.orders[index].instructions & INSTRUCTION_TRAIL_PERCENT) != 0,
    )


# -- split --------------------------------------------------------------------------------


cdef Prices split_prices(
    State *state, Instrument *instrument, Action *action, uint32_t index
) noexcept nogil:
    """Limits of buys and triggers of sells are rounded down, the others up."""
    cdef Order *order = &state.orders[index]
    cdef int64_t tick = instrument.tick_size
    cdef int64_t trigger = state.extras[index].trigger_price if order.special else 0
    cdef Prices prices
    if slot_of(state, index).side == SIDE_BUY:
        prices.limit = on_tick_down(
            state, instrument, scaled(order.price, action.old, action.fresh, tick)
        )
        prices.trigger = on_tick_up(
            state, instrument, scaled_up(trigger, action.old, action.fresh, tick)
        )
        return prices
    prices.limit = on_tick_up(
        state, instrument, scaled_up(order.price, action.old, action.fresh, tick)
    )
    prices.trigger = on_tick_down(
        state, instrument, scaled(max(trigger, 0), action.old, action.fresh, tick)
    )
    if order.order_type == ORD_MARKET and order.price:
        prices.limit = max(prices.limit, instrument.min_price)
    return prices


cdef inline int64_t at_least_a_lot(
    Instrument *instrument, Action *action, int64_t quantity
) noexcept nogil:
    if quantity == 0:
        return 0
    return max(
        scaled(quantity, action.fresh, action.old, instrument.lot_size), instrument.lot_size
    )


cdef void split_extra(
    State *state, Instrument *instrument, Action *action, uint32_t index, int64_t trigger
) noexcept nogil:
    cdef Order *order = &state.orders[index]
    cdef Extra *extra = &state.extras[index]
    extra.trigger_price = trigger
    extra.display_quantity = at_least_a_lot(instrument, action, extra.display_quantity)
    extra.min_quantity = at_least_a_lot(instrument, action, extra.min_quantity)
    if order.instructions & INSTRUCTION_TRAIL_PERCENT == 0 and extra.offset:
        extra.offset = scaled(extra.offset, action.old, action.fresh, instrument.tick_size)
        if order.order_type != ORD_PEG_BEST and order.order_type != ORD_PEG_MID:
            extra.offset = max(extra.offset, instrument.tick_size)
    if order.order_type == ORD_TRAILING_STOP:
        trail_anew(state, instrument, action, index)


cdef bint split_order(
    State *state, Instrument *instrument, Action *action, uint32_t index
) noexcept nogil:
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef int64_t lot = instrument.lot_size
    cdef int64_t leaves = scaled(slot.leaves, action.fresh, action.old, lot)
    cdef int64_t filled = scaled(
        order.quantity - slot.leaves, action.fresh, action.old, lot
    )
    cdef Prices prices
    if action.fresh < action.old or leaves == 0 or leaves > instrument.max_quantity:
        return False
    prices = split_prices(state, instrument, action, index)
    if filled > instrument.max_quantity - leaves:
        return False
    if order.price and not in_range(instrument, prices.limit):
        return False
    if stands_still(order, order.back_to) and not in_range(instrument, prices.trigger):
        return False
    slot.leaves = leaves
    order.quantity = leaves + filled
    order.price = prices.limit
    if order.special:
        split_extra(state, instrument, action, index, prices.trigger)
    return True


# -- dividend -----------------------------------------------------------------------------


cdef bint goes_with_a_dividend(State *state, uint32_t index) noexcept nogil:
    """Buys with a limit, and stops to sell, unless they say DO_NOT_REDUCE."""
    cdef Order *order = &state.orders[index]
    if order.instructions & INSTRUCTION_DO_NOT_REDUCE:
        return False
    if order.place == PLACE_STOPS:
        return slot_of(state, index).side == SIDE_SELL
    return slot_of(state, index).side == SIDE_BUY and order.order_type != ORD_MARKET


cdef bint lower_order(
    State *state, Instrument *instrument, Action *action, uint32_t index
) noexcept nogil:
    cdef Order *order = &state.orders[index]
    cdef bint stop = stands_still(order, order.back_to)
    cdef int64_t limit = less(instrument, order.price, action.price)
    cdef int64_t trigger = 0
    if order.order_type == ORD_TRAILING_STOP:
        trail_anew(state, instrument, action, index)
        return True
    limit = on_tick_down(state, instrument, limit)
    if order.price and limit < instrument.min_price:
        return False
    if stop:
        trigger = less(instrument, state.extras[index].trigger_price, action.price)
        trigger = on_tick_down(state, instrument, trigger)
        if trigger < instrument.min_price:
            return False
        state.extras[index].trigger_price = trigger
    order.price = limit
    return True


cdef bint adjust_order(
    State *state, Instrument *instrument, Action *action, uint32_t index
) noexcept nogil:
    """Adjust an order that has left its place; False, and it is as it was, if it has to end."""
    if action.old:
        return split_order(state, instrument, action, index)
    return lower_order(state, instrument, action, index)
