# Looking for contradictions in what belongs to an instrument's day.
from lmax.state._state cimport Instrument, State


cdef int check_day(State *state, Instrument *instrument) except -1
