"""Arrays of reports that stand where the reports were written. See reportblock.pxd."""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

import numpy as np

from lmax.wire cimport Report

from lmax.schema import REPORT

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(PyObject *)

cdef extern from "sys/mman.h" nogil:
    int PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE
    void *MAP_FAILED
    void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset)
    int munmap(void *addr, size_t length)

cdef enum:
    PAGE = 4096
    # An array of less is a copy: cheap, and keeping many of them takes no mapping each.
    COPIED_REPORTS = 2048


cdef class ReportBlock:
    """Room for so many reports; read and written through the arrays that stand on it."""

    def __cinit__(self, uint64_t reports):
        cdef size_t size = (reports * sizeof(Report) + PAGE) & ~<size_t>(PAGE - 1)
        # Not in pages of 2 MiB: what is kept should take what it needs.
        cdef void *memory = mmap(
            NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0
        )
        if memory == MAP_FAILED:
            raise MemoryError("no memory for the reports; apply fewer messages at once")
        self.memory = <char *>memory
        self.size_bytes = size

    def __dealloc__(self):
        if self.memory != NULL:
            munmap(self.memory, self.size_bytes)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.memory, self.used_bytes, 0, flags)

    cdef object array(self, uint64_t count):
        """The first so many reports; few of them are copied."""
        self.used_bytes = count * sizeof(Report)
        self.touched_bytes = max(self.touched_bytes, self.used_bytes)
        reports = np.ndarray(count, REPORT, self)
        return reports.copy() if count < COPIED_REPORTS else reports

    cdef void trim(self) noexcept:
        """Give back what lies behind the reports in use."""
        cdef size_t kept = (self.used_bytes + PAGE) & ~<size_t>(PAGE - 1)
        if kept < self.size_bytes:
            munmap(self.memory + kept, self.size_bytes - kept)
            self.size_bytes = kept


cdef class BlockPair:
    """The two blocks of a book; they take no memory until there are reports."""

    def __cinit__(self):
        self.front = ReportBlock(0)
        self.back = ReportBlock(0)

    cdef ReportBlock block(self, uint64_t reports):
        """A block that nobody uses, with room for so many. MemoryError."""
        if self.front_serves(reports):
            return self.front
        self.front, self.back = self.back, self.front
        if self.front_serves(reports):
            return self.front
        # Half as much again, or a book that slowly fills would need another with every array.
        made = ReportBlock(reports + reports // 2)
        self.front.trim()
        self.front = made
        return made

    cdef bint front_serves(self, uint64_t reports) noexcept:
        """Nobody but the book has it, and it is large enough."""
        return (
            Py_REFCNT(<PyObject *>self.front) == 1
            and self.front.size_bytes >= reports * sizeof(Report)
        )

    cdef size_t bytes_touched(self) noexcept:
        return self.front.touched_bytes + self.back.touched_bytes
