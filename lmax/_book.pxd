# The order book of one instrument: two sides of price levels, each level a queue of orders.
#
# Price, then time. Both sides are kept so that a *smaller key is a better price* (a sell's
# key counts ticks upwards, a buy's is the complement), so one piece of code serves both.
#
# Levels live in a radix tree over the key with 64 children a node and one bitmap a node:
#
#     Inner  bitmap 0100…1   child[64] ──▶ Inner ──▶ … ──▶ Leaf  bitmap 0011…0  levels[64]
#
# The tree is only as high as the keys in it are far apart (one Leaf for 64 neighbouring ticks,
# one Inner above it for 4,096, and so on up to the whole 64-bit range), grows at its
# root when a farther price comes and shrinks when it goes. Next best level: the lowest set
# bit, of this leaf or of the nearest ancestor that has one. How many orders rest plays no part.
#
# Orders and nodes are taken from pools that all books of an engine share; a link is a
# 32-bit index. Nothing is allocated for an order.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.memory cimport Pool, pool_at


cdef enum:
    MAX_OPEN_ORDERS = 1 << 25
    MAX_LEAVES = 1 << 22
    NODES_PER_LEVEL = 11  # most inner nodes that one new level can need
    CACHED_LEAVES = 16


cdef struct Order:  # one cache line
    int64_t price
    int64_t leaves
    int64_t quantity  # total; filled = quantity - leaves
    uint64_t client_order_id
    uint64_t arrival  # 1, 2, 3, … over the engine: place in time
    uint32_t account
    uint32_t instrument
    uint32_t next
    uint32_t prev
    uint32_t level  # leaf << 6 | place in it
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t reserved


cdef struct Level:
    int64_t quantity
    uint32_t head  # oldest
    uint32_t tail
    uint32_t count
    uint32_t reserved


cdef struct Leaf:
    uint64_t bitmap
    uint64_t base  # key >> 6
    uint32_t parent
    uint32_t owner  # the side it belongs to
    Level levels[64]


cdef struct Inner:
    uint64_t bitmap
    uint32_t parent
    uint32_t child[64]


cdef struct BookPools:
    Pool orders
    Pool leaves
    Pool inners
    uint32_t owners  # sides opened so far


cdef struct BookSide:
    uint32_t root  # Leaf at height 0, else Inner; 0: no level
    uint32_t height
    uint64_t best_key
    uint32_t best  # level with the best price; 0: none
    uint32_t owner
    int64_t quantity  # open on this side
    uint32_t cache[CACHED_LEAVES]  # leaves used last, by the low bits of their base


cdef struct Book:
    BookPools *pools
    BookSide sides[2]
    int64_t tick_size


# What a trade does to the world outside the book; the engine settles and reports here.
ctypedef void (*fill_fn)(
    void *owner, Order *taker, Order *maker, int64_t quantity
) noexcept nogil
# The maker of the last fill is gone; its memory is given back after the call.
ctypedef void (*gone_fn)(void *owner, Order *maker) noexcept nogil
# A level has a new total (0: it is gone).
ctypedef void (*level_fn)(
    void *owner, uint8_t side, int64_t price, int64_t quantity, uint32_t count
) noexcept nogil


cdef struct BookListener:
    void *owner
    fill_fn fill
    gone_fn gone
    level_fn level


cdef int pools_open(BookPools *pools) noexcept nogil
cdef void pools_close(BookPools *pools) noexcept nogil
cdef bint pools_have_room(BookPools *pools, uint32_t orders) noexcept nogil
cdef void book_open(Book *book, BookPools *pools, int64_t tick_size) noexcept nogil
cdef void book_match(Book *book, Order *taker, BookListener *listener) noexcept nogil
cdef uint32_t book_rest(Book *book, Order *order, BookListener *listener) noexcept nogil
cdef void book_reduce(
    Book *book, Order *order, int64_t quantity, BookListener *listener
) noexcept nogil
cdef void book_remove(Book *book, uint32_t index, BookListener *listener) noexcept nogil
cdef int64_t book_fillable(Book *book, Order *order) noexcept nogil
cdef uint32_t side_next(BookPools *pools, BookSide *side, uint32_t level) noexcept nogil
cdef uint32_t side_find(BookPools *pools, BookSide *side, uint64_t key) noexcept nogil


cdef inline Order *order_at(BookPools *pools, uint32_t index) noexcept nogil:
    return <Order *>pool_at(&pools.orders, index)


cdef inline Leaf *leaf_at(BookPools *pools, uint32_t index) noexcept nogil:
    return <Leaf *>pool_at(&pools.leaves, index)


cdef inline Inner *inner_at(BookPools *pools, uint32_t index) noexcept nogil:
    return <Inner *>pool_at(&pools.inners, index)


cdef inline Level *level_at(BookPools *pools, uint32_t level) noexcept nogil:
    return &leaf_at(pools, level >> 6).levels[level & 63]


cdef inline uint64_t level_key(BookPools *pools, uint32_t level) noexcept nogil:
    return leaf_at(pools, level >> 6).base << 6 | (level & 63)


cdef inline uint64_t price_key(uint8_t side, int64_t price, int64_t tick_size) noexcept nogil:
    """Smaller is better. Signed prices are shifted to unsigned order first."""
    cdef uint64_t ticks = <uint64_t>(price if tick_size == 1 else price // tick_size)
    ticks ^= <uint64_t>1 << 63
    return ~ticks if side == 0 else ticks
