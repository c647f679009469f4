"""How bytes get to the disk. See _disk.pxd."""
cimport cython
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.errno cimport EAGAIN, EIO, errno
from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free
from libc.string cimport memset

import os
import time

cdef extern from "<stdlib.h>" nogil:
    int posix_memalign(void **memory, size_t alignment, size_t size)

cdef extern from "<unistd.h>" nogil:
    ssize_t pwrite(int fd, const void *data, size_t size, long offset)
    int fdatasync(int fd)
    int posix_close "close" (int fd)

cdef extern from "Python.h":
    int PyBUF_READ


cdef int64_t file_write(
    void *state, int32_t handle, const char *data, int64_t size, int64_t offset
) noexcept nogil:
    cdef ssize_t written = pwrite(handle, data, size, offset)
    return written if written >= 0 else -errno


cdef int file_sync(void *state, int32_t handle) noexcept nogil:
    return 0 if fdatasync(handle) == 0 else -errno


cdef int no_sync(void *state, int32_t handle) noexcept nogil:
    return 0  # the write came back when it was safe


cdef void file_close(void *state, int32_t handle) noexcept nogil:
    posix_close(handle)


cdef class DiskBase:
    """What the journaler takes."""


cdef class DirectDisk(DiskBase):
    """Descriptors opened with O_DIRECT|O_DSYNC: a write returns when it is on the disk."""

    def __cinit__(self):
        self.disk.write = file_write
        self.disk.sync = no_sync
        self.disk.close = file_close


cdef class BufferedDisk(DiskBase):
    """Writes to the page cache, then fdatasync."""

    def __cinit__(self):
        self.disk.write = file_write
        self.disk.sync = file_sync
        self.disk.close = file_close


cdef int64_t foreign_write(
    void *state, int32_t handle, const char *data, int64_t size, int64_t offset
) noexcept with gil:
    try:
        view = PyMemoryView_FromMemory(<char *>data, size, PyBUF_READ)
        return (<ForeignDisk>state).target.write(handle, view, offset)
    except OSError as error:
        return -(error.errno or EIO)
    except BaseException as error:
        (<ForeignDisk>state).failure = error
        return -EIO


cdef int foreign_sync(void *state, int32_t handle) noexcept with gil:
    try:
        (<ForeignDisk>state).target.sync(handle)
        return 0
    except OSError as error:
        return -(error.errno or EIO)
    except BaseException as error:
        (<ForeignDisk>state).failure = error
        return -EIO


cdef void foreign_close(void *state, int32_t handle) noexcept with gil:
    (<ForeignDisk>state).target.close(handle)


cdef int foreign_begin(
    void *state, int32_t handle, const char *data, int64_t size, int64_t offset
) noexcept with gil:
    try:
        view = PyMemoryView_FromMemory(<char *>data, size, PyBUF_READ)
        (<ForeignDisk>state).target.begin(handle, view, offset)
        return 0
    except BaseException as error:
        (<ForeignDisk>state).failure = error
        return -EIO


cdef int64_t foreign_finish(void *state, bint wait) noexcept with gil:
    try:
        written = (<ForeignDisk>state).target.finish(wait)
        return -EAGAIN if written is None else written
    except OSError as error:
        return -(error.errno or EIO)
    except BaseException as error:
        (<ForeignDisk>state).failure = error
        return -EIO


def write_blocks(DiskBase disk, int32_t handle, int count, int block_bytes=4096):
    """Write and sync blocks of zeros from the beginning on, close it; ns of the fastest.

    In the background where the disk can do that.
    """
    cdef void *data = NULL
    cdef int64_t written = block_bytes
    cdef int64_t best = -1
    cdef int64_t begun
    cdef int i
    if posix_memalign(&data, block_bytes, block_bytes):
        raise MemoryError("no memory for a block")
    memset(data, 0, block_bytes)
    for i in range(count):
        begun = time.perf_counter_ns()
        with nogil:
            if disk.disk.begin != NULL:
                written = disk.disk.begin(
                    disk.disk.state, handle, <char *>data, block_bytes, i * block_bytes
                )
                if written == 0:
                    written = disk.disk.finish(disk.disk.state, False)  # it goes on meanwhile
                while written == -EAGAIN:
                    written = disk.disk.finish(disk.disk.state, True)
            else:
                written = disk.disk.write(
                    disk.disk.state, handle, <char *>data, block_bytes, i * block_bytes
                )
            if written == block_bytes:
                written += disk.disk.sync(disk.disk.state, handle)
        if written != block_bytes:
            break
        begun = time.perf_counter_ns() - begun
        best = begun if best < 0 else min(best, begun)
    free(data)
    disk.disk.close(disk.disk.state, handle)
    if written != block_bytes:
        number = <int>-written if written < 0 else EIO
        raise OSError(number, os.strerror(number))
    return best


@cython.no_gc_clear  # a journaler closes what it has open when it goes
cdef class ForeignDisk(DiskBase):
    """A disk in Python, for simulations.

    target: has write(handle, data, offset) → bytes written, sync(handle) and close(handle), which
    raise OSError as a system call fails. failure: anything else that it raised.
    background: it has begin(handle, data, offset) and finish(wait) → bytes written, or None while
    the write goes on, and these are used instead of write.
    """

    cdef object target
    cdef readonly object failure

    def __cinit__(self, target, *, background=False):
        self.target = target
        self.disk.state = <void *>self
        self.disk.write = foreign_write
        self.disk.sync = foreign_sync
        self.disk.close = foreign_close
        if background:
            self.disk.begin = foreign_begin
            self.disk.finish = foreign_finish
