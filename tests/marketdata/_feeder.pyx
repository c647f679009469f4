"""A producer without the GIL: the same events again and again, a whole run at once."""
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from lmax.ringbuffer.agent cimport AgentBase
from lmax.ringbuffer.ring cimport Ring, RingBuffer, ring_publish, ring_slot, ring_try_claim
from lmax.wire cimport Event


cdef struct Run:
    Ring *ring
    const Event *events
    int64_t count


cdef int publish_run(void *state) noexcept nogil:
    """All of the run, once the ring has room for it; 0 until then."""
    cdef Run *run = <Run *>state
    cdef int64_t last = ring_try_claim(run.ring, run.count)
    cdef int64_t i, first
    if last < 0:
        return 0
    first = last - run.count + 1
    for i in range(run.count):
        memcpy(ring_slot(run.ring, first + i), &run.events[i], sizeof(Event))
    ring_publish(run.ring, first, last)
    return <int>run.count


cdef class Feeder(AgentBase):
    """Publishes `events` (dtype EVENT, no more than the ring holds) whenever there is room."""

    cdef Run run
    cdef RingBuffer output
    cdef const unsigned char[::1] data

    def __cinit__(self, RingBuffer output, events):
        self.output = output
        self.data = events.view("u1")
        self.run.ring = output.ring
        self.run.events = <const Event *>&self.data[0]
        self.run.count = len(events)
        self.agent.do_work = publish_run
        self.agent.state = &self.run
