"""The business logic as a Python object.

Used for replays, checks, tests and research. The running system drives the same functions
(lmax/_logic.pxd) from the rings instead.
"""
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

import numpy as np

from lmax._book cimport book_open
from lmax._logic cimport logic_apply_all, logic_open
from lmax._state cimport FAULT_NONE, Instrument, Sink, instrument_hash, state_close
from lmax.wire cimport Command

from lmax.schema import COMMAND, EVENT

cdef enum:
    FIRST_EVENTS = 1024

FAULTS = {1: "a command came out of sequence", 2: "the system refused memory"}


class EngineFault(RuntimeError):
    """The logic stopped for good: a command out of sequence, or no memory."""


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


cdef class Engine(StateView):
    """Accounts, funds, instruments and books, moved by commands alone.

    bare: a single book under instrument 1 without accounts or money (see lmax.OrderBook);
    tick_size, lot_size: its steps; both are ignored otherwise.
    """

    def __cinit__(self, *, bint bare=False, int64_t tick_size=1, int64_t lot_size=1):
        self.state = &self.logic
        self.buffer.events = <Event *>malloc(FIRST_EVENTS * sizeof(Event))
        if logic_open(&self.logic, bare) < 0 or self.buffer.events == NULL:
            raise MemoryError("the engine's address space (10 GiB, used as needed) was refused")
        self.buffer.capacity = FIRST_EVENTS
        self.logic.sink.owner = &self.buffer
        self.logic.sink.refill = more_room
        if bare:
            self.define_bare(tick_size, lot_size)

    def __dealloc__(self):
        state_close(&self.logic)
        free(self.buffer.events)

    cdef int define_bare(self, int64_t tick_size, int64_t lot_size) except -1:
        cdef Instrument *instrument = &self.logic.instruments[1]
        if tick_size < 1 or lot_size < 1:
            raise ValueError("tick_size and lot_size start at 1")
        instrument.defined = True
        instrument.tick_size = tick_size
        instrument.lot_size = lot_size
        instrument.min_price = INT64_MIN
        instrument.max_price = instrument.max_quantity = INT64_MAX
        instrument.unit = 1
        self.logic.highest_instrument = 1
        self.logic.digest += instrument_hash(instrument, 1)
        book_open(&instrument.book, &self.logic.pools, tick_size)
        return 0

    # -- commands

    cdef int apply_bytes(self, const unsigned char[::1] commands) except -1:
        cdef size_t count = commands.shape[0] // sizeof(Command)
        cdef Command *first = <Command *>&commands[0] if count else NULL
        self.logic.sink.next = self.buffer.events
        self.logic.sink.end = self.buffer.events + self.buffer.capacity
        with nogil:
            logic_apply_all(&self.logic, first, count)
        if self.buffer.exhausted:
            raise MemoryError("no memory for the events of these commands; apply fewer at once")
        if self.logic.fault != FAULT_NONE:
            raise EngineFault(
                f"{FAULTS[self.logic.fault]}; the last one applied is {self.logic.sequence}"
            )
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
        self.apply_bytes(as_commands(commands).view(np.uint8))
        return self.written()

    def skim(self, commands):
        """Apply an array of commands and drop their events; how many events there were."""
        self.apply_bytes(as_commands(commands).view(np.uint8))
        return self.logic.sink.next - self.buffer.events


cdef as_commands(commands):
    if not isinstance(commands, np.ndarray) or commands.dtype != COMMAND:
        raise TypeError("commands are a NumPy array of dtype lmax.COMMAND")
    return np.ascontiguousarray(commands)
