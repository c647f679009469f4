# The business logic as a Python object: arrays of commands in, arrays of events out.
from libc.stddef cimport size_t

from lmax.state._state cimport State
from lmax.view._view cimport StateView
from lmax.wire cimport Command, Event


cdef struct EventBuffer:
    Event *events
    size_t capacity  # events
    size_t dropped  # events that nobody wanted
    bint exhausted  # the system refused memory; what was written then is lost


cdef object fault_of(State *state)


cdef class Engine(StateView):
    cdef State logic
    cdef EventBuffer buffer
    cdef readonly size_t check_every

    cdef int apply_bytes(self, const unsigned char[::1] commands, bint dropping) except -1
    cdef int apply_some(self, Command *first, size_t count) except -1
    cdef object written(self)
