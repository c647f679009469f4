# cython: cdivision=True
"""The bare order book. See _book.pxd for the structure.

cdivision: divisors are ticks and lots, at least 1, and Python's rounding would cost more than the
rest of the check.
"""
from libc.stdint cimport INT64_MAX
from libc.string cimport memset

from lmax.book.bareparts cimport leave, move, price_of, report, rest, take_off, ticks_of
from lmax.book.baretrade cimport can_fill, refusal, reject, trade, why_not
from lmax.book.levels cimport (
    NODES_OF_FLAT,
    NODES_PER_LEVEL,
    level_at,
    level_drop_if_empty,
    level_find,
    level_key,
    level_pools_have_room,
    level_pools_open,
    levels_open,
    price_key,
)
from lmax.base.memory cimport pool_open
from lmax.book.orderids cimport (
    ids_close,
    ids_forget,
    ids_make_room,
    ids_open,
    ids_place,
    ids_put,
    ids_remove,
    order_id_tag,
)
from lmax.book.orders cimport Slot, slot_at
from lmax.wire cimport (
    MSG_CANCEL,
    MSG_NEW,
    MSG_REDUCE,
    MSG_REPLACE,
    ORD_MARKET,
    REASON_CAPACITY,
    REASON_DUPLICATE_CLIENT_ORDER_ID,
    REASON_FOK_UNFILLED,
    REASON_IOC_REMAINDER,
    REASON_NO_LIQUIDITY,
    REASON_NONE,
    REASON_QUANTITY_LOT,
    REASON_QUANTITY_RANGE,
    REASON_REDUCED_TO_ZERO,
    REASON_REQUESTED,
    REASON_UNKNOWN_COMMAND,
    REASON_UNKNOWN_ORDER,
    RPT_ACCEPTED,
    RPT_CANCELLED,
    RPT_REDUCED,
    RPT_REPLACED,
    TIF_FOK,
    TIF_IOC,
)

cdef enum:
    # With fewer orders than that in all books there are levels and nodes for any more.
    SAFE_ORDERS = (MAX_BARE_LEAVES - NODES_OF_FLAT) // NODES_PER_LEVEL - 1
    LARGE_IDS = 13  # from 2^13 entries on the first cache does not hold the table
    HUGE_IDS = 16  # from 2^16 entries on the second cache does not hold the orders
    AHEAD_ENTRY = 12  # messages
    AHEAD_SLOT = 7
    AHEAD_NEIGHBOURS = 3

cdef extern from *:
    void prefetch "__builtin_prefetch" (const void *) noexcept nogil


# -- opening and closing -------------------------------------------------------------------


cdef int book_pools_open(BookPools *pools) noexcept nogil:
    """0, or -1 when the system refuses the address space."""
    if pool_open(&pools.slots, sizeof(Slot), MAX_RESTING) < 0:
        return -1
    return level_pools_open(&pools.levels, MAX_BARE_LEAVES)


cdef int barebook_open(BareBook *book, BookPools *pools) noexcept nogil:
    """An empty book; the caller sets tick_size, lot_size and max_orders. 0, or -1: no memory."""
    cdef int side
    memset(book, 0, sizeof(BareBook))
    book.pools = pools
    for side in range(2):
        levels_open(&pools.levels, &book.sides[side], book.caches[side], CACHED_LEAVES)
    return ids_open(&book.ids)


cdef void remove(BareBook *book, uint32_t index) noexcept nogil:
    ids_forget(&book.ids, slot_at(&book.pools.slots, index).id, index)
    leave(book, book.pools, index, True)


cdef void barebook_close(BareBook *book) noexcept nogil:
    """Give everything back to the pools."""
    cdef uint32_t index, level
    cdef int side
    for side in range(2):
        while book.sides[side].best:
            level = book.sides[side].best
            index = level_at(&book.pools.levels, level).head
            while index:
                remove(book, index)
                index = level_at(&book.pools.levels, level).head if (
                    book.sides[side].best == level
                ) else 0
    ids_close(&book.ids)


# -- new orders ----------------------------------------------------------------------------


cdef inline bint plain(
    BareBook *book, BookPools *pools, const Message *message
) noexcept nogil:
    """Whether nothing can be wrong with a new order but its id, told as fast as possible."""
    # Type, side, order type and time in force in one look: bits that none of them may have.
    return (
        (<uint32_t *>&message.type)[0] & 0xFCFEFE00U == 0
        # From 1 to what the side can still hold: below 1 it is a huge number.
        and <uint64_t>message.quantity - 1 < <uint64_t>(INT64_MAX - book.totals[message.side])
        and book.ids.count < book.max_orders
        and pools.slots.live < SAFE_ORDERS
        and not book.stepped
    )


cdef void trade_new(BareBook *book, const Message *message, uint64_t tag) noexcept nogil:
    """An accepted order that trades or does not rest."""
    cdef uint8_t side = message.side
    cdef bint market = message.order_type == ORD_MARKET
    cdef uint64_t worst = <uint64_t>-1
    cdef int64_t leaves = message.quantity
    cdef uint8_t reason
    cdef int64_t price = 0 if market else message.price
    report(
        book, RPT_ACCEPTED, side, REASON_NONE, message.order_id, 0, price, leaves, leaves
    )
    if not market:
        worst = price_key(1 - side, ticks_of(book, price))
    reason = REASON_NO_LIQUIDITY if market else REASON_IOC_REMAINDER
    if message.time_in_force == TIF_FOK and not can_fill(book, side, leaves, worst):
        reason = REASON_FOK_UNFILLED
    else:
        leaves = trade(book, side, message.order_id, leaves, worst)
    if leaves == 0:
        return
    if market or message.time_in_force >= TIF_IOC:
        report(book, RPT_CANCELLED, side, reason, message.order_id, 0, price, leaves, 0)
        return
    rest(
        book, book.pools, side, ~worst, leaves, message.order_id, tag,
        ids_place(&book.ids, &book.pools.slots, tag, message.order_id),
    )


cdef inline void new_order(
    BareBook *book, BookPools *pools, const Message *message
) noexcept nogil:
    cdef uint64_t id = message.order_id
    cdef uint64_t tag = order_id_tag(id)
    cdef uint8_t side = message.side
    cdef uint8_t reason = REASON_NONE
    cdef uint64_t *place
    cdef uint64_t key
    if not plain(book, pools, message):
        reason = refusal(book, message)
    if ids_make_room(&book.ids) < 0:
        reason = REASON_CAPACITY
    place = ids_place(&book.ids, &pools.slots, tag, id)
    if place[0]:
        reason = REASON_DUPLICATE_CLIENT_ORDER_ID
    if reason != REASON_NONE:
        reject(book, message, reason)
        return
    key = price_key(side, ticks_of(book, message.price))
    # Once it is known to be right, one bit tells a market order and one IOC or FOK.
    if (<uint32_t *>&message.type)[0] & 0x02010000U or book.sides[1 - side].best_key <= ~key:
        trade_new(book, message, tag)
        return
    report(
        book, RPT_ACCEPTED, side, REASON_NONE, id, 0, message.price, message.quantity,
        message.quantity,
    )
    rest(book, pools, side, key, message.quantity, id, tag, place)


# -- requests about resting orders ---------------------------------------------------------


cdef inline void cancel_order(
    BareBook *book, BookPools *pools, const Message *message
) noexcept nogil:
    cdef uint64_t id = message.order_id
    cdef uint64_t *place = ids_place(&book.ids, &pools.slots, order_id_tag(id), id)
    cdef uint32_t index = <uint32_t>place[0]
    cdef Slot *slot
    if index == 0:
        reject(book, message, REASON_UNKNOWN_ORDER)
        return
    slot = slot_at(&pools.slots, index)
    report(
        book, RPT_CANCELLED, slot.side, REASON_REQUESTED, id, 0,
        price_of(book, pools, slot.side, slot.level), slot.leaves, 0,
    )
    ids_remove(&book.ids, place)
    leave(book, pools, index, True)


cdef void reduce_order(BareBook *book, const Message *message) noexcept nogil:
    """Less of an order, which keeps its place; all of it or more: the order ends."""
    cdef uint64_t id = message.order_id
    cdef uint64_t *place = ids_place(&book.ids, &book.pools.slots, order_id_tag(id), id)
    cdef uint32_t index = <uint32_t>place[0]
    cdef int64_t by = message.quantity
    cdef int64_t price
    cdef Slot *slot
    if index == 0:
        reject(book, message, REASON_UNKNOWN_ORDER)
        return
    if by < 1 or by % book.lot_size:
        reject(book, message, REASON_QUANTITY_RANGE if by < 1 else REASON_QUANTITY_LOT)
        return
    slot = slot_at(&book.pools.slots, index)
    price = price_of(book, book.pools, slot.side, slot.level)
    if by >= slot.leaves:
        report(
            book, RPT_CANCELLED, slot.side, REASON_REDUCED_TO_ZERO, id, 0, price, slot.leaves, 0
        )
        remove(book, index)
        return
    take_off(book, slot, by)
    report(book, RPT_REDUCED, slot.side, REASON_NONE, id, 0, price, by, slot.leaves)


cdef void replace_order(BareBook *book, const Message *message) noexcept nogil:
    """Another price or open quantity. Less at the same price keeps the place in the queue."""
    cdef OrderIds *ids = &book.ids
    cdef Pool *slots = &book.pools.slots
    cdef uint64_t id = message.order_id
    cdef uint64_t new_id = message.new_order_id if message.new_order_id else id
    cdef uint64_t new_tag = order_id_tag(new_id)
    cdef uint32_t index = <uint32_t>ids_place(ids, slots, order_id_tag(id), id)[0]
    cdef Slot *slot = slot_at(slots, index)
    cdef uint8_t side = slot.side
    cdef uint8_t reason
    cdef int64_t leaves = message.quantity
    cdef uint64_t key
    cdef uint32_t level
    if index == 0:
        reject(book, message, REASON_UNKNOWN_ORDER)
        return
    reason = why_not(book, message.price, leaves, book.totals[side] - slot.leaves)
    if new_id != id and ids_place(ids, slots, new_tag, new_id)[0]:
        reason = REASON_DUPLICATE_CLIENT_ORDER_ID
    if not level_pools_have_room(&book.pools.levels, 1):
        reason = REASON_CAPACITY
    if reason != REASON_NONE:
        reject(book, message, reason)
        return
    key = price_key(side, ticks_of(book, message.price))
    level = slot.level
    if key == level_key(&book.pools.levels, level) and leaves < slot.leaves:
        take_off(book, slot, slot.leaves - leaves)
        if new_id != id:
            ids_forget(ids, id, index)
            slot.id = new_id
            ids_put(ids, ids_place(ids, slots, new_tag, new_id), new_tag, index)
        report(book, RPT_REPLACED, side, REASON_NONE, new_id, id, message.price, leaves, leaves)
        return
    if new_id == id and book.sides[1 - side].best_key > ~key:
        move(book, book.pools, index, key, leaves)
        report(book, RPT_REPLACED, side, REASON_NONE, id, id, message.price, leaves, leaves)
        return
    ids_forget(ids, id, index)
    # Its level stays until the order has its new one: they often share a leaf.
    leave(book, book.pools, index, False)
    leaves = trade(book, side, new_id, leaves, ~key)
    if leaves:
        rest(
            book, book.pools, side, key, leaves, new_id, new_tag,
            ids_place(ids, slots, new_tag, new_id),
        )
    level_drop_if_empty(&book.pools.levels, &book.sides[side], level)
    report(
        book, RPT_REPLACED, side, REASON_NONE, new_id, id, message.price, message.quantity, leaves
    )


# -- messages ------------------------------------------------------------------------------


cdef inline void dispatch(
    BareBook *book, BookPools *pools, const Message *message
) noexcept nogil:
    if message.type == MSG_NEW:
        new_order(book, pools, message)
    elif message.type == MSG_CANCEL:
        cancel_order(book, pools, message)
    elif message.type == MSG_REPLACE:
        replace_order(book, message)
    elif message.type == MSG_REDUCE:
        reduce_order(book, message)
    else:
        reject(book, message, REASON_UNKNOWN_COMMAND)


cdef void barebook_one(BareBook *book, const Message *message) noexcept nogil:
    """One message; its reports go to book.next, where there is room for them."""
    book.message = 0
    dispatch(book, book.pools, message)


cdef inline uint32_t likely_slot(OrderIds *ids, const Message *message) noexcept nogil:
    """What the first entry looked at for that id leads to: nearly always its slot."""
    return <uint32_t>ids.now.entries[order_id_tag(message.order_id) >> ids.now.shift]


cdef inline void look_ahead(
    BareBook *book, BookPools *pools, const Message *message
) noexcept nogil:
    """Fetch what later messages will ask for: the entry of an id, then the slot it leads to,
    then the neighbours of that slot, or for a new order the last of the queue it will join."""
    cdef OrderIds *ids = &book.ids
    cdef const Message *near = &message[AHEAD_NEIGHBOURS]
    cdef uint32_t level
    cdef Slot *slot
    prefetch(
        &ids.now.entries[order_id_tag(message[AHEAD_ENTRY].order_id) >> ids.now.shift]
    )
    prefetch(slot_at(&pools.slots, likely_slot(ids, &message[AHEAD_SLOT])))
    if ids.now.bits < HUGE_IDS:
        return
    if near.type == MSG_NEW:
        level = level_find(
            &pools.levels, &book.sides[near.side & 1],
            price_key(near.side & 1, ticks_of(book, near.price)),
        )
        prefetch(slot_at(&pools.slots, level_at(&pools.levels, level).tail))
        return
    slot = slot_at(&pools.slots, likely_slot(ids, near))
    prefetch(slot_at(&pools.slots, slot.next))
    prefetch(slot_at(&pools.slots, slot.prev))


cdef void barebook_apply(
    BareBook *book, const Message *messages, size_t begin, size_t end
) noexcept nogil:
    """Messages begin .. end - 1 in order; their reports go to book.next, where there is room."""
    cdef BookPools *pools = book.pools
    cdef bint large = book.ids.now.bits >= LARGE_IDS
    cdef size_t i
    for i in range(begin, end):
        book.message = i
        if large and end - i > AHEAD_ENTRY:
            look_ahead(book, pools, &messages[i])
        dispatch(book, pools, &messages[i])
