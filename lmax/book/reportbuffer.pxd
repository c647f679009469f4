# Memory for the reports of single calls, until somebody asks for them.
from libc.stdint cimport uint64_t

from lmax.wire cimport Report


cdef enum:
    KEPT_REPORTS = 1 << 13  # when nobody asks for them


cdef struct ReportBuffer:
    Report *reports
    uint64_t capacity
    uint64_t used
    uint64_t lost  # reports that nobody asked for in time


cdef void buffer_close(ReportBuffer *buffer) noexcept nogil
cdef int buffer_room_behind(ReportBuffer *buffer, uint64_t reports) noexcept nogil
