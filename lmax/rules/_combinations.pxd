# Which order types, times in force, instructions and quantities go together.
from lmax.wire cimport Command


cdef bint go_together(Command *command) noexcept nogil
