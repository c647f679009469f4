# One command in, its events out: the business logic without threads, disk or clock.
from lmax._state cimport Sink, State
from lmax.wire cimport Command


cdef int logic_open(State *state, bint bare) noexcept nogil
cdef void logic_apply(State *state, Command *command) noexcept nogil
