"""Into a place, out of it, and the end of an order. Rules: docs/matching.md."""

from lmax.rules._chains cimport chain_sort
from lmax.rules._lists cimport unlist_order
from lmax.rules._special cimport leave_special_place
from lmax.rules._stops cimport freshen_trigger
from lmax.state._state cimport (
    PLACE_NONE, PLACE_SHOWN, emit_level, emit_order, hash_order, leaves_of, unhash_order,
)
from lmax.state.idmap cimport idmap_find
from lmax.book.levels cimport Level, level_at, level_drop_if_empty, level_for
from lmax.book.orders cimport Slot, queue_append, queue_unlink, slot_give
from lmax.wire cimport Event


cdef void rest_shown(
    State *state, Instrument *instrument, uint32_t index, uint64_t key
) noexcept nogil:
    """Put an order last at its price in the displayed book. There is room for it."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef Level *level
    slot.level = level_for(&state.levels, &instrument.shown[slot.side], key)
    level = level_at(&state.levels, slot.level)
    queue_append(&state.slots, level, index)
    level.quantity += slot.leaves
    instrument.open[slot.side] += slot.leaves
    order.place = PLACE_SHOWN
    emit_level(state, instrument.id, slot.side, order.price, level)


cdef void shrink_shown(State *state, uint32_t index, int64_t quantity) noexcept nogil:
    """Less of a plain displayed order, which keeps its place; funds are the caller's business."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef Instrument *instrument = &state.instruments[order.instrument]
    cdef Level *level = level_at(&state.levels, slot.level)
    slot.leaves -= quantity
    order.quantity -= quantity
    level.quantity -= quantity
    instrument.open[slot.side] -= quantity
    hash_order(state, index)
    emit_level(state, instrument.id, slot.side, order.price, level)


cdef void leave_place(State *state, uint32_t index) noexcept nogil:
    """Take an open order out of its place, with a BOOK event where it was displayed."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef Instrument *instrument = &state.instruments[order.instrument]
    cdef Level *level
    unhash_order(state, index)
    if order.special or order.place != PLACE_SHOWN:
        leave_special_place(state, index)
        return
    level = level_at(&state.levels, slot.level)
    queue_unlink(&state.slots, level, slot)
    level.quantity -= slot.leaves
    instrument.open[slot.side] -= slot.leaves
    order.place = PLACE_NONE
    emit_level(state, instrument.id, slot.side, order.price, level)
    level_drop_if_empty(&state.levels, &instrument.shown[slot.side], slot.level)


cdef void emit_end(
    State *state, uint32_t index, uint8_t event_type, uint8_t reason
) noexcept nogil:
    """CANCELLED or EXPIRED: all that was left of an order."""
    cdef Event *event
    freshen_trigger(state, index)
    event = emit_order(state, event_type, index)
    event.quantity = event.leaves
    event.leaves = 0
    event.reason = reason


cdef inline void let_go(State *state, uint32_t index, IdEntry *entry) noexcept nogil:
    """An order in no place and no digest: its id, the lists it is in, its slot."""
    close_entry(state, entry, state.orders[index].instrument)
    account_unlink(state, index)
    if state.orders[index].special:
        unlist_order(state, index)
    slot_give(&state.slots, index)


cdef inline IdEntry *entry_of(State *state, uint32_t index) noexcept nogil:
    """That of an open order's id."""
    return idmap_find(&state.ids, state.orders[index].account, slot_of(state, index).id)


cdef void forget_order(State *state, uint32_t index) noexcept nogil:
    """An order in no place any more, of which nothing is set aside, is gone."""
    unhash_order(state, index)
    let_go(state, index, entry_of(state, index))


cdef void end_order(
    State *state, uint32_t index, IdEntry *entry, uint8_t event_type, uint8_t reason
) noexcept nogil:
    """Take an open order out for good, and say so. entry: that of its id."""
    emit_end(state, index, event_type, reason)
    change_reserved(state, index, -leaves_of(state, index))
    leave_place(state, index)
    let_go(state, index, entry)


cdef void end_open_order(
    State *state, uint32_t index, uint8_t event_type, uint8_t reason
) noexcept nogil:
    """The same where the entry is not at hand."""
    end_order(state, index, entry_of(state, index), event_type, reason)


cdef void end_chain(
    State *state, Chain *chain, uint8_t event_type, uint8_t reason, uint32_t staying
) noexcept nogil:
    """End the orders of a chain by arrival, but those with a time in force whose bit is set."""
    cdef uint32_t index, following
    chain_sort(state, chain)
    index = chain.first
    while index:
        following = state.orders[index].chain
        if not staying >> state.orders[index].time_in_force & 1:
            end_open_order(state, index, event_type, reason)
        index = following
