# Monotonic time for agents, or what a simulation says it is.
from libc.stdint cimport int64_t

from lmax.ringbuffer.sequence cimport Sequence, sequence_get
from lmax.ringbuffer.wait cimport now_ns


cdef inline int64_t look(Sequence *clock) noexcept nogil:
    """Nanoseconds; `clock` is NULL for the machine's."""
    return now_ns() if clock == NULL else sequence_get(clock)
