"""The journaler. See _writer.pxd for the idea and format.pxd for the bytes."""
from libc.errno cimport EINTR, EIO, errno
from libc.stddef cimport size_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from journal.crc32c cimport crc32c, crc32c_prepare
from journal.format cimport (
    BATCH_MAGIC, BLOCK_BYTES, CHECKED_FROM, FORMAT, MAX_BATCH, MAX_BATCH_BYTES, SEGMENT_MAGIC,
    BatchHeader, SegmentHeader, batch_bytes,
)
from lmax.ringbuffer.atomics cimport load_acquire_i32, store_release_i32
from lmax.ringbuffer.barrier cimport barrier_available, barrier_init
from lmax.ringbuffer.ring cimport ring_slot
from lmax.ringbuffer.sequence cimport sequence_get, sequence_set
from lmax.wire cimport Command

import os

cdef extern from "<stdlib.h>" nogil:
    int posix_memalign(void **memory, size_t alignment, size_t size)

cdef extern from "<unistd.h>" nogil:
    ssize_t pwrite(int fd, const void *data, size_t size, long offset)
    int fdatasync(int fd)
    int close(int fd)

cdef extern from "<time.h>" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int CLOCK_REALTIME
    int clock_gettime(int clock, timespec *time)

crc32c_prepare()

MODES = {"direct": SYNC_DIRECT, "buffered": SYNC_BUFFERED}


cdef int write_whole(Writer *writer, const char *data, int64_t size, int64_t offset) noexcept nogil:
    """Write and sync; 0, or -1 with the reason in `error`. A sync that failed is never repeated."""
    cdef ssize_t written
    while size:
        written = pwrite(writer.fd, data, size, offset)
        if written < 0:
            if errno == EINTR:
                continue
            writer.error = errno
            return -1
        if written == 0:
            writer.error = EIO
            return -1
        data += written
        offset += written
        size -= written
    if writer.mode == SYNC_BUFFERED and fdatasync(writer.fd) < 0:
        writer.error = errno
        return -1
    return 0


cdef void fill_segment_header(Writer *writer, uint64_t first_sequence) noexcept nogil:
    cdef SegmentHeader *header = <SegmentHeader *>writer.buffer
    cdef timespec now
    memset(header, 0, BLOCK_BYTES)
    clock_gettime(CLOCK_REALTIME, &now)
    header.format = FORMAT
    header.magic = SEGMENT_MAGIC
    header.number = writer.segment
    header.first_sequence = first_sequence
    header.segment_bytes = writer.segment_bytes
    header.created = now.tv_sec * <int64_t>1_000_000_000 + now.tv_nsec
    header.epoch = writer.epoch
    header.previous_checksum = writer.checksum
    header.checksum = crc32c(0, writer.buffer + 4, sizeof(SegmentHeader) - 4)


cdef int64_t fill_batch(Writer *writer, int64_t first, int64_t count) noexcept nogil:
    """Lay out a batch behind the header block; its size in the file."""
    cdef char *start = writer.buffer + BLOCK_BYTES
    cdef BatchHeader *header = <BatchHeader *>start
    cdef Command *commands = <Command *>(start + sizeof(BatchHeader))
    cdef int64_t used = sizeof(BatchHeader) + count * sizeof(Command)
    cdef int64_t size = batch_bytes(count)
    cdef int64_t i
    for i in range(count):
        memcpy(commands + i, ring_slot(writer.barrier.ring, first + i), sizeof(Command))
    memset(start + used, 0, size - used)
    memset(header, 0, sizeof(BatchHeader))
    header.magic = BATCH_MAGIC
    header.count = count
    header.epoch = writer.epoch
    header.first_sequence = first
    header.previous_checksum = writer.checksum
    header.checksum = crc32c(
        writer.checksum, start + CHECKED_FROM, used - CHECKED_FROM
    )
    writer.checksum = header.checksum
    return size


cdef bint next_segment(Writer *writer) noexcept nogil:
    """Go on in the segment that was made ahead; False when there is none yet."""
    cdef int32_t fd = load_acquire_i32(&writer.spare_fd)
    if fd < 0:
        writer.starved += 1
        return False
    if writer.fd >= 0:
        close(writer.fd)
    writer.fd = fd
    writer.segment += 1
    writer.offset = 0
    store_release_i32(&writer.spare_fd, -1)
    return True


cdef int journal_work(void *state) noexcept nogil:
    """One round: how many commands were made durable; -1 after an error, for good."""
    cdef Writer *writer = <Writer *>state
    cdef int64_t first = sequence_get(writer.synced) + 1
    cdef int64_t count = barrier_available(&writer.barrier, first) - first + 1
    cdef int64_t size, header
    if writer.error:
        return -1
    if count <= 0:
        return 0
    count = min(count, <int64_t>MAX_BATCH)
    count = min(count, (writer.segment_bytes - BLOCK_BYTES - 128) // 128)
    header = BLOCK_BYTES if writer.offset == 0 else 0
    if writer.fd < 0 or writer.offset + header + batch_bytes(count) > writer.segment_bytes:
        if not next_segment(writer):
            return 0
        header = BLOCK_BYTES
    if header:
        fill_segment_header(writer, first)
    size = fill_batch(writer, first, count)
    if write_whole(
        writer, writer.buffer + BLOCK_BYTES - header, header + size, writer.offset
    ) < 0:
        return -1
    writer.offset += header + size
    writer.batches += 1
    writer.bytes += header + size
    sequence_set(writer.synced, first + count - 1)
    return <int>count


cdef class Journaler(AgentBase):
    """Makes the commands of an input ring durable.

    ring: of commands; mode: "direct" or "buffered"; epoch: written into every batch;
    segment, offset, checksum: where the journal ends (see journal.files.Tail).
    The ring and `position` were set to the last sequence of the journal before.
    """

    def __cinit__(self, RingBuffer ring, RingSequence position, *, int fd, str mode,
                  int64_t segment_bytes, uint64_t segment, int64_t offset, uint32_t checksum,
                  uint32_t epoch=1):
        cdef Writer *writer = &self.writer
        if posix_memalign(
            <void **>&writer.buffer, BLOCK_BYTES, BLOCK_BYTES + MAX_BATCH_BYTES
        ):
            writer.buffer = NULL
            raise MemoryError("no memory for the journal's buffer")
        writer.fd = fd
        writer.spare_fd = -1
        memset(writer.buffer, 0, BLOCK_BYTES + MAX_BATCH_BYTES)
        self.ring = ring
        self.position = position
        barrier_init(&writer.barrier, ring.ring)
        writer.synced = position.sequence
        writer.mode = MODES[mode]
        writer.segment_bytes = segment_bytes
        writer.segment = segment
        writer.offset = offset
        writer.checksum = checksum
        writer.epoch = epoch
        self.agent.do_work = journal_work
        self.agent.state = writer

    def __dealloc__(self):
        if self.writer.buffer == NULL:  # never begun: the descriptors are not ours
            return
        if self.writer.fd >= 0:
            close(self.writer.fd)
        if self.writer.spare_fd >= 0:
            close(self.writer.spare_fd)
        free(self.writer.buffer)

    def wants_segment(self):
        """Whether there is none ready to go on in."""
        return load_acquire_i32(&self.writer.spare_fd) < 0

    def offer_segment(self, int fd):
        """Hand over the next segment: open for writing, zero-filled, synced.

        Only one thread offers, and only when `wants_segment`; the journaler owns it from here.
        """
        store_release_i32(&self.writer.spare_fd, fd)

    @property
    def remaining(self):
        """Bytes left in the segment being written; 0 before the first."""
        return self.writer.segment_bytes - self.writer.offset if self.writer.fd >= 0 else 0

    @property
    def segment(self):
        """Number of the segment being written."""
        return self.writer.segment

    @property
    def synced(self):
        """Sequence of the last command that is on the disk."""
        return sequence_get(self.writer.synced)

    @property
    def error(self):
        """None, or the OSError after which nothing more is written."""
        cdef int32_t number = self.writer.error
        return OSError(number, os.strerror(number)) if number else None

    @property
    def counters(self):
        """Batches and bytes written, and rounds that found no segment ready."""
        return {
            "batches": self.writer.batches,
            "bytes": self.writer.bytes,
            "starved": self.writer.starved,
        }
