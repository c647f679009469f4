# Memory that reports are written to and that the array of them then stands on: no copy.
#
# A book has two blocks. One that nobody looks at any more is written again, so a caller who
# keeps the last array, or none, gets the same memory in turns, warm and backed. One that is
# kept longer leaves the book, and the part behind its reports goes back to the system.
from libc.stdint cimport uint64_t


cdef class ReportBlock:
    cdef char *memory
    cdef size_t size_bytes  # address space; backed when touched
    cdef size_t used_bytes  # by the array that stands on it now
    cdef size_t touched_bytes  # the most that were ever used

    cdef object array(self, uint64_t count)
    cdef void trim(self) noexcept


cdef class BlockPair:
    cdef ReportBlock front  # used last
    cdef ReportBlock back

    cdef ReportBlock block(self, uint64_t reports)
    cdef bint front_serves(self, uint64_t reports) noexcept
    cdef size_t bytes_touched(self) noexcept
