"""The business logic as an agent. See _business.pxd."""
from libc.stdlib cimport free, malloc

import numpy as np

from lmax._engine cimport fault_of
from lmax._logic cimport (
    AHEAD, AHEAD_NEXT, AHEAD_SOON, logic_apply, logic_apply_all, logic_expect,
    logic_expect_next, logic_expect_soon,
)
from lmax.base.memory cimport refused
from lmax.state._state cimport FAULT_NONE, Sink, state_close, state_open
from lmax.view._view cimport view_of
from lmax.ringbuffer.agent cimport agent_do_work
from lmax.ringbuffer.atomics cimport load_acquire_i32, store_release_i32
from lmax.ringbuffer.barrier cimport barrier_add, barrier_available, barrier_init
from lmax.ringbuffer.ring cimport (
    ring_cursor, ring_detach_slowest, ring_publish, ring_slot, ring_try_claim,
)
from lmax.ringbuffer.sequence cimport sequence_get, sequence_set
from lmax.state.tradelog cimport MAX_TRADES
from lmax.wire cimport RECORD_BYTES, Command, Event

from lmax.schema import COMMAND

cdef enum:
    RUN = 256  # output slots claimed at once
    SCRAP = 32  # events that nobody reads, in a replay: few, so that they stay in the first cache
    BURST = 32  # commands applied before their events are shown
    MOST = 8192  # commands in one round: as many as the journal writes at once

cdef extern from "<sched.h>" nogil:
    int sched_yield()


cdef void publish_written(Logic *logic) noexcept nogil:
    """Show the events written since the last time."""
    cdef int64_t last
    cdef Sink *sink = &logic.state.sink
    if sink.next == NULL:
        return
    last = logic.run_end - (sink.end - sink.next)
    if last > logic.written:
        ring_publish(logic.output, logic.written + 1, last)
        logic.written = last


cdef bint claim_run(Logic *logic, int64_t count) noexcept nogil:
    cdef int64_t last = ring_try_claim(logic.output, count)
    if last < 0:
        return False
    logic.run_start = last - count + 1
    logic.run_end = last
    logic.state.sink.next = <Event *>ring_slot(logic.output, logic.run_start)
    logic.state.sink.end = logic.state.sink.next + count
    return True


cdef void run_consumers(Logic *logic) noexcept nogil:
    """Let those who must read first do so: here, or on their own threads."""
    cdef int index
    for index in range(logic.pumps):
        if agent_do_work(logic.pump[index]) < 0:
            store_release_i32(logic.abandon, 1)
    if logic.pumps == 0:
        sched_yield()


cdef void next_run(Sink *sink) noexcept nogil:
    """Claim the next slots of the output ring, waiting for room where that is needed."""
    cdef Logic *logic = <Logic *>sink.owner
    cdef int64_t to_wrap = logic.output.capacity - ((logic.run_end + 1) & logic.output.mask)
    cdef int64_t count = min(to_wrap, min(<int64_t>RUN, logic.output.capacity))
    publish_written(logic)
    while not logic.dropping:
        if claim_run(logic, count):
            return
        if count > 1:
            count = 1
        elif load_acquire_i32(logic.abandon):
            logic.dropping = True
        elif ring_detach_slowest(logic.output, count) == 0:
            run_consumers(logic)
    # Nobody will read it: it goes to a place of its own, what stands in the ring stays as it is.
    sink.next = &logic.scrap
    sink.end = sink.next + 1


cdef inline Command *command_at(Logic *logic, int64_t number) noexcept nogil:
    return <Command *>ring_slot(logic.barrier.ring, number)


cdef int business_work(void *owner) noexcept nogil:
    """One round: how many commands were applied; -1 at a fault, for good."""
    cdef Logic *logic = <Logic *>owner
    cdef int64_t first = sequence_get(logic.applied) + 1
    cdef int64_t last = min(barrier_available(&logic.barrier, first), first + MOST - 1)
    cdef int64_t number
    if logic.state.fault != FAULT_NONE:
        return -1
    if last < first:
        return 0
    for number in range(first, last + 1):
        if number + AHEAD <= last:
            logic_expect(&logic.state, command_at(logic, number + AHEAD))
            logic_expect_soon(&logic.state, command_at(logic, number + AHEAD_SOON))
            logic_expect_next(&logic.state, command_at(logic, number + AHEAD_NEXT))
        logic_apply(&logic.state, command_at(logic, number))
        if logic.state.fault != FAULT_NONE:
            return -1
        if (number - first) % BURST == BURST - 1:
            publish_written(logic)
            sequence_set(logic.applied, number)
    publish_written(logic)
    sequence_set(logic.applied, last)
    return <int>(last - first + 1)


cdef void drop_events(Sink *sink) noexcept nogil:
    """While replaying nobody is told: the same few slots again and again."""
    sink.next = <Event *>sink.owner
    sink.end = sink.next + SCRAP


cdef class Business(AgentBase):
    """Accounts, funds and books between two rings.

    commands: the input ring; events: the output ring (its one producer is this agent);
    after: the sequences of what must be done with a command first (journal, replicator).
    Replay the journal into it with `replay` before anything runs.
    """

    def __cinit__(self, RingBuffer commands, RingBuffer events, after=()):
        cdef RingSequence dependency
        if commands.slot_bytes != RECORD_BYTES or events.slot_bytes != RECORD_BYTES:
            raise ValueError(f"both rings have slots of {RECORD_BYTES} bytes")
        if state_open(&self.logic.state, MAX_TRADES) < 0:
            raise refused("an engine", 23)
        self.input = commands
        self.output = events
        self.position = RingSequence()
        self.dependencies = list(after)
        self.pumps = []
        barrier_init(&self.logic.barrier, commands.ring)
        for dependency in self.dependencies:
            if barrier_add(&self.logic.barrier, dependency.sequence) < 0:
                raise ValueError("too many agents to wait for")
        self.logic.applied = self.position.sequence
        self.logic.output = events.ring
        self.logic.abandon = &self.abandoned
        self.logic.written = self.logic.run_end = ring_cursor(events.ring)
        self.logic.state.sink.owner = &self.logic
        self.logic.state.sink.refill = next_run
        self.agent.do_work = business_work
        self.agent.state = &self.logic

    def __dealloc__(self):
        state_close(&self.logic.state)

    def pump_while_full(self, AgentBase consumer):
        """Call that agent, too, while the output ring is full: where one thread runs everything.

        When it fails the output is abandoned.
        """
        if self.logic.pumps == MAX_PUMPS:
            raise ValueError(f"at most {MAX_PUMPS} consumers")
        self.pumps.append(consumer)
        self.logic.pump[self.logic.pumps] = consumer.as_agent()
        self.logic.pumps += 1

    def abandon_output(self):
        """No consumer runs any more: do not wait for room, drop everything from there on."""
        store_release_i32(&self.abandoned, 1)

    def replay(self, commands):
        """Apply an array of commands (dtype COMMAND) without publishing events.

        Before the agent runs. Raises EngineFault.
        """
        if commands.dtype != COMMAND:
            raise TypeError("commands are a NumPy array of dtype lmax.COMMAND")
        cdef const unsigned char[::1] data = np.ascontiguousarray(commands).view(np.uint8)
        cdef size_t count = len(commands)
        cdef Command *first = <Command *>&data[0] if count else NULL
        cdef Sink saved = self.logic.state.sink
        cdef Event *scrap = <Event *>malloc(SCRAP * sizeof(Event))
        if scrap == NULL:
            raise MemoryError()
        self.logic.state.sink.next = self.logic.state.sink.end = NULL
        self.logic.state.sink.owner = scrap
        self.logic.state.sink.refill = drop_events
        with nogil:
            logic_apply_all(&self.logic.state, first, count)
        self.logic.state.sink = saved
        free(scrap)
        self.raise_fault()
        sequence_set(self.logic.applied, self.logic.state.sequence)

    def raise_fault(self):
        """EngineFault if the logic stopped for good."""
        if self.logic.state.fault != FAULT_NONE:
            raise fault_of(&self.logic.state)

    @property
    def applied(self):
        """Sequence of the last command applied whose events are published."""
        return sequence_get(self.logic.applied)

    @property
    def state(self):
        """A StateView of what the logic holds; exact only while the agent does not run."""
        return view_of(&self.logic.state, self)
