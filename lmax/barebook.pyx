# cython: cdivision=True
"""The bare order book. See barebook.pxd for the structure.

cdivision: divisors are ticks and lots, at least 1, and Python's rounding would cost more than the
rest of the check.
"""
from libc.stdint cimport INT64_MAX
from libc.string cimport memset

from lmax.levels cimport (
    NODES_OF_FLAT,
    NODES_PER_LEVEL,
    Level,
    key_price,
    level_at,
    level_drop_if_empty,
    level_find,
    level_for,
    level_key,
    level_next,
    level_pools_close,
    level_pools_have_room,
    level_pools_open,
    levels_open,
    price_key,
)
from lmax.memory cimport pool_open, pool_room
from lmax.orderids cimport (
    ids_close,
    ids_forget,
    ids_make_room,
    ids_open,
    ids_place,
    ids_put,
    ids_remove,
    order_id_tag,
)
from lmax.orders cimport Slot, queue_append, queue_unlink, slot_at, slot_give, slot_take
from lmax.wire cimport (
    MSG_CANCEL,
    MSG_NEW,
    MSG_REDUCE,
    MSG_REPLACE,
    ORD_LIMIT,
    ORD_MARKET,
    REASON_CAPACITY,
    REASON_DUPLICATE_CLIENT_ORDER_ID,
    REASON_FOK_UNFILLED,
    REASON_INVALID_ORDER_TYPE,
    REASON_INVALID_SIDE,
    REASON_INVALID_TIME_IN_FORCE,
    REASON_IOC_REMAINDER,
    REASON_NO_LIQUIDITY,
    REASON_NONE,
    REASON_PRICE_TICK,
    REASON_QUANTITY_LOT,
    REASON_QUANTITY_RANGE,
    REASON_REDUCED_TO_ZERO,
    REASON_REQUESTED,
    REASON_UNKNOWN_COMMAND,
    REASON_UNKNOWN_ORDER,
    RPT_ACCEPTED,
    RPT_CANCELLED,
    RPT_FILL,
    RPT_REDUCED,
    RPT_REJECTED,
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


# -- reports -------------------------------------------------------------------------------


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


cdef void reject(BareBook *book, const Message *message, uint8_t reason) noexcept nogil:
    cdef bint new = message.type == MSG_NEW
    report(
        book, RPT_REJECTED, message.side if new else 0, reason, message.order_id, 0,
        message.price, message.quantity, 0,
    )


# -- resting and leaving -------------------------------------------------------------------


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


cdef void remove(BareBook *book, uint32_t index) noexcept nogil:
    ids_forget(&book.ids, slot_at(&book.pools.slots, index).id, index)
    leave(book, book.pools, index, True)


cdef inline int64_t price_of(
    BareBook *book, BookPools *pools, uint8_t side, uint32_t level
) noexcept nogil:
    return key_price(side, level_key(&pools.levels, level)) * book.tick_size


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


# -- new orders ----------------------------------------------------------------------------


cdef inline int64_t ticks_of(BareBook *book, int64_t price) noexcept nogil:
    return price if book.tick_size == 1 else price / book.tick_size


cdef uint8_t why_not(
    BareBook *book, int64_t price, int64_t quantity, int64_t total
) noexcept nogil:
    """Why an order of that price and quantity cannot be; total: that rests on its side."""
    if price % book.tick_size:
        return REASON_PRICE_TICK
    if quantity < 1:
        return REASON_QUANTITY_RANGE
    if quantity % book.lot_size:
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


cdef inline bint plain(
    BareBook *book, BookPools *pools, const Message *message
) noexcept nogil:
    """Whether nothing can be wrong with a new order but its id, told as fast as possible."""
    # Type, side, order type and time in force in one look: bits that none of them may have.
    return (
        (<uint32_t *>&message.type)[0] & 0xFCFEFE00U == 0
        and message.quantity > 0
        and message.quantity <= INT64_MAX - book.totals[message.side]
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
    if message.order_type | (message.time_in_force >= TIF_IOC) | (
        book.sides[1 - side].best_key <= ~key
    ):
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


cdef inline void take_off(BareBook *book, Slot *slot, int64_t quantity) noexcept nogil:
    slot.leaves -= quantity
    level_at(&book.pools.levels, slot.level).quantity -= quantity
    book.totals[slot.side] -= quantity


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
    cdef uint64_t key, worst
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
    if key == level_key(&book.pools.levels, level) and leaves <= slot.leaves:
        take_off(book, slot, slot.leaves - leaves)
        if new_id != id:
            ids_forget(ids, id, index)
            slot.id = new_id
            ids_put(ids, ids_place(ids, slots, new_tag, new_id), new_tag, index)
        report(book, RPT_REPLACED, side, REASON_NONE, new_id, id, message.price, leaves, leaves)
        return
    ids_forget(ids, id, index)
    # Its level stays until the order has its new one: they often share a leaf.
    leave(book, book.pools, index, False)
    leaves = trade(book, side, new_id, leaves, ~key)
    if leaves:
        rest(book, book.pools, side, key, leaves, new_id, new_tag, ids_place(ids, slots, new_tag, new_id))
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
