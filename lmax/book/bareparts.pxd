# Steps that the functions of the bare book share, small enough to be part of them.
#
# `pools` is book.pools: a value at hand instead of one more load.
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax._book cimport BareBook, BookPools
from lmax.book.levels cimport (
    Level, LevelTree, key_price, level_at, level_drop_if_empty, level_for, level_key,
)
from lmax.base.memory cimport Pool
from lmax.book.orderids cimport ids_put
from lmax.book.orders cimport Slot, queue_append, queue_unlink, slot_at, slot_give, slot_take
from lmax.wire cimport Report


cdef inline void report(
    BareBook *book, uint8_t kind, uint8_t side, uint8_t reason,
    uint64_t order_id, uint64_t other, int64_t price, int64_t quantity, int64_t leaves,
) noexcept nogil:
    cdef Report *to = book.next
    book.next = to + 1
    to.order_id = order_id
    to.other_order_id = other
    to.price = price
    to.quantity = quantity
    to.leaves = leaves
    # The last eight bytes in one store: message, type, side, reason and a zero.
    (<uint64_t *>&to.message)[0] = (
        book.message | <uint64_t>kind << 32 | <uint64_t>side << 40 | <uint64_t>reason << 48
    )


cdef inline void rest(
    BareBook *book, BookPools *pools, uint8_t side, uint64_t key, int64_t leaves, uint64_t id,
    uint64_t tag, uint64_t *place,
) noexcept nogil:
    """Put an order behind what rests at its price. There is room for it."""
    cdef Pool *slots = &pools.slots
    cdef uint32_t index = slot_take(slots)
    cdef Slot *slot = slot_at(slots, index)
    cdef uint32_t number
    cdef Level *level
    ids_put(&book.ids, place, tag, index)
    number = level_for(&pools.levels, &book.sides[side], key)
    level = level_at(&pools.levels, number)
    slot.id = id
    slot.leaves = leaves
    slot.level = number
    slot.side = side
    queue_append(slots, level, index)
    level.quantity += leaves
    book.totals[side] += leaves


cdef inline void leave(
    BareBook *book, BookPools *pools, uint32_t index, bint drop
) noexcept nogil:
    """Take an order out of its queue, and its level if it was the last; the slot is free."""
    cdef Pool *slots = &pools.slots
    cdef Slot *slot = slot_at(slots, index)
    cdef uint32_t number = slot.level
    cdef Level *level = level_at(&pools.levels, number)
    cdef uint8_t side = slot.side
    queue_unlink(slots, level, slot)
    level.quantity -= slot.leaves
    book.totals[side] -= slot.leaves
    if drop:
        level_drop_if_empty(&pools.levels, &book.sides[side], number)
    slot_give(slots, index)


cdef inline void move(
    BareBook *book, BookPools *pools, uint32_t index, uint64_t key, int64_t leaves
) noexcept nogil:
    """Put an order that rests behind what rests at another price, or at its own; its id stays."""
    cdef Pool *slots = &pools.slots
    cdef Slot *slot = slot_at(slots, index)
    cdef uint32_t before = slot.level
    cdef LevelTree *tree = &book.sides[slot.side]
    cdef Level *level = level_at(&pools.levels, before)
    queue_unlink(slots, level, slot)
    level.quantity -= slot.leaves
    book.totals[slot.side] += leaves - slot.leaves
    # The old level stays until the order has its new one: they often share a leaf.
    slot.level = level_for(&pools.levels, tree, key)
    slot.leaves = leaves
    level = level_at(&pools.levels, slot.level)
    queue_append(slots, level, index)
    level.quantity += leaves
    level_drop_if_empty(&pools.levels, tree, before)


cdef inline int64_t price_of(
    BareBook *book, BookPools *pools, uint8_t side, uint32_t level
) noexcept nogil:
    return key_price(side, level_key(&pools.levels, level)) * book.tick_size


@cython.cdivision(True)  # the tick is at least 1, and Python's rounding costs more than the rest
cdef inline int64_t ticks_of(BareBook *book, int64_t price) noexcept nogil:
    return price if book.tick_size == 1 else price // book.tick_size


cdef inline void take_off(BareBook *book, Slot *slot, int64_t quantity) noexcept nogil:
    slot.leaves -= quantity
    level_at(&book.pools.levels, slot.level).quantity -= quantity
    book.totals[slot.side] -= quantity
