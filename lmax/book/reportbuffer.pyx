"""Memory for the reports of single calls. See reportbuffer.pxd."""

from libc.stdlib cimport free, realloc
from libc.string cimport memmove


cdef void buffer_close(ReportBuffer *buffer) noexcept nogil:
    free(buffer.reports)
    buffer.reports = NULL
    buffer.capacity = buffer.used = 0


cdef int buffer_room_behind(ReportBuffer *buffer, uint64_t reports) noexcept nogil:
    """Room for so many behind those in use, of which the oldest may go. 0, or -1: no memory."""
    cdef uint64_t kept
    cdef Report *moved
    if buffer.used > KEPT_REPORTS:
        kept = KEPT_REPORTS // 2
        buffer.lost += buffer.used - kept
        memmove(
            buffer.reports, &buffer.reports[buffer.used - kept], kept * sizeof(Report)
        )
        buffer.used = kept
    if buffer.used + reports <= buffer.capacity:
        return 0
    kept = 2 * (buffer.used + reports)
    moved = <Report *>realloc(buffer.reports, kept * sizeof(Report))
    if moved == NULL:
        return -1
    buffer.reports = moved
    buffer.capacity = kept
    return 0
