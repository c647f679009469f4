# cython: cdivision=True
"""Trading and refusing in the bare book. See baretrade.pxd.

cdivision: divisors are ticks and lots, at least 1.
"""
from libc.stdint cimport INT64_MAX, uint32_t

from lmax.book.bareparts cimport price_of, report
from lmax.book.levels cimport (
    Level,
    LevelTree,
    level_at,
    level_drop_if_empty,
    level_key,
    level_next,
    level_pools_have_room,
)
from lmax.base.memory cimport Pool, pool_room
from lmax.book.orderids cimport ids_forget
from lmax.book.orders cimport Slot, slot_at, slot_give
from lmax.wire cimport (
    MSG_NEW,
    ORD_MARKET,
    REASON_CAPACITY,
    REASON_INVALID_ORDER_TYPE,
    REASON_INVALID_SIDE,
    REASON_INVALID_TIME_IN_FORCE,
    REASON_NONE,
    REASON_PRICE_TICK,
    REASON_QUANTITY_LOT,
    REASON_QUANTITY_RANGE,
    RPT_FILL,
    RPT_REJECTED,
    TIF_FOK,
)


# -- trading -------------------------------------------------------------------------------


cdef int64_t take_level(
    BareBook *book, uint8_t side, uint64_t taker, int64_t leaves
) noexcept nogil:
    """Trade with the best level opposite until it or the taker is used up; what is left."""
    cdef Pool *slots = &book.pools.slots
    cdef LevelTree *tree = &book.sides[1 - side]
    cdef uint32_t best = tree.best
    cdef Level *level = level_at(&book.pools.levels, best)
    cdef int64_t price = price_of(book, book.pools, 1 - side, best)
    cdef int64_t before = leaves
    cdef int64_t quantity
    cdef uint32_t index = level.head
    cdef uint32_t next
    cdef Slot *maker
    while leaves and index:
        maker = slot_at(slots, index)
        quantity = min(leaves, maker.leaves)
        leaves -= quantity
        report(book, RPT_FILL, side, REASON_NONE, taker, maker.id, price, quantity, leaves)
        if quantity < maker.leaves:
            maker.leaves -= quantity
            break
        next = maker.next
        ids_forget(&book.ids, maker.id, index)
        slot_give(slots, index)
        level.count -= 1
        index = next
    level.quantity -= before - leaves
    book.totals[1 - side] -= before - leaves
    level.head = index
    level.tail = level.tail if index else 0
    if index:
        slot_at(slots, index).prev = 0
    level_drop_if_empty(&book.pools.levels, tree, best)
    return leaves


cdef int64_t trade(
    BareBook *book, uint8_t side, uint64_t taker, int64_t leaves, uint64_t worst
) noexcept nogil:
    """Trade while it crosses; what is left."""
    cdef LevelTree *tree = &book.sides[1 - side]
    while leaves and tree.best and tree.best_key <= worst:
        leaves = take_level(book, side, taker, leaves)
    return leaves


cdef bint can_fill(BareBook *book, uint8_t side, int64_t wanted, uint64_t worst) noexcept nogil:
    """Whether that much could trade now."""
    cdef LevelTree *tree = &book.sides[1 - side]
    cdef uint32_t level = tree.best
    if book.totals[1 - side] < wanted:
        return False
    while level and wanted > 0 and level_key(&book.pools.levels, level) <= worst:
        wanted -= level_at(&book.pools.levels, level).quantity
        level = level_next(&book.pools.levels, tree, level)
    return wanted <= 0


# -- refusing ------------------------------------------------------------------------------


cdef void reject(BareBook *book, const Message *message, uint8_t reason) noexcept nogil:
    cdef bint new = message.type == MSG_NEW
    report(
        book, RPT_REJECTED, message.side if new else 0, reason, message.order_id, 0,
        message.price, message.quantity, 0,
    )


cdef uint8_t why_not(
    BareBook *book, int64_t price, int64_t quantity, int64_t total
) noexcept nogil:
    """Why an order of that price and quantity cannot be; total: that rests on its side."""
    if book.stepped and price % book.tick_size:
        return REASON_PRICE_TICK
    if quantity < 1:
        return REASON_QUANTITY_RANGE
    if book.stepped and quantity % book.lot_size:
        return REASON_QUANTITY_LOT
    if quantity > INT64_MAX - total:
        return REASON_QUANTITY_RANGE
    return REASON_NONE


cdef bint has_room(BareBook *book) noexcept nogil:
    return (
        book.ids.count < book.max_orders
        and pool_room(&book.pools.slots) > 0
        and level_pools_have_room(&book.pools.levels, 1)
    )


cdef uint8_t refusal(BareBook *book, const Message *message) noexcept nogil:
    """Why a new order cannot be, but for its id; REASON_NONE if it can."""
    cdef int64_t price = 0 if message.order_type == ORD_MARKET else message.price
    if message.side > 1:
        return REASON_INVALID_SIDE
    if message.order_type > ORD_MARKET:
        return REASON_INVALID_ORDER_TYPE
    if message.time_in_force > TIF_FOK:
        return REASON_INVALID_TIME_IN_FORCE
    if not has_room(book):
        return REASON_CAPACITY
    return why_not(book, price, message.quantity, book.totals[message.side])
