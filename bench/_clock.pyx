"""The processor's clock: how fast it runs, and what reading it costs. See _clock.pxd."""
from lmax.histogram cimport Histogram, record
from lmax.ringbuffer.wait cimport sleep_ns

cdef extern from "<time.h>" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int CLOCK_MONOTONIC
    int clock_gettime(int clock, timespec *time)

cdef uint64_t scale = 0


cdef int64_t monotonic_ns() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * <int64_t>1_000_000_000 + now.tv_nsec


cdef uint64_t ns_in_2_20_ticks() noexcept nogil:
    """The clock's pace, measured once against the system's over 50 ms."""
    global scale
    cdef int64_t begun_ns
    cdef uint64_t begun, ended
    if scale == 0:
        begun_ns = monotonic_ns()
        begun = ticks_before()
        sleep_ns(50_000_000)
        ended = ticks_after()
        scale = (<uint64_t>(monotonic_ns() - begun_ns) << 20) // (ended - begun)
    return scale


def timer_cost(int64_t count=100_000):
    """A Histogram of spans, ns, with nothing in them: what every measured span holds besides."""
    cdef Histogram found = Histogram()
    cdef uint64_t pace = ns_in_2_20_ticks()
    cdef uint64_t begun, ended
    cdef int64_t _i
    with nogil:
        for _i in range(count):
            begun = ticks_before()
            ended = ticks_after()
            record(&found.counts, in_ns(ended - begun, pace))
    return found


def timer_mean_ns(int rounds=50):
    """The mean of such spans, to be taken away from the mean of others: the quietest round's."""
    cdef uint64_t pace = ns_in_2_20_ticks()
    cdef uint64_t least = <uint64_t>-1
    cdef uint64_t spent, begun
    cdef int _i, _k
    with nogil:
        for _i in range(rounds):
            spent = 0
            for _k in range(1 << 10):
                begun = ticks_before()
                spent += ticks_after() - begun
            least = min(least, spent)
    return in_ns(least, pace) / (1 << 10)
