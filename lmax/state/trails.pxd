# Trailing stops that have seen the same best price, and which of them is nearest to it.
#
# A *trail* is a group with one best price. Its stops lie in two heaps, one of those that trail by
# money and one of those that trail by a share of the price: the least distance is on top, and
# with it the stop that is elected first. When the price goes beyond the best of several trails
# they become one: their heaps are melded, and the orders of the smaller are told the number of the
# larger. So a stop changes its trail at most log2(n) times, and a new best price touches no stop.
#
# The heaps are leftist: on the way down to the right there are at most log2(n) stops.
from libc.stdint cimport int64_t, uint32_t

from lmax.base.memory cimport Pool


cdef enum:
    BY_MONEY = 0
    BY_SHARE = 1


cdef struct HeapNode:
    int64_t distance
    uint32_t up  # 0: on top
    uint32_t left
    uint32_t right
    uint32_t rank  # stops on the way down to the right, itself included
    uint32_t trail
    uint32_t spare


cdef struct Trail:
    uint32_t top[2]  # of the heaps; 0: empty
    uint32_t count
    uint32_t level  # in the tree of trails by their best price
    int64_t best


cdef void heap_put(HeapNode *nodes, uint32_t *top, uint32_t index) noexcept nogil
cdef void heap_take(HeapNode *nodes, uint32_t *top, uint32_t index) noexcept nogil
cdef uint32_t heap_after(HeapNode *nodes, uint32_t top, uint32_t index) noexcept nogil
cdef uint32_t trails_meld(
    Pool *trails, HeapNode *nodes, uint32_t one, uint32_t other
) noexcept nogil


cdef inline Trail *trail_at(Pool *trails, uint32_t index) noexcept nogil:
    return &(<Trail *>trails.base)[index]
