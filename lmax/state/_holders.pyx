"""Who owns shares of an instrument, in order of accounts: for corporate actions.

All positions are looked through, and those wanted are sorted where address space was reserved
for it: nothing is allocated, and it takes the time of the positions there are.
"""

from libc.stdint cimport uint64_t

from lmax.state.funds cimport Position, position_at


cdef void sift_down(uint64_t *heap, uint32_t at, uint32_t count) noexcept nogil:
    """Let an item sink to its place in a heap with the largest on top."""
    cdef uint64_t item = heap[at]
    cdef uint64_t child = 2 * <uint64_t>at + 1
    while child < count:
        if child + 1 < count and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= item:
            break
        heap[at] = heap[child]
        at = <uint32_t>child
        child = 2 * child + 1
    heap[at] = item


cdef void sort(uint64_t *items, uint32_t count) noexcept nogil:
    """In place, the smallest first: a heap sort."""
    cdef uint64_t largest
    cdef uint32_t i
    for i in range(count // 2, 0, -1):
        sift_down(items, i - 1, count)
    for i in range(count, 1, -1):
        largest = items[0]
        items[0] = items[i - 1]
        items[i - 1] = largest
        sift_down(items, 0, i - 1)


cdef uint32_t gather_holders(State *state, uint32_t instrument) noexcept nogil:
    """How many accounts own shares; `holder_at` tells which, the lowest account first."""
    cdef Position *position
    cdef uint32_t count = 0
    cdef uint32_t i
    for i in range(1, state.funds.positions.used + 1):
        position = position_at(&state.funds, i)
        if position.instrument == instrument and position.shares:
            state.scratch[count] = <uint64_t>position.account << 32 | i
            count += 1
    sort(state.scratch, count)
    return count
