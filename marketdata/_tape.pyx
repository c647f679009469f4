"""Memory for the last trades, and reading them. See _tape.pxd."""
from libc.stdlib cimport calloc, free

from lmax.ringbuffer.atomics cimport acquire_fence, load_acquire_i64


cdef int tape_open(Tape *tape, int64_t kept) noexcept nogil:
    cdef int64_t slots = 2
    while slots < 2 * kept:
        slots *= 2
    tape.mask = slots - 1
    tape.slots = <Trade *>calloc(slots, sizeof(Trade))
    return 0 if tape.slots != NULL else -1


cdef void tape_close(Tape *tape) noexcept nogil:
    free(tape.slots)


cdef int64_t tape_copy(Tape *tape, Trade *target, int64_t most) noexcept nogil:
    cdef int64_t last, count, i
    while True:
        last = load_acquire_i64(&tape.done)
        count = min(most, last)
        for i in range(count):
            target[i] = tape.slots[(last - count + 1 + i) & tape.mask]
        acquire_fence()
        if load_relaxed_i64(&tape.begun) - tape.mask <= last - count + 1:
            return count
