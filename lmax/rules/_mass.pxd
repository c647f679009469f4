# Many orders cancelled at once.
from libc.stdint cimport uint8_t

from lmax.rules._chains cimport Chain
from lmax.state._state cimport State


cdef void cancel_chain(State *state, Chain *chain, uint8_t reason) noexcept nogil
