"""Owning a sequence from Python."""

from libc.stdlib cimport free
from libc.string cimport memset

cdef extern from "<stdlib.h>" nogil:
    void *aligned_alloc(size_t alignment, size_t size)


cdef void *cache_aligned(size_t size) noexcept nogil:
    cdef size_t whole = (size + CACHE_ALIGNMENT - 1) & ~<size_t>(CACHE_ALIGNMENT - 1)
    cdef void *memory = aligned_alloc(CACHE_ALIGNMENT, whole)
    if memory != NULL:
        memset(memory, 0, whole)
    return memory


cdef class RingSequence:
    """How far somebody has come; starts at `value`.

    Reading acquires and assigning releases, so it may be shared between threads.
    """

    def __cinit__(self, int64_t value=0):
        self.sequence = <Sequence *>cache_aligned(sizeof(Sequence))
        if self.sequence == NULL:
            raise MemoryError("no memory for a sequence of 128 bytes")
        sequence_set(self.sequence, value)

    def __dealloc__(self):
        free(self.sequence)

    @property
    def value(self) -> int:
        """The last sequence that is done; 0 when none is."""
        return sequence_get(self.sequence)

    @value.setter
    def value(self, int64_t value):
        sequence_set(self.sequence, value)

    def __repr__(self):
        return f"RingSequence({self.value})"
