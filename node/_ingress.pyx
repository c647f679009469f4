"""The way into the input ring: every command gets its sequence and its timestamp here."""
from libc.stdint cimport int64_t
from libc.string cimport memcpy

import numpy as np

from lmax.ringbuffer.ring cimport RingBuffer, ring_publish, ring_slot, ring_try_claim
from lmax.ringbuffer.sequence cimport RingSequence, sequence_get
from lmax.wire cimport RECORD_BYTES, Command
from node.clock cimport wall_clock_ns

from lmax.ringbuffer.ring import RingFull
from lmax.schema import COMMAND


cdef class Ingress:
    """Publishes commands on an input ring. Any thread may call it if the ring is "multi".

    clock: nanoseconds since 1970, where it is not the machine's.
    """

    cdef readonly RingBuffer ring
    cdef readonly RingSequence clock

    def __cinit__(self, RingBuffer ring, RingSequence clock=None):
        if ring.slot_bytes != RECORD_BYTES:
            raise ValueError(f"the ring has slots of {RECORD_BYTES} bytes")
        self.ring = ring
        self.clock = clock

    def offer(self, commands):
        """Publish the commands in order as one run; the sequence of the last.

        commands: an array of dtype COMMAND, at most the ring's capacity; `sequence` and
        `timestamp` are set here, not read. Raises RingFull, with nothing published: try again.
        """
        if not isinstance(commands, np.ndarray) or commands.dtype != COMMAND:
            raise TypeError("commands are a NumPy array of dtype lmax.COMMAND")
        cdef const unsigned char[::1] source = np.ascontiguousarray(commands).view(np.uint8)
        cdef int64_t count = source.shape[0] // RECORD_BYTES
        cdef int64_t last, number, now
        cdef Command *slot
        if count == 0:
            return self.ring.cursor
        if count > self.ring.capacity:
            raise ValueError(
                f"{count} commands at once do not fit a ring of {self.ring.capacity};"
                " offer them in parts"
            )
        last = ring_try_claim(self.ring.ring, count)
        if last < 0:
            raise RingFull(
                f"the input ring has no room for {count} commands now; nothing was taken,"
                " try again shortly"
            )
        now = wall_clock_ns() if self.clock is None else sequence_get(self.clock.sequence)
        with nogil:
            for number in range(last - count + 1, last + 1):
                slot = <Command *>ring_slot(self.ring.ring, number)
                memcpy(slot, &source[(number - last + count - 1) * RECORD_BYTES], RECORD_BYTES)
                slot.sequence = number
                slot.timestamp = now
            ring_publish(self.ring.ring, last - count + 1, last)
        return last
