"""A pair with nothing in it: what replication is measured against.

The primary takes what is in its ring, sends it as one message of the size that ours has, writes as
many bytes as our journal does in the background, and moves `done` when the answer and the write are
there. The standby answers each message, and writes as much. No hash, no encryption, no epoch, no
check, no logic; the same channel, the same disk, and called by the same loops.
"""
from libc.stdint cimport int32_t, int64_t
from libc.errno cimport EAGAIN
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from journal._disk cimport Disk, DiskBase
from journal.format cimport batch_bytes
from lmax.ringbuffer.agent cimport AgentBase
from lmax.ringbuffer.barrier cimport Barrier, barrier_available, barrier_init
from lmax.ringbuffer.ring cimport RingBuffer, ring_copy_out
from lmax.ringbuffer.sequence cimport RingSequence, Sequence, sequence_get, sequence_set
from lmax.wire cimport RECORD_BYTES
from replicator.channel cimport MAX_MESSAGE, Channel, ChannelBase

cdef extern from "<stdlib.h>" nogil:
    int posix_memalign(void **memory, size_t alignment, size_t size)

cdef enum:
    MOST = 512  # commands of one message, as a replicated batch has them
    HEADS = 168  # bytes of a message that are no commands: a frame's, and the batch's header
    ANSWER = 88  # bytes of an acknowledgement's frame
    MOST_BYTES = 1 << 20  # of one write


cdef struct Raw:
    Barrier ring
    Channel *channel
    Disk *disk  # NULL: nothing is written
    int32_t handle
    int64_t file_bytes
    int64_t offset
    char *message
    char *block
    int64_t flight  # bytes of the write that was begun; 0: none
    # the primary
    int64_t first  # of the commands on their way
    int64_t count  # 0: nothing is on its way
    bint sent
    bint heard
    Sequence *received
    Sequence *done
    # the standby
    bint answers  # an answer is to be sent
    int64_t pending  # bytes that came and are not written
    # counters
    int64_t messages


cdef bint begin_write(Raw *raw, int64_t size) noexcept nogil:
    if raw.offset + size > raw.file_bytes:
        raw.offset = 0
    raw.flight = size
    raw.offset += size
    return raw.disk.begin(
        raw.disk.state, raw.handle, raw.block, size, raw.offset - size
    ) == 0


cdef int land(Raw *raw) noexcept nogil:
    """1 when the write is safe, 0 while it is not, -1 after an error."""
    cdef int64_t written = raw.disk.finish(raw.disk.state, False)
    if written == -EAGAIN:
        return 0
    if written != raw.flight:
        return -1
    raw.flight = 0
    return 1


cdef bint depart(Raw *raw) noexcept nogil:
    """Put what the ring has into a message and begin its write; False when there is nothing."""
    cdef int64_t count = min(
        barrier_available(&raw.ring, raw.first) - raw.first + 1, <int64_t>MOST
    )
    if count <= 0:
        return False
    ring_copy_out(raw.ring.ring, raw.first, raw.message + HEADS, count)
    raw.count = count
    raw.sent = raw.heard = False
    return raw.disk == NULL or begin_write(raw, batch_bytes(count))


cdef int primary_work(void *state) noexcept nogil:
    cdef Raw *raw = <Raw *>state
    cdef int landed
    if raw.count == 0 and not depart(raw):
        return 0
    if not raw.sent:
        raw.sent = raw.channel.send(
            raw.channel.state, raw.message, HEADS + raw.count * <int64_t>RECORD_BYTES
        ) > 0
        return 1
    if not raw.heard and raw.channel.receive(
        raw.channel.state, raw.block + MOST_BYTES - MAX_MESSAGE, MAX_MESSAGE
    ) == ANSWER:
        raw.heard = True
        sequence_set(raw.received, raw.first + raw.count - 1)
    if raw.flight:
        landed = land(raw)
        if landed <= 0:
            return landed
    if not raw.heard:
        return 0
    raw.first += raw.count
    raw.count = 0
    raw.messages += 1
    sequence_set(raw.done, raw.first - 1)
    return 1


cdef int standby_work(void *state) noexcept nogil:
    cdef Raw *raw = <Raw *>state
    cdef int64_t size
    cdef int done = 0
    if not raw.answers:
        size = raw.channel.receive(raw.channel.state, raw.message, MAX_MESSAGE)
        if size > 0:
            raw.answers = True
            raw.messages += 1
            raw.pending += batch_bytes((size - HEADS) // <int64_t>RECORD_BYTES)
    if raw.answers and raw.channel.send(raw.channel.state, raw.message, ANSWER) > 0:
        raw.answers = False
        return 1  # first the answer, then the disk
    if raw.disk == NULL:
        return raw.answers
    if raw.flight:
        done = land(raw)
        if done <= 0:
            return done
    if raw.pending:
        size = min(raw.pending, <int64_t>MOST_BYTES)
        raw.pending -= size
        if not begin_write(raw, size):
            return -1
        done = 1
    return done


cdef class RawEnd(AgentBase):
    """What both have in common. disk: a UringDisk or None; fd, file_bytes: where it writes."""

    cdef Raw raw
    cdef tuple _kept

    def __cinit__(self, ChannelBase channel not None, DiskBase disk, int fd, int64_t file_bytes,
                  **_others):
        self.raw.channel = &channel.channel
        self.raw.disk = NULL if disk is None else &disk.disk
        self.raw.handle = fd
        self.raw.file_bytes = file_bytes
        self.raw.message = <char *>calloc(1, MAX_MESSAGE)
        if posix_memalign(<void **>&self.raw.block, 4096, MOST_BYTES) or not self.raw.message:
            raise MemoryError("no memory for a message")
        memset(self.raw.block, 7, MOST_BYTES)
        self.agent.state = &self.raw
        self._kept = channel, disk

    def __dealloc__(self):
        free(self.raw.message)
        free(self.raw.block)

    @property
    def messages(self):
        """How many went there and back, or came."""
        return self.raw.messages


cdef class RawPrimary(RawEnd):
    """Consumes `ring`. received: moves with each answer; done: with answer and write."""

    cdef readonly RingSequence received
    cdef readonly RingSequence done

    def __cinit__(self, channel, disk, fd, file_bytes, *, RingBuffer ring not None):
        self.received, self.done = RingSequence(), RingSequence()
        barrier_init(&self.raw.ring, ring.ring)
        ring.add_gate(self.done)
        self.raw.first = sequence_get(self.done.sequence) + 1
        self.raw.received, self.raw.done = self.received.sequence, self.done.sequence
        self.agent.do_work = primary_work
        self._kept += (ring,)


cdef class RawStandby(RawEnd):
    def __cinit__(self, channel, disk, fd, file_bytes):
        self.agent.do_work = standby_work
