# Where the memory of a state is, and the state without the addresses of it.
from lmax.state._state cimport State
from lmax.state.image cimport Region


cdef void regions_of(State *state, Region *regions) noexcept nogil
cdef void forget_addresses(State *state) noexcept nogil
cdef const char *what_is_wrong(State *image, State *fresh) noexcept nogil
cdef int adopt(State *state, State *image) noexcept nogil
