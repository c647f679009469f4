"""The loops that time bare Aeron: messages over channels, in C, with drivers called in between."""
cimport cython
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

import numpy as np

from lmax.ringbuffer.agent cimport MAX_AGENTS, Agent, AgentBase, agent_do_work
from lmax.ringbuffer.sequence cimport RingSequence, sequence_get, sequence_set
from lmax.ringbuffer.wait cimport now_ns
from replicator.channel cimport MAX_MESSAGE, Channel, ChannelBase

cdef enum:
    PATIENCE_NS = 60_000_000_000    # a message that takes longer was lost
    CLOCK_EVERY = 1_024             # rounds of waiting between two looks at the clock


cdef class End:
    """One end of a link: a channel, the agents to call while it waits, and a buffer."""

    cdef readonly ChannelBase base
    cdef readonly tuple agents
    cdef Channel *channel
    cdef Agent *_agents[MAX_AGENTS]
    cdef int _count
    cdef char *buffer

    def __cinit__(self, ChannelBase channel not None, agents):
        self.base = channel
        self.channel = &channel.channel
        self.agents = tuple(agents)
        if len(self.agents) > MAX_AGENTS:
            raise ValueError(f"at most {MAX_AGENTS} agents")
        for agent in self.agents:
            self._agents[self._count] = (<AgentBase>agent).as_agent()
            self._count += 1
        self.buffer = <char *>calloc(1, MAX_MESSAGE)
        if self.buffer == NULL:
            raise MemoryError("no memory for a message")

    def __dealloc__(self):
        free(self.buffer)

    cdef void pump(self) noexcept nogil:
        cdef int i
        for i in range(self._count):
            agent_do_work(self._agents[i])

    cdef bint send(self, int64_t size) noexcept nogil:
        return self.channel.send(self.channel.state, self.buffer, size) == size

    cdef int64_t receive(self) noexcept nogil:
        return self.channel.receive(self.channel.state, self.buffer, MAX_MESSAGE)


cdef struct Patience:
    int64_t rounds
    int64_t deadline


cdef void begin_waiting(Patience *patience) noexcept nogil:
    patience.rounds = 0
    patience.deadline = 0


cdef bint is_over(Patience *patience) noexcept nogil:
    """Called once a round in which nothing came."""
    patience.rounds += 1
    if patience.rounds % CLOCK_EVERY:
        return False
    if patience.deadline == 0:
        patience.deadline = now_ns() + PATIENCE_NS
    return now_ns() > patience.deadline


cdef lost(int64_t number, int64_t count):
    return TimeoutError(f"message {number} of {count} was lost")


@cython.boundscheck(False)      # filled from 0 to count
@cython.wraparound(False)
def round_trips(End here not None, int64_t size, int64_t count, End there=None):
    """ns of each of `count` messages of `size` bytes there and back, one in flight.

    there: the other end, to be served by the same thread; else `echo` does, on another.
    """
    cdef Patience patience
    cdef int64_t number = 0, begun
    cdef bint over = False
    took = np.empty(count, dtype=np.int64)
    cdef int64_t[::1] nanoseconds = took
    with nogil:
        while number < count and not over:
            begin_waiting(&patience)
            begun = now_ns()
            while not (over or here.send(size)):
                over = idle(here, there, &patience)
            while not over and here.receive() != size:
                over = idle(here, there, &patience)
            nanoseconds[number] = now_ns() - begun
            number += not over
    if over:
        raise lost(number, count)
    return took


cdef bint idle(End here, End there, Patience *patience) noexcept nogil:
    """A round of everything that this thread does besides; true when it took too long."""
    here.pump()
    if there is not None:
        answer(there)
    return is_over(patience)


cdef bint answer(End there) noexcept nogil:
    """Sends back what came, if anything did."""
    cdef int64_t size
    there.pump()
    size = there.receive()
    if size <= 0:
        return False
    while not there.send(size):
        there.pump()
    there.pump()
    return True


def echo(End there not None, RingSequence done not None):
    """Answers until `done` is set; the other side of `round_trips` on a thread of its own."""
    cdef Patience patience
    cdef int64_t number = 0
    cdef bint over = False
    with nogil:
        begin_waiting(&patience)
        while sequence_get(done.sequence) == 0 and not over:
            if answer(there):
                number += 1
                begin_waiting(&patience)
            else:
                over = is_over(&patience)
    if over:
        raise TimeoutError(f"nothing came after message {number}")


def pour(End here not None, RingSequence taken not None, int64_t size, int64_t count):
    """Sends as fast as there is room, until `take` on another thread has `count` messages."""
    cdef Patience patience
    cdef int64_t number = 0
    cdef bint over = False
    with nogil:
        begin_waiting(&patience)
        while sequence_get(taken.sequence) < count and not over:
            if number < count and here.send(size):
                number += 1
                if number % 16 == 0:
                    here.pump()
                begin_waiting(&patience)
            else:
                here.pump()
                over = is_over(&patience)
    if over:
        raise lost(number, count)


@cython.boundscheck(False)      # filled from 0 to count
@cython.wraparound(False)
def take(End there not None, RingSequence taken not None, int64_t count):
    """Receives `count` messages; when each of them came, in ns of the monotonic clock."""
    cdef Patience patience
    cdef int64_t number = 0
    cdef bint over = False
    came = np.empty(count, dtype=np.int64)
    cdef int64_t[::1] nanoseconds = came
    with nogil:
        begin_waiting(&patience)
        while number < count and not over:
            if there.receive() > 0:
                nanoseconds[number] = now_ns()
                number += 1
                if number % 16 == 0:
                    there.pump()
                begin_waiting(&patience)
            else:
                there.pump()
                over = is_over(&patience)
        sequence_set(taken.sequence, number)
    if over:
        raise lost(number, count)
    return came


@cython.boundscheck(False)      # filled from 0 to count
@cython.wraparound(False)
def stream(End here not None, End there not None, int64_t size, int64_t count):
    """The same by one thread, which serves both ends in turn."""
    cdef Patience patience
    cdef int64_t number = 0, sent = 0
    cdef bint over = False
    came = np.empty(count, dtype=np.int64)
    cdef int64_t[::1] nanoseconds = came
    with nogil:
        begin_waiting(&patience)
        while number < count and not over:
            while sent < count and sent - number < 64 and here.send(size):
                sent += 1
            here.pump()
            there.pump()
            over = is_over(&patience)
            while number < count and there.receive() > 0:
                nanoseconds[number] = now_ns()
                number += 1
                begin_waiting(&patience)
    if over:
        raise lost(number, count)
    return came
