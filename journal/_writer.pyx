"""The journaler. See _writer.pxd for the idea and format.pxd for the bytes."""
cimport cython
from libc.errno cimport EAGAIN, EBADMSG, EINTR, EIO, ENOMEM, EPROTO
from libc.stddef cimport size_t
from libc.stdlib cimport free
from libc.string cimport memcmp, memcpy, memset

from journal._openssl cimport (
    NONCE_BYTES, aes_free, aes_new, aes_seal, sha256_add, sha256_begin, sha256_end, sha256_free,
    sha256_new,
)
from journal.crc32c cimport crc32c, crc32c_prepare
from journal.format cimport are_numbered, batch_bytes, batch_nonce
from journal.layout cimport (
    BATCH_CHECKED_FROM, BATCH_HASHED_FROM, BATCH_HASHED_TO, BATCH_MAGIC, BLOCK_BYTES, FORMAT,
    HASH_BYTES, MAX_BATCH, MAX_BATCH_BYTES, SEGMENT_CHECKED_FROM, SEGMENT_MAGIC, BatchHeader,
    SegmentHeader,
)
from lmax.ringbuffer.atomics cimport load_acquire_i32, store_release_i32
from lmax.ringbuffer.barrier cimport barrier_available, barrier_init
from lmax.ringbuffer.ring cimport (
    ring_copy_out, ring_cursor, ring_publish, ring_remaining, ring_slot, ring_try_claim,
)
from lmax.ringbuffer.sequence cimport sequence_get, sequence_set
from lmax.wire cimport RECORD_BYTES

import os

cdef extern from "<stdlib.h>" nogil:
    int posix_memalign(void **memory, size_t alignment, size_t size)

cdef extern from "<time.h>" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int CLOCK_REALTIME
    int clock_gettime(int clock, timespec *time)

cdef enum:
    BUFFER_BYTES = BLOCK_BYTES + MAX_BATCH_BYTES
    PIECE = 128  # commands that are copied and hashed while they are in the nearest cache
    FIRST = 512  # the most that are made ready while the disk has nothing to do

crc32c_prepare()


cdef inline char *batch_of(Filling *filling) noexcept nogil:
    """Where the batch that is being made begins."""
    return filling.buffer + BLOCK_BYTES + filling.packed


cdef int fail(Writer *writer, int number) noexcept nogil:
    """Nothing is written after this."""
    writer.error = number
    return -1


cdef inline BatchHeader *order(Writer *writer) noexcept nogil:
    """Following: the header of the batch to be made; NULL while there is none."""
    if ring_cursor(writer.sealed) < writer.next_order:
        return NULL
    return <BatchHeader *>ring_slot(writer.sealed, writer.next_order)


cdef inline int64_t wanted(Writer *writer) noexcept nogil:
    """How many commands the batch that is being made may have in all."""
    cdef BatchHeader *header
    if not writer.following:
        return writer.most
    header = order(writer)
    return 0 if header == NULL else <int64_t>header.count


cdef int take(Writer *writer) noexcept nogil:
    """Copy and hash what is in the ring and has room; how many commands, -1 after an error.

    A disk that writes in the background gets its next batch as soon as it is done: beside a
    write only a piece is taken at a time, so that batches grow to what was hashed meanwhile.
    """
    cdef Filling *filling = &writer.filling
    cdef int64_t next_one = filling.first + filling.count
    cdef int64_t available = barrier_available(&writer.barrier, next_one) - next_one + 1
    cdef int64_t count = min(available, wanted(writer) - filling.count)
    cdef int64_t left, piece
    cdef char *target
    if writer.disk.begin != NULL and not writer.following:
        count = min(count, PIECE if writer.flight.last else FIRST - filling.count)
    if count <= 0:
        return 0
    left = count
    if filling.count == 0 and sha256_begin(filling.sha):
        return fail(writer, ENOMEM)
    while left:
        piece = min(left, <int64_t>PIECE)
        target = batch_of(filling) + 128 + filling.count * RECORD_BYTES
        ring_copy_out(writer.barrier.ring, filling.first + filling.count, target, piece)
        if not are_numbered(target, filling.first + filling.count, piece):
            return fail(writer, EBADMSG)
        filling.crc = crc32c(filling.crc, target, piece * RECORD_BYTES)
        if sha256_add(filling.sha, target, piece * RECORD_BYTES):
            return fail(writer, ENOMEM)
        filling.count += piece
        left -= piece
    return <int>count


cdef int next_segment(Writer *writer) noexcept nogil:
    """Go on in the segment that was made ahead: 1; 0 when there is none yet; -1 after an error."""
    if not load_acquire_i32(&writer.has_spare):
        writer.starved += 1
        return 0
    if writer.handle >= 0:
        writer.disk.close(writer.disk.state, writer.handle)
    if writer.aes != NULL:
        aes_free(writer.aes)
        writer.aes = NULL
    writer.handle = writer.spare.handle
    writer.segment += 1
    writer.offset = 0
    writer.link.generation += 1
    writer.link.key = writer.spare.key
    if writer.spare.key:
        writer.aes = aes_new(writer.spare.secret)
        memset(writer.spare.secret, 0, sizeof(writer.spare.secret))
        if writer.aes == NULL:
            return fail(writer, ENOMEM)
    return 1


cdef void fill_segment_header(Writer *writer) noexcept nogil:
    cdef SegmentHeader *header = <SegmentHeader *>writer.filling.buffer
    cdef timespec now
    memset(header, 0, BLOCK_BYTES)
    clock_gettime(CLOCK_REALTIME, &now)
    header.format = FORMAT
    header.magic = SEGMENT_MAGIC
    memcpy(header.cluster, writer.cluster, sizeof(header.cluster))
    header.number = writer.segment
    header.generation = writer.link.generation
    header.first_sequence = writer.filling.first
    header.segment_bytes = writer.segment_bytes
    header.created = now.tv_sec * <int64_t>1_000_000_000 + now.tv_nsec
    header.epoch = writer.epoch
    header.key = writer.link.key
    memcpy(header.previous, writer.link.hash, HASH_BYTES)
    memcpy(header.salt, writer.spare.salt, sizeof(header.salt))
    header.recycled = writer.spare.recycled
    header.skips = writer.skips
    writer.skips = 0
    header.checksum = crc32c(
        0, <char *>header + SEGMENT_CHECKED_FROM, sizeof(SegmentHeader) - SEGMENT_CHECKED_FROM
    )
    # What was handed over is used up: the maker may bring the next.
    store_release_i32(&writer.has_spare, 0)


cdef int seal(Writer *writer, int64_t offset) noexcept nogil:
    """Finish the batch that will stand at that offset; 0 or -1."""
    cdef Filling *filling = &writer.filling
    cdef char *start = batch_of(filling)
    cdef BatchHeader *header = <BatchHeader *>start
    cdef int64_t used = 128 + filling.count * RECORD_BYTES
    cdef uint8_t nonce[NONCE_BYTES]
    memset(start + used, 0, batch_bytes(filling.count) - used)
    memset(header, 0, sizeof(BatchHeader))
    header.magic = BATCH_MAGIC
    header.count = <uint32_t>filling.count
    header.epoch = writer.epoch
    header.first_sequence = filling.first
    memcpy(header.previous, writer.link.hash, HASH_BYTES)
    if sha256_add(filling.sha, start + BATCH_HASHED_FROM, BATCH_HASHED_TO - BATCH_HASHED_FROM):
        return fail(writer, ENOMEM)
    if sha256_end(filling.sha, header.hash):
        return fail(writer, ENOMEM)
    if writer.following and memcmp(header.hash, order(writer).hash, HASH_BYTES):
        return fail(writer, EPROTO)
    header.generation = writer.link.generation
    header.key = writer.link.key
    header.behind = <uint32_t>(filling.packed // BLOCK_BYTES)
    if writer.aes != NULL:
        batch_nonce(header.generation, offset, nonce)
        if aes_seal(
            writer.aes, nonce, start + BATCH_HASHED_FROM, sizeof(BatchHeader) - 16 - 16,
            <uint8_t *>start + 128, <int>(used - 128), header.tag
        ):
            return fail(writer, ENOMEM)
        filling.crc = crc32c(0, start + 128, used - 128)
    header.checksum = filling.crc
    header.header_checksum = crc32c(
        0, start + BATCH_CHECKED_FROM, sizeof(BatchHeader) - BATCH_CHECKED_FROM
    )
    memcpy(writer.link.hash, header.hash, HASH_BYTES)
    writer.link.epoch = writer.epoch
    writer.link.sequence = filling.first + filling.count - 1
    filling.packed += batch_bytes(filling.count)
    filling.first += filling.count
    filling.count = 0
    filling.crc = 0
    if writer.following:
        writer.next_order += 1
        sequence_set(writer.followed, writer.next_order - 1)
    elif writer.sealed != NULL:
        announce(writer, header)
    return 0


cdef void announce(Writer *writer, BatchHeader *header) noexcept nogil:
    """Leading: tell the replicator of a batch. `launch` has seen that there is room."""
    cdef int64_t number = ring_try_claim(writer.sealed, 1)
    memcpy(ring_slot(writer.sealed, number), header, sizeof(BatchHeader))
    ring_publish(writer.sealed, number, number)


cdef bint has_whole_batch(Writer *writer) noexcept nogil:
    """Whether what was taken may be sealed."""
    if writer.filling.count == 0:
        return False
    if writer.following:
        return writer.filling.count == order(writer).count
    return writer.sealed == NULL or ring_remaining(writer.sealed) > 0


cdef int pack(Writer *writer) noexcept nogil:
    """Following: seal whole batches that are there already, too, as far as they fit; 0 or -1.

    A stop may tear the first of them and leave a later one whole: `behind` in a batch's header
    says which were written together. What is written with a segment's header is one batch.
    """
    cdef Filling *filling = &writer.filling
    cdef BatchHeader *asked
    cdef int64_t after
    while True:
        asked = order(writer)
        if asked == NULL:
            return 0
        after = filling.packed + batch_bytes(asked.count)
        if after > MAX_BATCH_BYTES or writer.offset + after > writer.segment_bytes:
            return 0
        if take(writer) < 0:
            return -1
        if not has_whole_batch(writer):
            return 0
        writer.epoch = asked.epoch
        if seal(writer, writer.offset + filling.packed):
            return -1


cdef int launch(Writer *writer) noexcept nogil:
    """Seal what was taken and make it the write in flight: 1; 0 without a segment; -1."""
    cdef Filling *filling = &writer.filling
    cdef Flight *flight = &writer.flight
    cdef int64_t header = 0
    cdef int turned
    if writer.following:
        writer.epoch = order(writer).epoch
    if writer.handle < 0 or writer.offset + batch_bytes(filling.count) > writer.segment_bytes:
        turned = next_segment(writer)
        if turned <= 0:
            return turned
        header = BLOCK_BYTES
        fill_segment_header(writer)
    if seal(writer, writer.offset + header):
        return -1
    if writer.following and header == 0 and pack(writer):
        return -1
    flight.data = filling.buffer + BLOCK_BYTES - header
    flight.size = header + filling.packed
    flight.done = 0
    flight.offset = writer.offset
    flight.last = writer.link.sequence
    writer.offset += flight.size
    move_what_was_begun(writer)
    if writer.disk.begin != NULL:
        return begin(writer)
    return 1


cdef void move_what_was_begun(Writer *writer) noexcept nogil:
    """Go on in the other buffer, with the commands of a batch that is not whole yet."""
    cdef Filling *filling = &writer.filling
    cdef char *source = batch_of(filling)
    filling.buffer, writer.other = writer.other, filling.buffer
    filling.packed = 0
    memcpy(batch_of(filling) + 128, source + 128, filling.count * RECORD_BYTES)


cdef int begin(Writer *writer) noexcept nogil:
    cdef Flight *flight = &writer.flight
    cdef int answer = writer.disk.begin(
        writer.disk.state, writer.handle, flight.data + flight.done, flight.size - flight.done,
        flight.offset + flight.done
    )
    return 1 if answer == 0 else fail(writer, -answer)


cdef int land(Writer *writer, bint wait) noexcept nogil:
    """Bring the write in flight home: 1 when all of it is safe; 0 while it is not; -1.

    A write that came back short goes on where it stopped. A sync that failed is never repeated.
    """
    cdef Flight *flight = &writer.flight
    cdef int64_t written
    cdef int answer
    while flight.done < flight.size:
        if writer.disk.begin != NULL:
            written = writer.disk.finish(writer.disk.state, wait)
            if written == -EAGAIN:
                return 0
        else:
            written = writer.disk.write(
                writer.disk.state, writer.handle, flight.data + flight.done,
                flight.size - flight.done, flight.offset + flight.done
            )
        if written == 0:
            return fail(writer, EIO)
        if written < 0 and written != -EINTR:
            return fail(writer, <int>-written)
        flight.done += max(written, <int64_t>0)
        if flight.done < flight.size and writer.disk.begin != NULL and begin(writer) < 0:
            return -1
    answer = writer.disk.sync(writer.disk.state, writer.handle)
    if answer:
        return fail(writer, -answer)
    writer.batches += 1
    writer.bytes += flight.size
    sequence_set(writer.synced, flight.last)
    flight.last = 0
    return 1


cdef int journal_work(void *state) noexcept nogil:
    """One round: 1 when something was done, 0 if there was nothing; -1 after an error, for good."""
    cdef Writer *writer = <Writer *>state
    cdef int taken, answer
    if writer.error:
        return -1
    taken = take(writer)
    if taken < 0:
        return -1
    if writer.flight.last:
        answer = land(writer, taken == 0 and not writer.polls)
        if answer < 0:
            return -1
        if answer == 0 or not has_whole_batch(writer):
            return taken + answer
    if not has_whole_batch(writer):
        return taken
    answer = launch(writer)
    if answer <= 0:
        return answer
    # With more to do meanwhile the write goes on in the background.
    taken = 0 if writer.disk.begin == NULL else take(writer)
    if taken < 0:
        return -1
    if not (writer.polls and writer.disk.begin != NULL) and land(writer, taken == 0) < 0:
        return -1
    return 1


@cython.no_gc_clear  # the disk is needed until the end
cdef class Journaler(AgentBase):
    """Makes the commands of an input ring durable.

    ring: of commands, set to the journal's last sequence before, as `position`; disk: how bytes
    get there; epoch: of every batch; segment, handle, offset: where the journal ends, -1 and 0
    before the first; generation, hash, last_epoch: of that place; cluster: 16 bytes, its name; write_bytes:
    the most at once; skips: what the first new segment says of a command (journal.skips).
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

    def release(self):
        """Close what is open. Nothing runs the agent any more, and nothing ever will."""
        cdef Writer *writer = &self.writer
        if writer.flight.last and writer.disk.begin != NULL and not writer.error:
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
        if writer.filling.count or writer.flight.last or writer.error:
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
