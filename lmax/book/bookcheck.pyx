"""The invariants of a bare book. Takes as long as there are orders; for tests and debugging."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.book.levels cimport Level, level_at, level_next, levels_check
from lmax.book.orderids cimport ids_check, ids_place, order_id_tag
from lmax.book.orders cimport Slot, slot_at


cdef const char *queue_check(
    BareBook *book, uint8_t side, uint32_t number, uint64_t *resting
) noexcept nogil:
    """One level: links lead both ways, and its sums are those of its orders."""
    cdef Level *level = level_at(&book.pools.levels, number)
    cdef uint32_t index = level.head
    cdef uint32_t before = 0
    cdef uint32_t count = 0
    cdef int64_t quantity = 0
    cdef Slot *slot
    while index:
        slot = slot_at(&book.pools.slots, index)
        if slot.prev != before:
            return "an order does not point back to the one before it"
        if slot.level != number or slot.side != side:
            return "an order stands in a queue that is not its own"
        if slot.leaves < 1 or slot.leaves % book.lot_size:
            return "a resting order has no open quantity, or part of a lot"
        if <uint32_t>ids_place(
            &book.ids, &book.pools.slots, order_id_tag(slot.id), slot.id
        )[0] != index:
            return "an id does not lead to its order"
        quantity += slot.leaves
        count += 1
        before = index
        index = slot.next
        if count > level.count:
            return "a level counts fewer orders than stand in its queue"
    if level.tail != before:
        return "a queue does not end where its level says"
    if level.count != count or level.quantity != quantity or level.reserve:
        return "a level's sums are not those of its orders"
    resting[0] += count
    return NULL


cdef const char *barebook_check(BareBook *book) noexcept nogil:
    """NULL if the book is as it should be, else what is not."""
    cdef uint64_t resting = 0
    cdef int64_t total
    cdef uint32_t level
    cdef const char *fault
    cdef int side
    for side in range(2):
        if levels_check(&book.pools.levels, &book.sides[side]) < 0:
            return "a tree of levels is broken"
        total = 0
        level = book.sides[side].best
        while level:
            fault = queue_check(book, side, level, &resting)
            if fault != NULL:
                return fault
            total += level_at(&book.pools.levels, level).quantity
            level = level_next(&book.pools.levels, &book.sides[side], level)
        if total != book.totals[side]:
            return "a side's total is not that of its levels"
    if resting != book.ids.count:
        return "there are ids without orders"
    if ids_check(&book.ids, &book.pools.slots) < 0:
        return "the table of ids is broken"
    if book.sides[0].best and book.sides[1].best and (
        book.sides[1].best_key >= ~book.sides[0].best_key
    ) == 0:
        return "the book is crossed"
    return NULL
