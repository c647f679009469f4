"""Into the places that are not plain, and out of any place. Rules: docs/matching.md.

Hashes are the caller's business; Instrument.open is not.
"""
from libc.stdint cimport uint8_t, uint64_t

from lmax.rules._lists cimport for_auction_append, for_auction_unlink
from lmax.rules._phases cimport is_for_auction, leave_held
from lmax.rules._places cimport forget_order, rest_shown
from lmax.state._state cimport (
    PLACE_HELD, PLACE_HIDDEN, PLACE_LINE, PLACE_NONE, PLACE_SHOWN, PLACE_STOPS, PLACE_WAITING,
    SPECIAL_DEPTH, SPECIAL_WAITING, Extra, Order, day_of, emit_level, slot_of,
)
from lmax.rules._stops cimport leave_stop
from lmax.book.levels cimport Level, level_at, level_drop_if_empty, level_for, price_key
from lmax.book.orders cimport Slot, queue_append, queue_unlink
from lmax.base.steps cimport steps_in
from lmax.wire cimport SIDE_BUY, SIDE_SELL


cdef void mark_depth(Instrument *instrument) noexcept nogil:
    """Whether plain orders have to take the long way, because of what rests."""
    cdef bint waiting = instrument.waiting[SIDE_BUY].head or instrument.waiting[SIDE_SELL].head
    cdef bint hidden = instrument.hidden[SIDE_BUY].best or instrument.hidden[SIDE_SELL].best
    instrument.special &= ~<uint32_t>(SPECIAL_DEPTH | SPECIAL_WAITING)
    if waiting:
        instrument.special |= SPECIAL_WAITING
    if waiting or hidden or instrument.icebergs:
        instrument.special |= SPECIAL_DEPTH


cdef inline uint64_t key_of(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    cdef uint64_t ticks = steps_in(&instrument.tick, state.orders[index].price)
    return price_key(slot_of(state, index).side, ticks)


# -- into a place --------------------------------------------------------------------------


cdef void show_iceberg(State *state, uint32_t index) noexcept nogil:
    """Split what an iceberg has into what it shows and what not."""
    cdef Slot *slot = slot_of(state, index)
    cdef Extra *extra = &state.extras[index]
    cdef int64_t leaves = slot.leaves + extra.reserve
    slot.leaves = min(leaves, extra.display_quantity)
    extra.reserve = leaves - slot.leaves


cdef void put_shown(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Last at its price in the displayed book, with BOOK."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef bint is_iceberg = order.special and state.extras[index].display_quantity != 0
    if is_iceberg:
        show_iceberg(state, index)
    rest_shown(state, instrument, index, key_of(state, instrument, index))
    if is_iceberg:
        level_at(&state.levels, slot.level).reserve += state.extras[index].reserve
        instrument.open[slot.side] += state.extras[index].reserve
        instrument.icebergs += 1
        mark_depth(instrument)
    if is_for_auction(order):
        for_auction_append(state, day_of(state, instrument), index)


cdef void put_hidden(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Last at its price in the hidden book."""
    cdef Slot *slot = slot_of(state, index)
    cdef Level *level
    slot.level = level_for(
        &state.levels, &instrument.hidden[slot.side], key_of(state, instrument, index)
    )
    level = level_at(&state.levels, slot.level)
    queue_append(&state.slots, level, index)
    level.quantity += slot.leaves
    instrument.open[slot.side] += slot.leaves
    state.orders[index].place = PLACE_HIDDEN
    mark_depth(instrument)


cdef void put_waiting(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Last of the waiting orders of its side."""
    cdef Slot *slot = slot_of(state, index)
    queue_append(&state.slots, &instrument.waiting[slot.side], index)
    instrument.open[slot.side] += slot.leaves
    state.orders[index].place = PLACE_WAITING
    mark_depth(instrument)


# -- out of it -----------------------------------------------------------------------------


cdef void leave_shown(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Out of the displayed book; its level stays, perhaps empty. What it had is in its slot."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef Extra *extra = &state.extras[index]
    cdef Level *level = level_at(&state.levels, slot.level)
    queue_unlink(&state.slots, level, slot)
    level.quantity -= slot.leaves
    if order.special and extra.display_quantity:
        level.reserve -= extra.reserve
        slot.leaves += extra.reserve
        extra.reserve = 0
        instrument.icebergs -= 1
        mark_depth(instrument)
    instrument.open[slot.side] -= slot.leaves
    if is_for_auction(order):
        for_auction_unlink(state, day_of(state, instrument), index)


cdef void leave_hidden(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    cdef Slot *slot = slot_of(state, index)
    cdef Level *level = level_at(&state.levels, slot.level)
    queue_unlink(&state.slots, level, slot)
    level.quantity -= slot.leaves
    instrument.open[slot.side] -= slot.leaves
    level_drop_if_empty(&state.levels, &instrument.hidden[slot.side], slot.level)
    mark_depth(instrument)


cdef void leave_special(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Take an order out of its place, whichever that is, with BOOK where it was displayed."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef uint8_t place = order.place
    if place == PLACE_SHOWN:
        leave_shown(state, instrument, index)
        emit_level(
            state, instrument.id, slot.side, order.price, level_at(&state.levels, slot.level)
        )
        level_drop_if_empty(&state.levels, &instrument.shown[slot.side], slot.level)
    elif place == PLACE_HIDDEN:
        leave_hidden(state, instrument, index)
    elif place == PLACE_STOPS:
        leave_stop(state, instrument, index)
    elif place == PLACE_HELD:
        leave_held(state, instrument, index)
    elif place == PLACE_WAITING:
        queue_unlink(&state.slots, &instrument.waiting[slot.side], slot)
        instrument.open[slot.side] -= slot.leaves
        mark_depth(instrument)
    elif place == PLACE_LINE:
        queue_unlink(&state.slots, &instrument.line, slot)
    order.place = PLACE_NONE


cdef void filled_in_place(State *state, uint32_t index) noexcept nogil:
    """An order that is filled, and out of its queue, is gone from everything else."""
    cdef Order *order = &state.orders[index]
    cdef Instrument *instrument = &state.instruments[order.instrument]
    if order.place == PLACE_SHOWN:
        if order.special and state.extras[index].display_quantity:
            instrument.icebergs -= 1
        if is_for_auction(order):
            for_auction_unlink(state, day_of(state, instrument), index)
    mark_depth(instrument)
    forget_order(state, index)


# -- less of it ------------------------------------------------------------------------------


cdef void take_quantity(
    State *state, Instrument *instrument, uint32_t index, int64_t quantity
) noexcept nogil:
    """A fill takes so much of what an order shows; what is hidden of an iceberg stays."""
    cdef Slot *slot = slot_of(state, index)
    cdef uint8_t place = state.orders[index].place
    slot.leaves -= quantity
    if place == PLACE_NONE or place == PLACE_LINE:
        return
    instrument.open[slot.side] -= quantity
    if place == PLACE_SHOWN or place == PLACE_HIDDEN:
        level_at(&state.levels, slot.level).quantity -= quantity


cdef void lower_in_place(
    State *state, Instrument *instrument, uint32_t index, int64_t quantity
) noexcept nogil:
    """Less of an order's total and leaves, an iceberg's hidden part first; no event."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef int64_t unseen = 0
    if order.special:
        unseen = min(quantity, state.extras[index].reserve)
        state.extras[index].reserve -= unseen
    order.quantity -= quantity
    slot.leaves -= quantity - unseen
    if order.place == PLACE_NONE or order.place == PLACE_LINE:
        return
    instrument.open[slot.side] -= quantity
    if order.place == PLACE_SHOWN or order.place == PLACE_HIDDEN:
        level_at(&state.levels, slot.level).reserve -= unseen
        level_at(&state.levels, slot.level).quantity -= quantity - unseen
