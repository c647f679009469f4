# The wall clock: where commands get their timestamps and latencies are measured.
from libc.stdint cimport int64_t

cdef extern from "<time.h>" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int CLOCK_REALTIME
    int clock_gettime(int clock, timespec *time)


cdef inline int64_t wall_clock_ns() noexcept nogil:
    """Nanoseconds since 1970, UTC."""
    cdef timespec now
    clock_gettime(CLOCK_REALTIME, &now)
    return now.tv_sec * <int64_t>1_000_000_000 + now.tv_nsec
