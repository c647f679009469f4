# The invariants of a bare book, checked from the outside.
from lmax._book cimport BareBook


cdef const char *barebook_check(BareBook *book) noexcept nogil
