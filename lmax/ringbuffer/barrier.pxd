"""A barrier: how far a consumer may read.

Without dependencies that is what producers have published. With dependencies, other
consumers that must come first, it is what all of them have passed: consumers in series, in
parallel, or in a diamond are only different dependencies.

    ring ─┬─▶ journal    ─┬─▶ logic        barrier of logic: {journal, replicator}
          └─▶ replicator ─┘                barrier of the other two: {}
"""

from libc.stdint cimport int32_t, int64_t

from lmax.ringbuffer.atomics cimport load_acquire_i32
from lmax.ringbuffer.ring cimport Ring, RingBuffer, ring_cursor, ring_highest_published
from lmax.ringbuffer.sequence cimport Sequence, sequence_get
from lmax.ringbuffer.wait cimport Wait

cdef enum:
    MAX_DEPENDENCIES = 8

cdef enum:  # barrier_wait, instead of a sequence
    WAIT_TIMED_OUT = -1
    WAIT_ALERTED = -2


cdef struct Barrier:
    Ring *ring
    int32_t count
    Sequence *dependencies[MAX_DEPENDENCIES]


cdef void barrier_init(Barrier *barrier, Ring *ring) noexcept nogil

# One more consumer to come first; 0, or -1 when there are already MAX_DEPENDENCIES.
#
# May be called while the waiter runs; it holds from its next look on. One caller at a time.
cdef int barrier_add(Barrier *barrier, Sequence *dependency) noexcept nogil

# Waits until `number` may be read; the highest sequence that may, or WAIT_TIMED_OUT after
# `wait.timeout_ns`, or WAIT_ALERTED once `alert` (may be NULL) holds something other than 0.
#
# Who sets the alert calls `signal_raise` on the ring's signal after it.
cdef int64_t barrier_wait(
    Barrier *barrier, Wait *wait, int64_t number, int32_t *alert
) noexcept nogil


cdef inline int64_t barrier_available(Barrier *barrier, int64_t number) noexcept nogil:
    """The highest sequence that may be read, which is below `number` if `number` may not yet.

    Acquire: everything the producers and the dependencies did up to there is visible.
    """
    cdef int64_t highest, other
    cdef int index
    cdef int count = load_acquire_i32(&barrier.count)
    if count == 0:
        highest = ring_cursor(barrier.ring)
        if highest < number:
            return highest
        return ring_highest_published(barrier.ring, number, highest)
    # A dependency has only passed what was published: no need to look at the cursor.
    highest = sequence_get(barrier.dependencies[0])
    for index in range(1, count):
        other = sequence_get(barrier.dependencies[index])
        if other < highest:
            highest = other
    return highest


cdef class SequenceBarrier:
    """A barrier that Python owns."""

    cdef Barrier barrier
    cdef RingBuffer _ring
    cdef list _dependencies
