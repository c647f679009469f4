# Many orders cancelled at once.
from libc.stdint cimport uint8_t

from lmax._chains cimport Chain
from lmax._state cimport State


cdef void cancel_chain(State *state, Chain *chain, uint8_t reason) noexcept nogil
