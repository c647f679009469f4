"""The engine without Python in the loop, and without journal: events go round in a few slots.

Each function is given an Engine and commands (dtype COMMAND) whose sequences continue from its.
"""
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

import numpy as np

from bench._clock cimport in_ns, ns_in_2_20_ticks, ticks_after, ticks_before
from bench._memory cimport read_back, touched
from lmax._engine cimport Engine
from lmax._logic cimport (
    AHEAD, AHEAD_NEXT, AHEAD_SOON, logic_apply, logic_apply_all, logic_expect,
    logic_expect_next, logic_expect_soon,
)
from lmax.state._state cimport FAULT_NONE, Sink, State
from lmax.histogram cimport Histogram, record
from lmax.wire cimport Command, Event


cdef struct Slots:  # where events go, again and again
    Event *first
    int64_t count
    int64_t rounds  # begun
    Sink before  # the engine's own


cdef void next_round(Sink *sink) noexcept nogil:
    cdef Slots *slots = <Slots *>sink.owner
    sink.next = slots.first
    sink.end = slots.first + slots.count
    slots.rounds += 1


cdef int borrow_sink(Engine engine, Slots *slots, int64_t count) except -1:
    slots.first = <Event *>touched(count * sizeof(Event))
    slots.count = count
    slots.rounds = 0
    slots.before = engine.logic.sink
    engine.logic.sink.next = engine.logic.sink.end = NULL
    engine.logic.sink.owner = slots
    engine.logic.sink.refill = next_round
    return 0


cdef int64_t give_sink_back(Engine engine, Slots *slots) except -1:
    """How many events were written."""
    cdef int64_t open = engine.logic.sink.end - engine.logic.sink.next
    engine.logic.sink = slots.before
    free(slots.first)
    if engine.logic.fault != FAULT_NONE:
        raise RuntimeError("the engine stopped: do the sequences continue from its?")
    return slots.rounds * slots.count - open


def play(Engine engine, commands, int64_t slots):
    """Apply commands, events into so many slots; (events, ns)."""
    cdef const unsigned char[::1] data = commands.view(np.uint8)
    cdef size_t count = len(commands)
    cdef Command *first = <Command *>&data[0]
    cdef uint64_t begun, ended
    cdef uint64_t pace = ns_in_2_20_ticks()
    cdef Slots target
    borrow_sink(engine, &target, slots)
    with nogil:
        begun = ticks_before()
        logic_apply_all(&engine.logic, first, count)
        ended = ticks_after()
    return give_sink_back(engine, &target), in_ns(ended - begun, pace)


cdef inline void step(State *state, Command *first, size_t i, size_t count) noexcept nogil:
    """What `logic_apply_all` does for each command."""
    if i + AHEAD < count:
        logic_expect(state, first + i + AHEAD)
        logic_expect_soon(state, first + i + AHEAD_SOON)
        logic_expect_next(state, first + i + AHEAD_NEXT)
    logic_apply(state, first + i)


def time_each(Engine engine, commands, Histogram found, int64_t slots, bint ahead=True):
    """Apply commands and count in `found` how long each took, ns, the timer's cost included.

    ahead: tell the engine of later commands as `Engine.apply` does (within the span). Without,
    every command comes as a surprise.
    """
    cdef const unsigned char[::1] data = commands.view(np.uint8)
    cdef size_t count = len(commands)
    cdef Command *first = <Command *>&data[0]
    cdef uint64_t pace = ns_in_2_20_ticks()
    cdef uint64_t begun, ended
    cdef size_t i
    cdef Slots target
    borrow_sink(engine, &target, slots)
    with nogil:
        for i in range(count):
            begun = ticks_before()
            step(&engine.logic, first, i, count if ahead else 0)
            ended = ticks_after()
            record(&found.counts, in_ns(ended - begun, pace))
    return give_sink_back(engine, &target)


def events_of_each(Engine engine, commands):
    """Apply commands; how many events each had, uint8[n] (255: that many or more)."""
    cdef const unsigned char[::1] data = commands.view(np.uint8)
    counts = np.zeros(len(commands), np.uint8)
    cdef uint8_t[::1] out = counts
    cdef Command *first = <Command *>&data[0]
    cdef size_t i
    cdef Slots target
    borrow_sink(engine, &target, 1)
    with nogil:
        for i in range(<size_t>out.shape[0]):
            target.rounds = 0
            logic_apply(&engine.logic, first + i)
            out[i] = <uint8_t>min(target.rounds, <int64_t>255)
    give_sink_back(engine, &target)
    return counts


def raw(commands, const uint8_t[::1] events, int64_t slots):
    """The least that any engine must do: read each command, write so many events for it; ns."""
    cdef const unsigned char[::1] data = commands.view(np.uint8)
    cdef Command *first = <Command *>&data[0]
    cdef Command command
    cdef uint64_t pace = ns_in_2_20_ticks()
    cdef uint64_t begun, ended
    cdef int64_t at = 0
    cdef Py_ssize_t i
    cdef int _k
    cdef Event *ring = <Event *>touched(slots * sizeof(Event))
    with nogil:
        begun = ticks_before()
        for i in range(events.shape[0]):
            memcpy(&command, first + i, sizeof(Command))
            for _k in range(events[i]):
                memset(ring + at, 0, sizeof(Event))
                ring[at].sequence = command.sequence
                ring[at].client_order_id = command.client_order_id
                ring[at].price = command.price
                ring[at].quantity = command.quantity
                ring[at].account = command.account
                at = at + 1 if at + 1 < slots else 0
        ended = ticks_after()
        read_back(ring)
    free(ring)
    return in_ns(ended - begun, pace)
