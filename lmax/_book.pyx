# cython: cdivision=True
"""Matching and the upkeep of price levels. See _book.pxd for the structure.

cdivision: the only division is a price by its tick (at least 1), on the way to a key; Python's
rounding and its test for zero would cost more than the whole look-up. Prices are multiples of
the tick.
"""

from lmax.memory cimport pool_close, pool_give, pool_open, pool_room, pool_take
from lmax.wire cimport ORD_MARKET

cdef extern from *:
    int ctz "__builtin_ctzll" (unsigned long long) noexcept nogil


cdef int pools_open(BookPools *pools) noexcept nogil:
    """0, or -1 when the system refuses the address space."""
    pools.owners = 0
    if pool_open(&pools.orders, sizeof(Order), MAX_OPEN_ORDERS) < 0:
        return -1
    if pool_open(&pools.leaves, sizeof(Leaf), MAX_LEAVES) < 0:
        return -1
    return pool_open(&pools.inners, sizeof(Inner), MAX_LEAVES)


cdef void pools_close(BookPools *pools) noexcept nogil:
    pool_close(&pools.orders)
    pool_close(&pools.leaves)
    pool_close(&pools.inners)


cdef bint pools_have_room(BookPools *pools, uint32_t orders) noexcept nogil:
    """So many more orders fit, and one more price."""
    return (
        pool_room(&pools.orders) >= orders
        and pool_room(&pools.leaves) > 0
        and pool_room(&pools.inners) >= NODES_PER_LEVEL
    )


cdef void book_open(Book *book, BookPools *pools, int64_t tick_size) noexcept nogil:
    cdef int i
    book.pools = pools
    book.tick_size = tick_size
    for i in range(2):
        book.sides[i].root = book.sides[i].height = book.sides[i].best = 0
        book.sides[i].quantity = 0
        pools.owners += 1
        book.sides[i].owner = pools.owners


# -- the tree of levels -----------------------------------------------------------------


cdef inline uint32_t place(uint64_t key, uint32_t height) noexcept nogil:
    """Which child of a node at that height leads to the key."""
    return (key >> (6 * height)) & 63


cdef inline uint64_t above(uint64_t key, uint32_t height) noexcept nogil:
    """The part of a key that a tree of that height leaves open."""
    return 0 if height >= 10 else key >> (6 * (height + 1))


cdef uint32_t new_leaf(BookPools *pools, BookSide *side, uint64_t base) noexcept nogil:
    cdef uint32_t index = pool_take(&pools.leaves)
    cdef Leaf *leaf = leaf_at(pools, index)
    leaf.bitmap = 0
    leaf.base = base
    leaf.parent = 0
    leaf.owner = side.owner
    return index


cdef inline void set_parent(
    BookPools *pools, uint32_t child, uint32_t child_height, uint32_t parent
) noexcept nogil:
    if child_height:
        inner_at(pools, child).parent = parent
    else:
        leaf_at(pools, child).parent = parent


cdef void grow_root(BookPools *pools, BookSide *side) noexcept nogil:
    """Put one node above the root."""
    cdef uint32_t index = pool_take(&pools.inners)
    cdef Inner *inner = inner_at(pools, index)
    cdef uint32_t i = place(side.best_key, side.height + 1)
    inner.bitmap = <uint64_t>1 << i
    inner.parent = 0
    inner.child[i] = side.root
    set_parent(pools, side.root, side.height, index)
    side.root = index
    side.height += 1


cdef uint32_t leaf_for(BookPools *pools, BookSide *side, uint64_t key) noexcept nogil:
    """The leaf of that key, made together with the nodes above it where missing."""
    cdef uint32_t node, child, i, height
    cdef Inner *inner
    if side.root == 0:
        side.root = new_leaf(pools, side, key >> 6)
        side.height = 0
        return side.root
    while above(key, side.height) != above(side.best_key, side.height):
        grow_root(pools, side)
    node = side.root
    height = side.height
    while height:
        inner = inner_at(pools, node)
        i = place(key, height)
        height -= 1
        if inner.bitmap >> i & 1:
            node = inner.child[i]
            continue
        if height:
            child = pool_take(&pools.inners)
            inner_at(pools, child).bitmap = 0
        else:
            child = new_leaf(pools, side, key >> 6)
        set_parent(pools, child, height, node)
        inner.bitmap |= <uint64_t>1 << i
        inner.child[i] = child
        node = child
    return node


cdef inline uint32_t cached_leaf(
    BookPools *pools, BookSide *side, uint64_t key
) noexcept nogil:
    """The leaf of that key if it was used lately, else 0. A reused leaf is told by its owner."""
    cdef uint32_t index = side.cache[(key >> 6) % CACHED_LEAVES]
    cdef Leaf *leaf = leaf_at(pools, index)
    return index if leaf.base == key >> 6 and leaf.owner == side.owner else 0


cdef uint32_t level_for(BookPools *pools, BookSide *side, uint64_t key) noexcept nogil:
    """The level of that key, made if there is none."""
    cdef uint32_t index = cached_leaf(pools, side, key)
    cdef Leaf *leaf
    cdef Level *level
    if index == 0:
        index = leaf_for(pools, side, key)
        side.cache[(key >> 6) % CACHED_LEAVES] = index
    leaf = leaf_at(pools, index)
    if not leaf.bitmap >> (key & 63) & 1:
        leaf.bitmap |= <uint64_t>1 << (key & 63)
        level = &leaf.levels[key & 63]
        level.quantity = 0
        level.head = level.tail = level.count = 0
        if side.best == 0 or key < side.best_key:
            side.best_key = key
            side.best = index << 6 | (key & 63)
    return index << 6 | (key & 63)


cdef uint32_t side_find(BookPools *pools, BookSide *side, uint64_t key) noexcept nogil:
    """The level of that key, or 0."""
    cdef uint32_t node = side.root
    cdef uint32_t height = side.height
    cdef Inner *inner
    if node == 0 or above(key, height) != above(side.best_key, height):
        return 0
    while height:
        inner = inner_at(pools, node)
        if not inner.bitmap >> place(key, height) & 1:
            return 0
        node = inner.child[place(key, height)]
        height -= 1
    return node << 6 | (key & 63) if leaf_at(pools, node).bitmap >> (key & 63) & 1 else 0


cdef uint32_t first_below(BookPools *pools, uint32_t node, uint32_t height) noexcept nogil:
    """The best level of a subtree."""
    cdef Inner *inner
    while height:
        inner = inner_at(pools, node)
        node = inner.child[ctz(inner.bitmap)]
        height -= 1
    return node << 6 | ctz(leaf_at(pools, node).bitmap)


cdef uint32_t side_next(BookPools *pools, BookSide *side, uint32_t level) noexcept nogil:
    """The next worse level, or 0."""
    cdef Leaf *leaf = leaf_at(pools, level >> 6)
    cdef uint64_t key = level_key(pools, level)
    # Two shifts, because one by 64 is undefined.
    cdef uint64_t rest = leaf.bitmap >> (level & 63) >> 1
    cdef uint32_t node = leaf.parent
    cdef uint32_t height = 1
    cdef Inner *inner
    if rest:
        return level + 1 + ctz(rest)
    while node:
        inner = inner_at(pools, node)
        rest = inner.bitmap >> place(key, height) >> 1
        if rest:
            node = inner.child[place(key, height) + 1 + ctz(rest)]
            return first_below(pools, node, height - 1)
        node = inner.parent
        height += 1
    return 0


cdef void drop_leaf(BookPools *pools, BookSide *side, uint32_t index) noexcept nogil:
    """Give back an empty leaf, the nodes above that it leaves empty, and needless roots."""
    cdef Leaf *leaf = leaf_at(pools, index)
    cdef uint64_t key = leaf.base << 6
    cdef uint32_t node = leaf.parent
    cdef uint32_t height = 1
    cdef uint32_t parent
    cdef Inner *inner
    leaf.owner = 0
    pool_give(&pools.leaves, index)
    while node:
        inner = inner_at(pools, node)
        inner.bitmap &= ~(<uint64_t>1 << place(key, height))
        if inner.bitmap:
            break
        parent = inner.parent
        pool_give(&pools.inners, node)
        node = parent
        height += 1
    if node == 0:
        side.root = side.height = 0
        return
    while side.height:
        inner = inner_at(pools, side.root)
        if inner.bitmap & (inner.bitmap - 1):
            break
        node = inner.child[ctz(inner.bitmap)]
        pool_give(&pools.inners, side.root)
        side.root = node
        side.height -= 1
        set_parent(pools, node, side.height, 0)


cdef void drop_level(BookPools *pools, BookSide *side, uint32_t level) noexcept nogil:
    """Take an empty level out of the tree and find the best one anew."""
    cdef Leaf *leaf = leaf_at(pools, level >> 6)
    cdef uint64_t rest = leaf.bitmap & ~(<uint64_t>1 << (level & 63))
    leaf.bitmap = rest
    if rest == 0:
        drop_leaf(pools, side, level >> 6)
    if level != side.best:
        return
    if rest:
        side.best = (level & ~<uint32_t>63) | ctz(rest)
    else:
        side.best = first_below(pools, side.root, side.height) if side.root else 0
    if side.best:
        side.best_key = level_key(pools, side.best)


# -- orders -----------------------------------------------------------------------------


cdef inline void unlink(BookPools *pools, Level *level, Order *order) noexcept nogil:
    if order.prev:
        order_at(pools, order.prev).next = order.next
    else:
        level.head = order.next
    if order.next:
        order_at(pools, order.next).prev = order.prev
    else:
        level.tail = order.prev
    level.count -= 1


cdef uint32_t book_rest(Book *book, Order *order, BookListener *listener) noexcept nogil:
    """Copy an order behind what rests at its price; its index. There is room for it."""
    cdef BookPools *pools = book.pools
    cdef BookSide *side = &book.sides[order.side]
    cdef uint64_t key = price_key(order.side, order.price, book.tick_size)
    cdef uint32_t index = pool_take(&pools.orders)
    cdef Order *resting = order_at(pools, index)
    cdef Level *level
    resting[0] = order[0]
    resting.level = level_for(pools, side, key)
    level = level_at(pools, resting.level)
    resting.next = 0
    resting.prev = level.tail
    if level.tail:
        order_at(pools, level.tail).next = index
    else:
        level.head = index
    level.tail = index
    level.count += 1
    level.quantity += order.leaves
    side.quantity += order.leaves
    listener.level(listener.owner, order.side, order.price, level.quantity, level.count)
    return index


cdef void book_reduce(
    Book *book, Order *order, int64_t quantity, BookListener *listener
) noexcept nogil:
    """Take less than its leaves off a resting order, which keeps its place."""
    cdef Level *level = level_at(book.pools, order.level)
    order.leaves -= quantity
    order.quantity -= quantity
    level.quantity -= quantity
    book.sides[order.side].quantity -= quantity
    listener.level(listener.owner, order.side, order.price, level.quantity, level.count)


cdef void book_remove(Book *book, uint32_t index, BookListener *listener) noexcept nogil:
    """Take a resting order out; its memory may be used again at once."""
    cdef BookPools *pools = book.pools
    cdef Order *order = order_at(pools, index)
    cdef BookSide *side = &book.sides[order.side]
    cdef Level *level = level_at(pools, order.level)
    unlink(pools, level, order)
    level.quantity -= order.leaves
    side.quantity -= order.leaves
    listener.level(listener.owner, order.side, order.price, level.quantity, level.count)
    if level.count == 0:
        drop_level(pools, side, order.level)
    pool_give(&pools.orders, index)


cdef void take_level(
    Book *book, BookSide *side, Order *taker, BookListener *listener
) noexcept nogil:
    """Trade with the best level until it or the taker is used up."""
    cdef BookPools *pools = book.pools
    cdef uint32_t best = side.best
    cdef Level *level = level_at(pools, best)
    cdef int64_t price = order_at(pools, level.head).price
    cdef uint8_t maker_side = order_at(pools, level.head).side
    cdef uint32_t index
    cdef Order *maker
    cdef int64_t quantity
    while taker.leaves and level.head:
        index = level.head
        maker = order_at(pools, index)
        quantity = taker.leaves if taker.leaves < maker.leaves else maker.leaves
        taker.leaves -= quantity
        maker.leaves -= quantity
        level.quantity -= quantity
        side.quantity -= quantity
        listener.fill(listener.owner, taker, maker, quantity)
        if maker.leaves == 0:
            listener.gone(listener.owner, maker)
            unlink(pools, level, maker)
            pool_give(&pools.orders, index)
    listener.level(listener.owner, maker_side, price, level.quantity, level.count)
    if level.count == 0:
        drop_level(pools, side, best)


cdef void book_match(Book *book, Order *taker, BookListener *listener) noexcept nogil:
    """Trade an incoming order against the other side while it crosses."""
    cdef BookSide *side = &book.sides[1 - taker.side]
    cdef uint64_t worst = <uint64_t>-1
    if taker.order_type != ORD_MARKET:
        worst = price_key(1 - taker.side, taker.price, book.tick_size)
    while taker.leaves and side.best and side.best_key <= worst:
        take_level(book, side, taker, listener)


cdef int64_t book_fillable(Book *book, Order *order) noexcept nogil:
    """How much of it could trade now, at most its leaves."""
    cdef BookSide *side = &book.sides[1 - order.side]
    cdef uint64_t worst = <uint64_t>-1
    cdef uint32_t level = side.best
    cdef int64_t wanted = order.leaves
    if order.order_type != ORD_MARKET:
        worst = price_key(1 - order.side, order.price, book.tick_size)
    while level and wanted and level_key(book.pools, level) <= worst:
        wanted -= min(wanted, level_at(book.pools, level).quantity)
        level = side_next(book.pools, side, level)
    return order.leaves - wanted
