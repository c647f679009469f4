"""The business logic as a Python object.

Used for replays, checks, tests and research. The running system drives the same functions
(lmax/_logic.pxd) from the rings instead.
"""
from libc.stdint cimport uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

import numpy as np

from lmax._logic cimport logic_apply_all
from lmax.base.memory cimport refused
from lmax.state._state cimport FAULT_DIVERGED, FAULT_NONE, Sink, State, state_close, state_open
from lmax.state.tradelog cimport MAX_TRADES
from lmax.wire cimport Command

from lmax.schema import COMMAND, EVENT

cdef enum:
    FIRST_EVENTS = 1024
    SCRAP = 32  # events that nobody reads: few, so that they stay in the first cache

FAULTS = {1: "a command came out of sequence", 2: "the system refused memory"}


class EngineFault(RuntimeError):
    """The logic stopped for good: a command out of sequence, no memory, or another state."""


class Diverged(EngineFault):
    """The same commands led to another state than the primary had.

    sequence: of the checkpoint; expected: the state hash there as it was journaled; found: ours.
    """

    def __init__(self, sequence, expected, found):
        self.sequence = sequence
        self.expected = expected
        self.found = found
        super().__init__(
            f"the state behind command {sequence} is not what it was: its hash is {found:016x},"
            f" the journal says {expected:016x}. This build computes something else, or memory"
            " failed: replay the journal on another machine and compare."
        )


cdef object fault_of(State *state):
    """The exception for the fault that stopped the logic."""
    if state.fault == FAULT_DIVERGED:
        return Diverged(
            state.checkpoint_sequence, state.checkpoint_expected, state.checkpoint_hash
        )
    return EngineFault(f"{FAULTS[state.fault]}; the last one applied is {state.sequence}")


cdef void more_room(Sink *sink) noexcept nogil:
    """Double the buffer of events."""
    cdef EventBuffer *buffer = <EventBuffer *>sink.owner
    cdef size_t used = sink.next - buffer.events
    cdef Event *events = <Event *>realloc(buffer.events, 2 * buffer.capacity * sizeof(Event))
    if events == NULL:
        buffer.exhausted = True
        sink.next = buffer.events
        return
    buffer.events = events
    buffer.capacity *= 2
    sink.next = events + used
    sink.end = events + buffer.capacity


cdef void drop_events(Sink *sink) noexcept nogil:
    """Nobody reads them: the same few slots again and again."""
    cdef EventBuffer *buffer = <EventBuffer *>sink.owner
    buffer.dropped += SCRAP
    sink.next = buffer.events


cdef class Engine(StateView):
    """Accounts, funds, instruments and books, moved by commands alone.

    check_every: look for contradictions in the whole state (`check`) after every so many commands,
    and raise AssertionError where there are any; 0: never. It takes long: for tests.
    most_trades: how many trades can still be busted or corrected, a power of two; another one
    than the usual makes it another engine: for tests.
    """

    def __cinit__(self, *, size_t check_every=0, uint64_t most_trades=MAX_TRADES):
        if most_trades == 0 or most_trades & (most_trades - 1) or most_trades > MAX_TRADES:
            raise ValueError(f"most_trades is a power of two up to {MAX_TRADES}")
        self.state = &self.logic
        self.buffer.events = <Event *>malloc(FIRST_EVENTS * sizeof(Event))
        if state_open(&self.logic, most_trades) < 0 or self.buffer.events == NULL:
            raise refused("an engine", 23)
        self.buffer.capacity = FIRST_EVENTS
        self.logic.sink.owner = &self.buffer
        self.check_every = check_every

    def __dealloc__(self):
        state_close(&self.logic)
        free(self.buffer.events)

    # -- commands

    cdef int apply_bytes(self, const unsigned char[::1] commands, bint dropping) except -1:
        cdef size_t count = commands.shape[0] // sizeof(Command)
        cdef Command *first = <Command *>&commands[0] if count else NULL
        cdef size_t done = 0
        cdef size_t some
        self.buffer.dropped = 0
        self.logic.sink.next = self.buffer.events
        self.logic.sink.end = self.buffer.events + (SCRAP if dropping else self.buffer.capacity)
        self.logic.sink.refill = drop_events if dropping else more_room
        while True:
            some = min(self.check_every, count - done) if self.check_every else count
            self.apply_some(first + done, some)
            done += some
            if self.check_every:
                self.check()
            if done == count:
                return 0

    cdef int apply_some(self, Command *first, size_t count) except -1:
        with nogil:
            logic_apply_all(&self.logic, first, count)
        if self.buffer.exhausted:
            raise MemoryError("no memory for the events of these commands; apply fewer at once")
        if self.logic.fault != FAULT_NONE:
            raise fault_of(&self.logic)
        return 0

    cdef object written(self):
        cdef size_t size = <char *>self.logic.sink.next - <char *>self.buffer.events
        events = np.empty(size // sizeof(Event), EVENT)
        cdef unsigned char[::1] target = events.view(np.uint8)
        if size:
            memcpy(&target[0], self.buffer.events, size)
        return events

    def apply(self, commands):
        """Apply an array of commands (dtype COMMAND); their events (dtype EVENT).

        The commands' sequences continue from `sequence`. Raises EngineFault when they do not,
        or when an earlier call raised it.
        """
        self.apply_bytes(as_commands(commands).view(np.uint8), False)
        return self.written()

    def skim(self, commands):
        """Apply an array of commands and drop their events; how many events there were."""
        self.apply_bytes(as_commands(commands).view(np.uint8), True)
        return self.buffer.dropped + (self.logic.sink.next - self.buffer.events)


cdef as_commands(commands):
    if not isinstance(commands, np.ndarray) or commands.dtype != COMMAND:
        raise TypeError("commands are a NumPy array of dtype lmax.COMMAND")
    return np.ascontiguousarray(commands)
