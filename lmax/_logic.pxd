# One command in, its events out: the business logic without threads, disk or clock.
from libc.stddef cimport size_t

from lmax.state._state cimport State
from lmax.wire cimport Command


cdef enum:
    AHEAD = 16  # how far before its turn `logic_expect` is told of a command
    AHEAD_SOON = 8  # … `logic_expect_soon`
    AHEAD_NEXT = 4  # … `logic_expect_next`


cdef void logic_apply(State *state, Command *command) noexcept nogil
cdef void logic_apply_all(State *state, Command *first, size_t count) noexcept nogil
cdef void logic_expect(State *state, Command *command) noexcept nogil
cdef void logic_expect_soon(State *state, Command *command) noexcept nogil
cdef void logic_expect_next(State *state, Command *command) noexcept nogil
