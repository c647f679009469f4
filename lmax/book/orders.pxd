# The hot part of a resting order, and queues of them.
#
# 32 bytes, two in a cache line, in a pool; links are 32-bit indexes. The price is that of the
# level. What is seldom read of an order (account, total, …) belongs into an array of its own under
# the same index.
#
# Slot 0 is nobody. A level has its head where a slot has `next` and its tail where a slot has
# `prev`, so the ends of a queue are linked to the level as to a slot, and need no branch.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from lmax.book.levels cimport Level
from lmax.base.memory cimport Pool, give_sized, take_sized


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


cdef inline uint32_t slot_take(Pool *slots) noexcept nogil:
    return take_sized(slots, sizeof(Slot))


cdef inline void slot_give(Pool *slots, uint32_t index) noexcept nogil:
    give_sized(slots, index, sizeof(Slot))


cdef inline void queue_append(Pool *slots, Level *level, uint32_t index) noexcept nogil:
    """Put a slot last. Quantities are the caller's business."""
    cdef Slot *slot = slot_at(slots, index)
    cdef uint32_t tail = level.tail
    cdef Slot *before = slot_at(slots, tail) if tail else <Slot *>level
    slot.next = 0
    slot.prev = tail
    before.next = index
    level.tail = index
    level.count += 1


cdef inline void queue_unlink(Pool *slots, Level *level, Slot *slot) noexcept nogil:
    """Take a slot out, wherever it stands. Quantities are the caller's business."""
    cdef uint32_t next = slot.next
    cdef uint32_t prev = slot.prev
    cdef Slot *before = slot_at(slots, prev) if prev else <Slot *>level
    cdef Slot *after = slot_at(slots, next) if next else <Slot *>level
    before.next = next
    after.prev = prev
    level.count -= 1
