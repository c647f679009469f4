"""Reading the output ring by copying, for consumers that may fall behind.

A RingTail is a detachable gate. While it keeps up, `read` copies what is new. When it is so
slow that the ring is full of events it has not read, the business logic leaves it behind;
`read` then answers None, and the consumer has to catch up from the journal and `attach` again.
"""
from libc.stdint cimport int64_t
from libc.string cimport memcpy

import numpy as np

from lmax.ringbuffer.barrier cimport Barrier, barrier_available, barrier_init
from lmax.ringbuffer.ring cimport (
    Ring, RingBuffer, gate_is_attached, ring_attach, ring_cursor, ring_remove_gate, ring_slot,
)
from lmax.ringbuffer.sequence cimport RingSequence, sequence_get, sequence_set
from lmax.wire cimport RECORD_BYTES

from lmax.schema import EVENT


cdef class RingTail:
    """A consumer of the events of `ring`, attached at the ring's present end."""

    cdef readonly RingBuffer ring
    cdef readonly RingSequence position
    cdef Barrier barrier
    cdef int gate

    def __cinit__(self, RingBuffer ring):
        self.ring = ring
        self.position = RingSequence()
        self.gate = ring.add_gate(self.position, detachable=True)
        barrier_init(&self.barrier, ring.ring)

    def read(self, int64_t most=16384):
        """A copy of the next events (dtype EVENT), at most `most`; None when left behind."""
        cdef int64_t first = sequence_get(self.position.sequence) + 1
        cdef int64_t last = min(barrier_available(&self.barrier, first), first + most - 1)
        cdef int64_t count = max(<int64_t>0, last - first + 1)
        cdef int64_t number
        events = np.empty(count, EVENT)
        cdef unsigned char[::1] target = events.view(np.uint8)
        if not self.attached:
            return None
        if count == 0:
            return events
        with nogil:
            for number in range(first, last + 1):
                memcpy(
                    &target[(number - first) * RECORD_BYTES],
                    ring_slot(self.ring.ring, number),
                    RECORD_BYTES,
                )
        if not gate_is_attached(self.ring.ring, self.gate):
            return None  # what was copied may have been overwritten meanwhile
        sequence_set(self.position.sequence, last)
        return events

    def attach(self):
        """Begin again at the present end of the ring; whether it worked (if not, try again)."""
        cdef Ring *ring = self.ring.ring
        return self.gate >= 0 and ring_attach(ring, self.gate, ring_cursor(ring))

    @property
    def attached(self):
        """Whether the logic still waits for this consumer."""
        return self.gate >= 0 and gate_is_attached(self.ring.ring, self.gate)

    def close(self):
        """Let the logic go on without this consumer."""
        if self.gate >= 0:
            ring_remove_gate(self.ring.ring, self.gate)
            self.gate = -1
