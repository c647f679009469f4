# Looking for contradictions in the state: for tests and debugging.
from lmax.state._state cimport State


cdef int check_state(State *state) except -1
