"""Writes in the background by io_uring: one at a time, while the next batch is made ready.

Only the three system calls and the shared rings are used, so no library is needed. Descriptors
are opened with O_DIRECT|O_DSYNC: a completion means that the bytes are on the disk.

A write beside which there is nothing to do is made by pwrite, which takes a few µs less.
"""
from libc.errno cimport EAGAIN, EINTR, errno
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memset

import os

from journal._disk cimport DiskBase
from lmax.ringbuffer.atomics cimport load_acquire_i32, store_release_i32

cdef extern from *:
    """
    #include <linux/io_uring.h>
    #include <sys/mman.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    """
    cdef struct sq_offsets "io_sqring_offsets":
        uint32_t tail, ring_mask, array
    cdef struct cq_offsets "io_cqring_offsets":
        uint32_t head, tail, ring_mask, cqes
    cdef struct Parameters "io_uring_params":
        uint32_t sq_entries, cq_entries, features
        sq_offsets sq_off
        cq_offsets cq_off
    cdef struct Submission "io_uring_sqe":
        unsigned char opcode
        int32_t fd
        uint64_t off, addr
        uint32_t len
    cdef struct Completion "io_uring_cqe":
        int32_t res
    int IORING_OP_WRITE
    unsigned int IORING_ENTER_GETEVENTS
    int64_t IORING_OFF_SQ_RING, IORING_OFF_SQES
    unsigned int IORING_FEAT_SINGLE_MMAP
    int SYS_io_uring_setup, SYS_io_uring_enter
    long syscall(long number, ...) nogil
    int PROT_READ, PROT_WRITE, MAP_SHARED, MAP_POPULATE
    void *MAP_FAILED
    void *mmap(void *at, size_t size, int protection, int flags, int fd, long offset) nogil
    int munmap(void *at, size_t size) nogil
    int posix_close "close" (int fd) nogil
    ssize_t pwrite(int fd, const void *data, size_t size, long offset) nogil

cdef enum:
    ENTRIES = 2


cdef struct Write:
    const char *data  # NULL: there is none
    int64_t size
    int64_t offset
    int32_t handle


cdef struct Rings:
    Write next  # begun, and neither queued nor made
    int fd
    char *shared
    size_t shared_bytes
    Submission *submissions
    size_t submissions_bytes
    Parameters parameters
    unsigned int queued  # submissions that the kernel was not told of


cdef inline int32_t *word(Rings *rings, uint32_t offset) noexcept nogil:
    return <int32_t *>(rings.shared + offset)


cdef int rings_open(Rings *rings) noexcept nogil:
    """0 or -errno."""
    cdef size_t submitted, completed
    rings.fd = <int>syscall(SYS_io_uring_setup, ENTRIES, &rings.parameters)
    if rings.fd < 0:
        return -errno
    submitted = rings.parameters.sq_off.array + rings.parameters.sq_entries * sizeof(uint32_t)
    completed = rings.parameters.cq_off.cqes + rings.parameters.cq_entries * sizeof(Completion)
    rings.shared_bytes = max(submitted, completed)
    rings.submissions_bytes = rings.parameters.sq_entries * sizeof(Submission)
    rings.shared = <char *>mmap(
        NULL, rings.shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, rings.fd,
        IORING_OFF_SQ_RING
    )
    rings.submissions = <Submission *>mmap(
        NULL, rings.submissions_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, rings.fd,
        IORING_OFF_SQES
    )
    if <void *>rings.shared == MAP_FAILED or <void *>rings.submissions == MAP_FAILED:
        return -errno
    return 0


cdef int uring_begin(
    void *state, int32_t handle, const char *data, int64_t size, int64_t offset
) noexcept nogil:
    cdef Rings *rings = <Rings *>state
    rings.next = Write(data, size, offset, handle)
    return 0


cdef int64_t write_at_once(Rings *rings) noexcept nogil:
    cdef Write *one = &rings.next
    cdef ssize_t written = pwrite(one.handle, one.data, one.size, one.offset)
    one.data = NULL
    return written if written >= 0 else -errno


cdef void queue(Rings *rings) noexcept nogil:
    cdef Write *one = &rings.next
    cdef int32_t *tail = word(rings, rings.parameters.sq_off.tail)
    cdef uint32_t index = <uint32_t>tail[0] & <uint32_t>word(
        rings, rings.parameters.sq_off.ring_mask
    )[0]
    cdef Submission *entry = &rings.submissions[index]
    memset(entry, 0, sizeof(Submission))
    entry.opcode = <unsigned char>IORING_OP_WRITE
    entry.fd = one.handle
    entry.addr = <uint64_t>one.data
    entry.len = <uint32_t>one.size
    entry.off = one.offset
    word(rings, rings.parameters.sq_off.array)[index] = index
    store_release_i32(tail, tail[0] + 1)
    rings.queued = 1
    one.data = NULL


cdef int enter(Rings *rings, bint wait) noexcept nogil:
    """Tell the kernel what is queued, and wait for a completion if asked to; 0 or -errno."""
    cdef long submitted = syscall(
        SYS_io_uring_enter, rings.fd, rings.queued, <unsigned int>wait,
        IORING_ENTER_GETEVENTS if wait else <unsigned int>0, NULL, 0
    )
    if submitted < 0:
        return 0 if errno == EINTR else -errno
    rings.queued -= <unsigned int>submitted
    return 0


cdef int64_t uring_finish(void *state, bint wait) noexcept nogil:
    cdef Rings *rings = <Rings *>state
    cdef int32_t *head = word(rings, rings.parameters.cq_off.head)
    cdef int32_t *tail = word(rings, rings.parameters.cq_off.tail)
    cdef uint32_t mask = <uint32_t>word(rings, rings.parameters.cq_off.ring_mask)[0]
    cdef Completion *completions = <Completion *>(rings.shared + rings.parameters.cq_off.cqes)
    cdef int64_t result
    cdef int failed
    if rings.next.data != NULL:
        if wait:
            return write_at_once(rings)
        queue(rings)
    if rings.queued and not wait:
        failed = enter(rings, False)
        if failed:
            return failed
    while head[0] == load_acquire_i32(tail):
        if not wait:
            return -EAGAIN
        failed = enter(rings, True)
        if failed:
            return failed
    result = completions[<uint32_t>head[0] & mask].res
    store_release_i32(head, head[0] + 1)
    # It was not begun, so it is no longer in flight, as -EAGAIN from here would say.
    return -EINTR if result == -EAGAIN else result


cdef int no_sync(void *state, int32_t handle) noexcept nogil:
    return 0  # the write came back when it was safe


cdef void file_close(void *state, int32_t handle) noexcept nogil:
    posix_close(handle)


cdef class UringDisk(DiskBase):
    """A disk that writes in the background. OSError where the kernel has no io_uring."""

    cdef Rings rings

    def __cinit__(self):
        cdef int failed
        memset(&self.rings, 0, sizeof(self.rings))
        failed = rings_open(&self.rings)
        if failed:
            raise OSError(-failed, f"io_uring: {os.strerror(-failed)}")
        if not self.rings.parameters.features & IORING_FEAT_SINGLE_MMAP:
            raise OSError("io_uring: this kernel is older than 5.4")
        self.disk.state = &self.rings
        self.disk.begin = uring_begin
        self.disk.finish = uring_finish
        self.disk.sync = no_sync
        self.disk.close = file_close

    def __dealloc__(self):
        if self.rings.submissions != NULL and <void *>self.rings.submissions != MAP_FAILED:
            munmap(self.rings.submissions, self.rings.submissions_bytes)
        if self.rings.shared != NULL and <void *>self.rings.shared != MAP_FAILED:
            munmap(self.rings.shared, self.rings.shared_bytes)
        if self.rings.fd > 0:
            posix_close(self.rings.fd)
