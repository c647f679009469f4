# The state of the business logic as Python sees it.
from lmax.state._state cimport State


cdef class StateView:
    cdef State *state
    cdef object keeper


cdef StateView view_of(State *state, object keeper)
