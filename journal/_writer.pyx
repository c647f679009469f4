"""The journaler. See _writer.pxd for the idea and format.pxd for the bytes."""
cimport cython
from libc.errno cimport EAGAIN, EBADMSG, EINTR, EIO, EPROTO
from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from journal._openssl cimport aes_free, sha256_free, sha256_new
from journal._writing cimport BUFFER_BYTES, Spare, journal_work, order
from journal.layout cimport BLOCK_BYTES, HASH_BYTES, MAX_BATCH, MAX_BATCH_BYTES, BatchHeader
from lmax.ringbuffer.atomics cimport load_acquire_i32, store_release_i32
from lmax.ringbuffer.barrier cimport barrier_init
from lmax.ringbuffer.ring cimport ring_cursor
from lmax.ringbuffer.sequence cimport sequence_get, sequence_set
from lmax.wire cimport RECORD_BYTES

import os

cdef extern from "<stdlib.h>" nogil:
    int posix_memalign(void **memory, size_t alignment, size_t size)


@cython.no_gc_clear  # the disk is needed until the end
cdef class Journaler(AgentBase):
    """Makes the commands of an input ring durable.

    ring: of commands, set to the journal's last sequence before, as `position`; disk: how bytes
    get there; epoch: of every batch; segment, handle, offset: where the journal ends, -1 and 0
    before the first; generation, hash, last_epoch: of that place; cluster: 16 bytes, its name;
    write_bytes: the most at once; skips: what the first new segment says of a command
    (journal.skips).
    sealed: a ring of batch headers, those that are made, or, following, those to make, from the
    one behind its cursor on; its gate is then `followed`. polls: do not wait for the disk, as
    others use the thread.
    """

    def __cinit__(self, RingBuffer ring, RingSequence position, DiskBase disk, *, int handle,
                  int64_t segment_bytes, uint64_t segment, int64_t offset, uint64_t generation,
                  bytes hash, bytes cluster, uint32_t epoch=1, uint32_t last_epoch=0,
                  int64_t write_bytes=MAX_BATCH_BYTES, uint64_t skips=0,
                  RingBuffer sealed=None, bint following=False, bint polls=False):
        cdef Writer *writer = &self.writer
        writer.handle = -1
        if sealed is None and following:
            raise ValueError("who follows is told by a sealed ring what to write")
        if sealed is not None and sealed.slot_bytes != sizeof(BatchHeader):
            raise ValueError(f"the sealed ring has slots of {sizeof(BatchHeader)} bytes")
        writer.disk = &disk.disk
        self.ring = ring
        self.position = position
        self.disk = disk
        if posix_memalign(<void **>&writer.filling.buffer, BLOCK_BYTES, BUFFER_BYTES):
            writer.filling.buffer = NULL
        if posix_memalign(<void **>&writer.other, BLOCK_BYTES, BUFFER_BYTES):
            writer.other = NULL
        writer.filling.sha = sha256_new()
        if not (writer.filling.buffer and writer.other and writer.filling.sha):
            raise MemoryError("no memory for the journal's buffers")
        if len(hash) != HASH_BYTES or len(cluster) != sizeof(writer.cluster):
            raise ValueError("a hash has 32 bytes, a cluster's name 16")
        # Pages are touched here, so that no first batch pays for them.
        memset(writer.filling.buffer, 0, BUFFER_BYTES)
        memset(writer.other, 0, BUFFER_BYTES)
        barrier_init(&writer.barrier, ring.ring)
        writer.synced = position.sequence
        writer.filling.first = sequence_get(position.sequence) + 1
        writer.handle = handle
        writer.segment_bytes = segment_bytes
        # A segment holds at least one batch of that many.
        writer.most = min(
            <int64_t>MAX_BATCH, min(write_bytes, segment_bytes - BLOCK_BYTES) // RECORD_BYTES - 1
        )
        writer.segment = segment
        writer.offset = offset
        writer.link.generation = generation
        writer.epoch = epoch
        writer.link.epoch = last_epoch
        writer.skips = skips
        memcpy(writer.link.hash, <const char *>hash, HASH_BYTES)
        memcpy(writer.cluster, <const char *>cluster, sizeof(writer.cluster))
        writer.polls = polls
        self.sealed = sealed
        self.followed = RingSequence()
        writer.followed = self.followed.sequence
        if sealed is not None:
            writer.sealed = sealed.ring
        if following:
            writer.following = True
            writer.next_order = ring_cursor(sealed.ring) + 1
            sequence_set(writer.followed, writer.next_order - 1)
        self.agent.do_work = journal_work
        self.agent.state = writer

    def __dealloc__(self):
        cdef Writer *writer = &self.writer
        self.release()
        if writer.aes:
            aes_free(writer.aes)
        if writer.filling.sha:
            sha256_free(writer.filling.sha)
        free(writer.filling.buffer)
        free(writer.other)

    def at_rest(self):
        """Whether no write is under way at the disk, without waiting for one. Nothing runs the
        agent any more; `release` then waits for nothing."""
        cdef Writer *writer = &self.writer
        cdef int64_t written
        if not writer.flight.last or writer.disk.begin == NULL or writer.error:
            return True
        with nogil:
            written = writer.disk.finish(writer.disk.state, False)
        if written == -EAGAIN:
            return False
        if written <= 0 and written != -EINTR:
            writer.error = <int32_t>-written if written else EIO
        writer.flight.last = 0
        return True

    def release(self):
        """Close what is open. Nothing runs the agent any more, and nothing ever will."""
        cdef Writer *writer = &self.writer
        if writer.flight.last and writer.disk.begin != NULL and not writer.error:
            with nogil:  # the disk may take its time; see at_rest
                writer.disk.finish(writer.disk.state, True)  # it reads from our buffer
            writer.flight.last = 0
        if writer.handle >= 0:
            writer.disk.close(writer.disk.state, writer.handle)
            writer.handle = -1
        if load_acquire_i32(&writer.has_spare):
            writer.disk.close(writer.disk.state, writer.spare.handle)
            store_release_i32(&writer.has_spare, 0)

    def lead(self, uint32_t epoch):
        """Make batches of its own from now on, of that epoch; nothing runs it meanwhile.

        ValueError while one that was asked for is not on the disk, or for an epoch that is over.
        """
        cdef Writer *writer = &self.writer
        if writer.filling.count or writer.filling.packed or writer.flight.last or writer.error:
            raise ValueError("what was received is not on the disk yet")
        if writer.following and order(writer) != NULL:
            raise ValueError("there are batches to be written first")
        if epoch <= writer.link.epoch:
            raise ValueError(f"epoch {epoch} is over: the journal has come to {writer.link.epoch}")
        writer.following = False
        writer.epoch = epoch

    def wants_segment(self):
        """Whether there is none ready to go on in."""
        return not load_acquire_i32(&self.writer.has_spare)

    def offer_segment(self, int handle, *, bint recycled=False, uint32_t key=0,
                      bytes salt=bytes(16), bytes secret=bytes(32)):
        """Hand over the next segment: open for writing, its first block zeros, synced.

        recycled: old bytes lie behind that block; key: number of that which `secret` was derived
        from with `salt`, 0: none. One thread offers, when `wants_segment`; the handle is ours.
        """
        cdef Spare *spare = &self.writer.spare
        if len(salt) != sizeof(spare.salt) or len(secret) != sizeof(spare.secret):
            raise ValueError("a salt has 16 bytes, a secret 32")
        spare.handle = handle
        spare.recycled = recycled
        spare.key = key
        memcpy(spare.salt, <const char *>salt, sizeof(spare.salt))
        memcpy(spare.secret, <const char *>secret, sizeof(spare.secret))
        store_release_i32(&self.writer.has_spare, 1)

    @property
    def remaining(self):
        """Bytes left in the segment being written; 0 before the first."""
        return self.writer.segment_bytes - self.writer.offset if self.writer.handle >= 0 else 0

    @property
    def segment(self):
        """Number of the segment being written."""
        return self.writer.segment

    @property
    def place(self):
        """(epoch, sequence, hash) of the last batch made. Exact while nothing runs the agent."""
        cdef Writer *writer = &self.writer
        cdef bytes digest = (<const char *>writer.link.hash)[:HASH_BYTES]
        return writer.link.epoch, writer.filling.first - 1, digest

    @property
    def synced(self):
        """Sequence of the last command that is on the disk."""
        return sequence_get(self.writer.synced)

    @property
    def outstanding(self):
        """A number that stays the same while the disk owes one and the same thing; 0: nothing.

        A write that is not synced, or a segment to go on in. For any thread.
        """
        return self.writer.flight.last or self.writer.starving

    @property
    def error(self):
        """None, or the OSError after which nothing more is written."""
        cdef int32_t number = self.writer.error
        if number == EBADMSG:
            first = self.writer.filling.first + self.writer.filling.count
            what = f"a command in the ring, {first} or soon after, does not hold its sequence"
            return OSError(number, what)
        if number == EPROTO:
            first = self.writer.filling.first
            return OSError(number, f"the batch of command {first} has not the primary's hash")
        return OSError(number, os.strerror(number)) if number else None

    @property
    def counters(self):
        """Batches and bytes written, and rounds that found no segment ready."""
        return {
            "batches": self.writer.batches,
            "bytes": self.writer.bytes,
            "starved": self.writer.starved,
        }
