# Latency histogram in HdrHistogram's layout: exact below 128 ns, then 64 steps for each doubling
# (values are kept to within 1.6 %), up to 2^42 ns (73 minutes). Recording is a few instructions.
# Source of the layout: Gil Tene, HdrHistogram (http://hdrhistogram.org).
from libc.stdint cimport int64_t, uint64_t


cdef enum:
    EXACT = 128
    STEPS = 64
    HIGHEST_BIT = 42
    BUCKETS = EXACT + STEPS * (HIGHEST_BIT - 7)

cdef extern from *:
    int leading_zeros "__builtin_clzll" (unsigned long long) noexcept nogil


cdef struct Counts:
    uint64_t buckets[BUCKETS]
    uint64_t total
    int64_t highest


cdef inline int bucket_of(int64_t value) noexcept nogil:
    cdef int shift
    if value < EXACT:
        return <int>value if value > 0 else 0
    if value >> HIGHEST_BIT:
        return BUCKETS - 1
    shift = 57 - leading_zeros(value)  # keeps the top seven bits
    return EXACT + STEPS * (shift - 1) + <int>(value >> shift) - STEPS


cdef inline void record(Counts *counts, int64_t value) noexcept nogil:
    """Count one value in ns; negative ones (a clock that was set back) count as 0."""
    counts.buckets[bucket_of(value)] += 1
    counts.total += 1
    if value > counts.highest:
        counts.highest = value


cdef class Histogram:
    cdef Counts counts
