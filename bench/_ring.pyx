"""The loops that `bench.ring` times: lean, without the GIL, on two threads or more."""

cimport cython
from libc.stdint cimport int64_t
from libc.stdlib cimport free

import numpy as np

from lmax.ringbuffer.barrier cimport Barrier, SequenceBarrier, barrier_available
from lmax.ringbuffer.ring cimport Ring, RingBuffer, ring_publish, ring_slot, ring_try_claim
from lmax.ringbuffer.sequence cimport (
    RingSequence,
    Sequence,
    cache_aligned,
    sequence_get,
    sequence_set,
)
from lmax.ringbuffer.wait cimport Wait, now_ns, wait_idle, wait_init

cdef enum:
    LAST = -1                   # the value of the message after which consumers end
    CLOCK_EVERY = 4_096         # messages between two looks at the clock


# ---- messages per second ---------------------------------------------------------------

def pump(RingBuffer ring, int64_t batch, double seconds, *, int strategy):
    """Publishes for that long, `batch` messages at once, then the last one; how many in all."""
    cdef Wait wait
    cdef int64_t sent
    cdef int64_t deadline = now_ns() + <int64_t>(seconds * 1e9)
    wait_init(&wait, strategy, 0, 0, NULL)
    with nogil:
        sent = send(ring.ring, 0, CLOCK_EVERY, batch, &wait)
        while now_ns() < deadline:
            sent += send(ring.ring, sent, CLOCK_EVERY, batch, &wait)
        sent += send(ring.ring, LAST, 1, 1, &wait)
    return sent


cdef int64_t send(
    Ring *ring, int64_t value, int64_t count, int64_t batch, Wait *wait
) noexcept nogil:
    cdef int64_t left = count, last, number
    while left > 0:
        last = ring_try_claim(ring, batch)
        wait_idle(wait, last > 0)
        if last < 0:
            continue
        for number in range(last - batch + 1, last + 1):
            (<int64_t *>ring_slot(ring, number))[0] = value
            value += 1
        ring_publish(ring, last - batch + 1, last)
        left -= batch
    return count


def drain(SequenceBarrier barrier, RingSequence sequence, *, int strategy):
    """Reads the first word of every message, to the last one; how many there were."""
    cdef Wait wait
    cdef int64_t number, available, value = 0, done = 0
    cdef Barrier *here = &barrier.barrier
    wait_init(&wait, strategy, 0, 0, NULL)
    with nogil:
        while value != LAST:
            available = barrier_available(here, done + 1)
            wait_idle(&wait, available > done)
            for number in range(done + 1, available + 1):
                value = (<int64_t *>ring_slot(here.ring, number))[0]
            if available > done:
                done = available
                sequence_set(sequence.sequence, done)
    return done


# ---- one message in flight -------------------------------------------------------------

def send_stamps(RingBuffer ring, RingSequence passed, int64_t count, *, int strategy):
    """Sends the time `count` times, each when the one before has been received."""
    cdef Wait wait
    cdef int64_t number
    wait_init(&wait, strategy, 0, 0, NULL)
    with nogil:
        for number in range(1, count + 1):
            ring_try_claim(ring.ring, 1)
            (<int64_t *>ring_slot(ring.ring, number))[0] = now_ns()
            ring_publish(ring.ring, number, number)
            await_sequence(passed.sequence, number, &wait)


@cython.boundscheck(False)     # every loop below fills its array from 0 to count
@cython.wraparound(False)
def receive_stamps(SequenceBarrier barrier, RingSequence passed, int64_t count, *, int strategy):
    """The nanoseconds each message took, as an array."""
    cdef Wait wait
    cdef int64_t number
    took = np.empty(count, dtype=np.int64)
    cdef int64_t[::1] nanoseconds = took
    wait_init(&wait, strategy, 0, 0, NULL)
    with nogil:
        for number in range(1, count + 1):
            while barrier_available(&barrier.barrier, number) < number:
                wait_idle(&wait, 0)
            nanoseconds[number - 1] = (
                now_ns() - (<int64_t *>ring_slot(barrier.barrier.ring, number))[0]
            )
            wait_idle(&wait, 1)
            sequence_set(passed.sequence, number)
    return took


cdef inline void await_sequence(Sequence *sequence, int64_t number, Wait *wait) noexcept nogil:
    while sequence_get(sequence) < number:
        wait_idle(wait, 0)
    wait_idle(wait, 1)


cdef struct Line:
    Sequence there          # the first padding word is the stamp: one line to hand over
    Sequence back


cdef class BareLine:
    """Two threads, one cache line there and one back: the least a hand-off can cost."""

    cdef Line *line

    def __cinit__(self):
        self.line = <Line *>cache_aligned(sizeof(Line))
        if self.line == NULL:
            raise MemoryError("no memory for two cache lines")

    def __dealloc__(self):
        free(self.line)

    def send(self, int64_t count, *, int strategy):
        """Sends the time `count` times, each when the one before has been received."""
        cdef Wait wait
        cdef int64_t number
        wait_init(&wait, strategy, 0, 0, NULL)
        with nogil:
            for number in range(1, count + 1):
                (<int64_t *>self.line.there.padding)[0] = now_ns()
                sequence_set(&self.line.there, number)
                await_sequence(&self.line.back, number, &wait)

    @cython.boundscheck(False)
    @cython.wraparound(False)
    def receive(self, int64_t count, *, int strategy):
        """The nanoseconds each message took, as an array."""
        cdef Wait wait
        cdef int64_t number
        took = np.empty(count, dtype=np.int64)
        cdef int64_t[::1] nanoseconds = took
        wait_init(&wait, strategy, 0, 0, NULL)
        with nogil:
            for number in range(1, count + 1):
                while sequence_get(&self.line.there) < number:
                    wait_idle(&wait, 0)
                nanoseconds[number - 1] = now_ns() - (<int64_t *>self.line.there.padding)[0]
                wait_idle(&wait, 1)
                sequence_set(&self.line.back, number)
        return took
