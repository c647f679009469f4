"""How long a command takes from its publication until its events can be read.

One more consumer of the output ring. It looks at the clock once for all events that it finds:
they became readable by then at the latest, so what is recorded is never too little.
"""
from libc.stdint cimport int64_t

from lmax.histogram cimport Counts, Histogram, record
from lmax.ringbuffer.agent cimport AgentBase
from lmax.ringbuffer.barrier cimport Barrier, barrier_available, barrier_init
from lmax.ringbuffer.ring cimport RingBuffer, ring_slot
from lmax.ringbuffer.sequence cimport RingSequence, Sequence, sequence_get, sequence_set
from lmax.wire cimport FLAG_LAST, Event
from node.clock cimport wall_clock_ns

cdef enum:
    MOST = 8192


cdef struct Probe:
    Barrier barrier
    Sequence *position
    Counts *counts


cdef int measure(void *state) noexcept nogil:
    """One round: how many events were seen."""
    cdef Probe *probe = <Probe *>state
    cdef int64_t first = sequence_get(probe.position) + 1
    cdef int64_t last = min(barrier_available(&probe.barrier, first), <int64_t>(first + MOST - 1))
    cdef int64_t number, now
    cdef Event *event
    if last < first:
        return 0
    now = wall_clock_ns()
    for number in range(first, last + 1):
        event = <Event *>ring_slot(probe.barrier.ring, number)
        if event.flags & FLAG_LAST:
            record(probe.counts, now - event.timestamp)
    sequence_set(probe.position, last)
    return <int>(last - first + 1)


cdef class LatencyProbe(AgentBase):
    """Fills `histogram` with the latency of every command, in ns."""

    cdef Probe probe
    cdef readonly Histogram histogram
    cdef readonly RingBuffer ring
    cdef readonly RingSequence position

    def __cinit__(self, RingBuffer ring):
        self.ring = ring
        self.histogram = Histogram()
        self.position = RingSequence()
        ring.add_gate(self.position)
        barrier_init(&self.probe.barrier, ring.ring)
        self.probe.position = self.position.sequence
        self.probe.counts = &self.histogram.counts
        self.agent.do_work = measure
        self.agent.state = &self.probe
