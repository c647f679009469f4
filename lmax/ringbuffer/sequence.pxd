"""A sequence: how far a producer or a consumer has come, alone on its cache lines.

Sequences count from 1, like the commands they number: 0 means that nothing happened yet.
The value has 128 bytes to itself, two lines, because x86 fetches lines in adjacent pairs.
Put the struct at an address that is a multiple of 128 (`cache_aligned`).
"""

from libc.stdint cimport int64_t

from lmax.ringbuffer.atomics cimport load_acquire_i64, store_release_i64

cdef enum:
    CACHE_ALIGNMENT = 128


cdef struct Sequence:
    int64_t value
    char padding[120]


cdef inline int64_t sequence_get(const Sequence *sequence) noexcept nogil:
    """Acquire: what was written before the matching `sequence_set` is visible after this."""
    return load_acquire_i64(&sequence.value)


cdef inline void sequence_set(Sequence *sequence, int64_t value) noexcept nogil:
    """Release: everything done before this is visible to who reads the new value."""
    store_release_i64(&sequence.value, value)


# `size` zeroed bytes on a cache-line boundary, to be given to `free`; NULL without memory.
cdef void *cache_aligned(size_t size) noexcept nogil


cdef class RingSequence:
    """A sequence that Python owns."""

    cdef Sequence *sequence
