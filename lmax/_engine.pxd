# The business logic as a Python object: arrays of commands in, arrays of events out.
from libc.stddef cimport size_t
from libc.stdint cimport int64_t

from lmax._state cimport State
from lmax._view cimport StateView
from lmax.wire cimport Event


cdef struct EventBuffer:
    Event *events
    size_t capacity  # events
    bint exhausted  # the system refused memory; what was written then is lost


cdef class Engine(StateView):
    cdef State logic
    cdef EventBuffer buffer

    cdef int define_bare(self, int64_t tick_size, int64_t lot_size) except -1
    cdef int apply_bytes(self, const unsigned char[::1] commands) except -1
    cdef object written(self)
