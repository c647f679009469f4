# TIMER: what happens because it is time.
from lmax._state cimport State


cdef void timer(State *state) noexcept nogil
