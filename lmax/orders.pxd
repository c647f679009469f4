# The hot part of a resting order, and queues of them.
#
# 32 bytes, two in a cache line, in a pool; links are 32-bit indexes. The price is that of the
# level. What is seldom read of an order (account, total, …) belongs into an array of its own under
# the same index.
#
# Slot 0 is nobody: links of 0 lead to it, so it may be written to, and linking needs no branch
# for the first and the last of a queue. What is written there is never read.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from lmax.levels cimport Level
from lmax.memory cimport Pool


cdef struct Slot:
    uint64_t id
    int64_t leaves
    uint32_t next
    uint32_t prev
    uint32_t level
    uint8_t side
    uint8_t flags  # for whoever owns the pool
    uint16_t spare


cdef inline Slot *slot_at(Pool *slots, uint32_t index) noexcept nogil:
    return &(<Slot *>slots.base)[index]


cdef inline void queue_append(Pool *slots, Level *level, uint32_t index) noexcept nogil:
    """Put a slot last. Quantities are the caller's business."""
    cdef Slot *slot = slot_at(slots, index)
    cdef uint32_t tail = level.tail
    slot.next = 0
    slot.prev = tail
    slot_at(slots, tail).next = index
    level.head = level.head if tail else index
    level.tail = index
    level.count += 1


cdef inline void queue_unlink(Pool *slots, Level *level, Slot *slot) noexcept nogil:
    """Take a slot out, wherever it stands. Quantities are the caller's business."""
    cdef uint32_t next = slot.next
    cdef uint32_t prev = slot.prev
    slot_at(slots, prev).next = next
    slot_at(slots, next).prev = prev
    level.head = level.head if prev else next
    level.tail = level.tail if next else prev
    level.count -= 1
