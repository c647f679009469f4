# The processor's own clock, for spans of some tens of nanoseconds.
#
# `ticks_before` and `ticks_after` stand around what is measured: nothing of it begins before the
# first or goes on after the second, stores on their way to the cache excepted. On other
# processors than x86-64 the system's clock takes their place.
from libc.stdint cimport int64_t, uint64_t

cdef extern from *:
    """
    #if defined(__x86_64__)
    #include <x86intrin.h>
    static inline unsigned long long bench_before(void) {
        unsigned long long now;
        _mm_lfence(); now = __rdtsc(); _mm_lfence();
        return now;
    }
    static inline unsigned long long bench_after(void) {
        unsigned processor;
        unsigned long long now = __rdtscp(&processor);
        _mm_lfence();
        return now;
    }
    #else
    #include <time.h>
    static inline unsigned long long bench_before(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1000000000ull + now.tv_nsec;
    }
    #define bench_after bench_before
    #endif
    """
    uint64_t ticks_before "bench_before" () noexcept nogil
    uint64_t ticks_after "bench_after" () noexcept nogil


cdef int64_t monotonic_ns() noexcept nogil

cdef uint64_t ns_in_2_20_ticks() noexcept nogil


cdef inline int64_t in_ns(uint64_t ticks, uint64_t scale) noexcept nogil:
    """Whole nanoseconds of so many ticks; scale: from `ns_in_2_20_ticks`."""
    return <int64_t>(ticks * scale >> 20) if ticks < <uint64_t>1 << 40 else <int64_t>1 << 40
