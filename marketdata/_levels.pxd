# One side of a book: its price levels in one sorted array, the best at the end.
#
# What changes is nearly always near the best price, so little has to move for a new level or
# a gone one. Keys make one piece of code serve both sides: a larger key is a better price.
#
# An array that is outgrown is kept, not freed: a reader on another thread may still be
# copying it (see _book.pxd). All of them together are no larger than the one in use.
from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memmove

from lmax.wire cimport SIDE_BUY

cdef enum:
    NEAR = 8  # levels from the best that are looked at one by one


cdef struct Level:
    int64_t key
    int64_t quantity  # open at this price
    int64_t orders


cdef struct Block:  # `capacity` levels follow it in memory
    Block *outgrown
    int64_t capacity


cdef struct BookSide:
    Level *levels
    int64_t count
    Block *block


# Twice the room; -1 without memory, and nothing changed.
cdef int side_grow(BookSide *side) noexcept nogil

cdef void side_free(BookSide *side) noexcept nogil


cdef inline int64_t price_key(uint8_t side, int64_t price) noexcept nogil:
    """The complement turns the order round for every price; its own inverse."""
    return price if side == SIDE_BUY else ~price


cdef inline int64_t side_place(const BookSide *side, int64_t key) noexcept nogil:
    """Index of the level with that key, or where it would be put in."""
    cdef int64_t low = 0, high = side.count, middle
    cdef int64_t near = max(<int64_t>0, high - NEAR)
    while high > near:
        if side.levels[high - 1].key < key:
            return high
        high -= 1
    while low < high:
        middle = (low + high) >> 1
        if side.levels[middle].key < key:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline int side_set(
    BookSide *side, int64_t key, int64_t quantity, int64_t orders
) noexcept nogil:
    """What is open at a level now, nothing if quantity is 0; -1 without memory."""
    cdef int64_t place = side_place(side, key)
    cdef bint found = place < side.count and side.levels[place].key == key
    cdef Level *level
    if quantity == 0:
        if found:
            side.count -= 1
            side_shift(side, place + 1, place)
        return 0
    if not found:
        if (side.block == NULL or side.count == side.block.capacity) and side_grow(side) < 0:
            return -1
        side_shift(side, place, place + 1)
        side.count += 1
    level = &side.levels[place]
    level.key = key
    level.quantity = quantity
    level.orders = orders
    return 0


cdef inline void side_shift(BookSide *side, int64_t start, int64_t target) noexcept nogil:
    """Move what begins at `start` to `target`; the last of it ends where the count says."""
    cdef int64_t moved = side.count - min(start, target)
    if moved > 0:
        memmove(&side.levels[target], &side.levels[start], moved * sizeof(Level))
