"""An incoming order against all it can meet. Rules: docs/matching.md."""

from lmax.rules._hands cimport keeps_apart
from lmax.rules._opposite cimport Spot, reaches, spot_choose, spot_first
from lmax.rules._places cimport change_reserved, emit_end
from lmax.rules._protection cimport bands_hold, note_trade
from lmax.rules._putting cimport (
    filled_in_place, lower_in_place, mark_depth, show_iceberg, take_quantity,
)
from lmax.state._state cimport (
    PLACE_HIDDEN, PLACE_NONE, PLACE_SHOWN, PLACE_WAITING, Instrument, Order, emit_level,
    emit_order, hash_order, leaves_of, remember_trade, slot_of,
)
from lmax.state.funds cimport cash_change, shares_change
from lmax.book.levels cimport Level, level_at, level_drop_if_empty
from lmax.base.money cimport notional
from lmax.book.orders cimport Slot, queue_append, queue_unlink
from lmax.wire cimport (
    EVT_CANCELLED, EVT_FILL, EVT_REDUCED, REASON_SELF_TRADE, SIDE_BUY, STP_CANCEL_NEWEST,
    STP_CANCEL_OLDEST, STP_DECREMENT, Event,
)


# -- a trade -----------------------------------------------------------------------------------


cdef void tell_fill(
    State *state, Taker *taker, uint32_t maker, int64_t price, int64_t quantity, int64_t amount
) noexcept nogil:
    """FILL; the leaves of both are less by the quantity already."""
    cdef Event *event = emit_order(state, EVT_FILL, taker.index)
    cdef uint32_t one = state.orders[taker.index].account
    cdef uint32_t other = state.orders[maker].account
    cdef uint32_t instrument = event.instrument
    event.price = price
    event.quantity = quantity
    event.amount = amount
    event.maker_client_order_id = slot_of(state, maker).id
    event.maker_account = other
    event.maker_leaves = leaves_of(state, maker)
    if taker.side == SIDE_BUY:
        event.trade_id = remember_trade(state, instrument, one, other, price, quantity)
    else:
        event.trade_id = remember_trade(state, instrument, other, one, price, quantity)


cdef void pay_maker(
    State *state, Taker *taker, uint32_t maker, int64_t quantity, int64_t amount
) noexcept nogil:
    """What a fill does to the funds of a resting order; it had set aside what its limit costs."""
    cdef Order *order = &state.orders[maker]
    change_reserved(state, maker, -quantity)
    if taker.side == SIDE_BUY:
        cash_change(&state.funds, order.account, amount, 0)
        shares_change(&state.funds, order.position, -quantity, 0)
    else:
        cash_change(&state.funds, order.account, -amount, 0)
        shares_change(&state.funds, order.position, quantity, 0)


cdef void trade(
    State *state, Instrument *instrument, Taker *taker, uint32_t maker, int64_t price
) noexcept nogil:
    """Trade with what a resting order shows. Neither is gone then."""
    cdef Slot *slot = slot_of(state, taker.index)
    cdef int64_t quantity = min(slot.leaves, slot_of(state, maker).leaves)
    cdef int64_t amount = 0
    notional(price, quantity, instrument.unit, &amount)
    take_quantity(state, instrument, taker.index, quantity)
    take_quantity(state, instrument, maker, quantity)
    taker.traded += quantity
    taker.money += amount
    if instrument.passed == 0:
        instrument.passed = price
    instrument.last_price = price
    note_trade(state, instrument, price, False)
    tell_fill(state, taker, maker, price, quantity, amount)
    pay_maker(state, taker, maker, quantity, amount)


# -- self-trade prevention ----------------------------------------------------------------------


cdef bint decrement(
    State *state, Instrument *instrument, Taker *taker, uint32_t maker
) noexcept nogil:
    """Both lose the smaller of their leaves; whether the taker goes on."""
    cdef int64_t mine = leaves_of(state, taker.index)
    cdef int64_t lost = min(mine, leaves_of(state, maker))
    if lost == leaves_of(state, maker):
        leave_silently(state, instrument, maker)
    else:
        lower(state, instrument, maker, lost)
        hash_order(state, maker)
    if lost == mine:
        return False
    lower(state, instrument, taker.index, lost)
    return True


cdef void lower(
    State *state, Instrument *instrument, uint32_t index, int64_t lost
) noexcept nogil:
    cdef Event *event
    change_reserved(state, index, -lost)
    lower_in_place(state, instrument, index, lost)
    event = emit_order(state, EVT_REDUCED, index)
    event.quantity = lost
    event.reason = REASON_SELF_TRADE


cdef void leave_silently(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Cancel a resting order; BOOK of its level comes when the level is done."""
    cdef Slot *slot = slot_of(state, index)
    cdef uint8_t place = state.orders[index].place
    emit_end(state, index, EVT_CANCELLED, REASON_SELF_TRADE)
    change_reserved(state, index, -leaves_of(state, index))
    instrument.open[slot.side] -= leaves_of(state, index)
    if place == PLACE_WAITING:
        queue_unlink(&state.slots, &instrument.waiting[slot.side], slot)
    else:
        level_at(&state.levels, slot.level).quantity -= slot.leaves
        if state.orders[index].special:
            level_at(&state.levels, slot.level).reserve -= state.extras[index].reserve
        queue_unlink(&state.slots, level_at(&state.levels, slot.level), slot)
    filled_in_place(state, index)


cdef bint part(
    State *state, Instrument *instrument, Taker *taker, uint32_t maker
) noexcept nogil:
    """Do what the mode says to two orders that must not trade; whether the taker goes on."""
    if taker.hand.mode == STP_CANCEL_NEWEST:
        return False
    if taker.hand.mode == STP_DECREMENT:
        return decrement(state, instrument, taker, maker)
    leave_silently(state, instrument, maker)
    return taker.hand.mode == STP_CANCEL_OLDEST


# -- one level, one peg ---------------------------------------------------------------------------


cdef void after_fill(
    State *state, Instrument *instrument, Level *level, uint32_t maker
) noexcept nogil:
    """A resting order at a level is filled, shows anew at the end of the queue, or stays."""
    cdef Slot *slot = slot_of(state, maker)
    cdef Order *order = &state.orders[maker]
    if slot.leaves == 0 and order.special and state.extras[maker].reserve:
        queue_unlink(&state.slots, level, slot)
        level.reserve -= state.extras[maker].reserve
        show_iceberg(state, maker)
        level.reserve += state.extras[maker].reserve
        level.quantity += slot.leaves
        queue_append(&state.slots, level, maker)
        state.arrivals += 1
        order.arrival = state.arrivals
    if slot.leaves:
        hash_order(state, maker)
        return
    queue_unlink(&state.slots, level, slot)
    filled_in_place(state, maker)


cdef bint meet_level(
    State *state, Instrument *instrument, Taker *taker, Level *level, int64_t price, bint *changed
) noexcept nogil:
    """Trade with a level until it or the order is used up; whether the taker goes on."""
    cdef Slot *slot = slot_of(state, taker.index)
    cdef uint32_t maker
    cdef int64_t before
    cdef bint goes_on = True
    changed[0] = False
    while goes_on and slot.leaves and level.head:
        maker = level.head
        if keeps_apart(state, &taker.hand, state.orders[maker].account):
            before = level.quantity + level.reserve
            goes_on = part(state, instrument, taker, maker)
            changed[0] = changed[0] or level.quantity + level.reserve != before
        else:
            trade(state, instrument, taker, maker, price)
            after_fill(state, instrument, level, maker)
            changed[0] = True
    return goes_on


cdef bint meet_shown(
    State *state, Opposite *opposite, Taker *taker, Spot *spot
) noexcept nogil:
    cdef Instrument *instrument = opposite.instrument
    cdef Level *level = level_at(&state.levels, spot.shown)
    cdef bint changed = False
    cdef bint goes_on = meet_level(state, instrument, taker, level, spot.price, &changed)
    if changed:
        emit_level(state, instrument.id, opposite.side, spot.price, level)
    level_drop_if_empty(&state.levels, &instrument.shown[opposite.side], spot.shown)
    spot.shown = instrument.shown[opposite.side].best
    return goes_on


cdef bint meet_hidden(
    State *state, Opposite *opposite, Taker *taker, Spot *spot
) noexcept nogil:
    cdef Instrument *instrument = opposite.instrument
    cdef bint changed = False
    cdef bint goes_on = meet_level(
        state, instrument, taker, level_at(&state.levels, spot.hidden), spot.price, &changed
    )
    level_drop_if_empty(&state.levels, &instrument.hidden[opposite.side], spot.hidden)
    spot.hidden = instrument.hidden[opposite.side].best
    mark_depth(instrument)
    return goes_on


cdef bint meet_peg(
    State *state, Opposite *opposite, Taker *taker, Spot *spot
) noexcept nogil:
    cdef Instrument *instrument = opposite.instrument
    cdef uint32_t maker = opposite.peg[spot.peg].index
    spot.peg += 1
    if keeps_apart(state, &taker.hand, state.orders[maker].account):
        return part(state, instrument, taker, maker)
    trade(state, instrument, taker, maker, spot.price)
    if slot_of(state, maker).leaves:
        hash_order(state, maker)
        return True
    queue_unlink(
        &state.slots, &instrument.waiting[opposite.side], slot_of(state, maker)
    )
    filled_in_place(state, maker)
    return True


cdef uint8_t meet_all(
    State *state, Opposite *opposite, Taker *taker, int64_t limit
) noexcept nogil:
    """Trade with what is there, as far as the limit goes; why that ended."""
    cdef Spot spot
    cdef bint goes_on = True
    spot_first(state, opposite, &spot)
    while slot_of(state, taker.index).leaves and spot.place != PLACE_NONE:
        if not reaches(opposite.side, limit, spot.price):
            return STOP_LIMIT
        if not bands_hold(state, opposite.instrument, spot.price):
            return STOP_BANDS
        if spot.place == PLACE_SHOWN:
            goes_on = meet_shown(state, opposite, taker, &spot)
        elif spot.place == PLACE_HIDDEN:
            goes_on = meet_hidden(state, opposite, taker, &spot)
        else:
            goes_on = meet_peg(state, opposite, taker, &spot)
        if not goes_on:
            return STOP_SELF_TRADE
        spot_choose(state, opposite, &spot)
    return STOP_NOTHING_LEFT if slot_of(state, taker.index).leaves else STOP_FILLED
