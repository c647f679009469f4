"""Making batches and writing them. See _writer.pxd for the idea, format.pxd for the bytes."""
from libc.errno cimport EAGAIN, EBADMSG, EINTR, EIO, ENOMEM, EPROTO
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

from journal._openssl cimport (
    NONCE_BYTES, aes_free, aes_new, aes_seal, sha256_add, sha256_begin, sha256_end,
)
from journal.crc32c cimport crc32c, crc32c_prepare
from journal.format cimport are_numbered, batch_bytes, batch_nonce
from journal.layout cimport (
    BATCH_CHECKED_FROM, BATCH_HASHED_FROM, BATCH_HASHED_TO, BATCH_MAGIC, BLOCK_BYTES, FORMAT,
    HASH_BYTES, MAX_BATCH_BYTES, SEGMENT_CHECKED_FROM, SEGMENT_MAGIC, BatchHeader,
    SegmentHeader,
)
from lmax.ringbuffer.atomics cimport load_acquire_i32, store_release_i32
from lmax.ringbuffer.barrier cimport barrier_available
from lmax.ringbuffer.ring cimport (
    ring_copy_out, ring_cursor, ring_publish, ring_remaining, ring_slot, ring_try_claim,
)
from lmax.ringbuffer.sequence cimport sequence_set
from lmax.wire cimport RECORD_BYTES

cdef extern from "<time.h>" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int CLOCK_REALTIME
    int clock_gettime(int clock, timespec *time)

cdef enum:
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


cdef BatchHeader *order(Writer *writer) noexcept nogil:
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


cdef inline bint has_room_behind(Writer *writer, int64_t count) noexcept nogil:
    """Whether a batch of that many can go with those that are packed, into the same write."""
    cdef int64_t after = writer.filling.packed + batch_bytes(count)
    return (
        after <= MAX_BATCH_BYTES
        and writer.handle >= 0
        and writer.offset + after <= writer.segment_bytes
    )


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
    if count <= 0 or (filling.packed and not has_room_behind(writer, wanted(writer))):
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


cdef int seal_ahead(Writer *writer) noexcept nogil:
    """Seal a batch that grows no more, before the write it goes with is begun: 1, 0 or -1.

    Its replication begins meanwhile, and the write takes several batches. A stop may tear the first
    of them and leave a later one whole: `behind` in a batch's header says which were written
    together. What is written with a segment's header is one batch.
    """
    cdef int64_t count = writer.filling.count
    if writer.sealed == NULL or count == 0 or count < wanted(writer):
        return 0
    if not has_whole_batch(writer) or not has_room_behind(writer, count):
        return 0
    if writer.following:
        writer.epoch = order(writer).epoch
    return -1 if seal(writer, writer.offset + writer.filling.packed) else 1


cdef int pack(Writer *writer) noexcept nogil:
    """Seal what is there already, as far as it fits behind what is packed; 0 or -1."""
    cdef int sealed = 1
    while sealed > 0:
        if take(writer) < 0:
            return -1
        sealed = seal_ahead(writer)
    return sealed


cdef int begin_segment(Writer *writer) noexcept nogil:
    """Seal what was taken, in another segment if it has to be: bytes of a new header, -1, or -2.

    -2: there is no segment yet.
    """
    cdef Filling *filling = &writer.filling
    cdef int64_t header = 0
    cdef int turned
    if writer.following:
        writer.epoch = order(writer).epoch
    if writer.handle < 0 or writer.offset + batch_bytes(filling.count) > writer.segment_bytes:
        turned = next_segment(writer)
        if turned <= 0:
            return -2 if turned == 0 else -1
        header = BLOCK_BYTES
        fill_segment_header(writer)
    if seal(writer, writer.offset + header):
        return -1
    return <int>header


cdef int launch(Writer *writer) noexcept nogil:
    """Seal what was taken and make it the write in flight: 1; 0 without a segment; -1."""
    cdef Filling *filling = &writer.filling
    cdef Flight *flight = &writer.flight
    cdef int header = 0
    if filling.packed == 0:
        header = begin_segment(writer)
        writer.starving = filling.first if header == -2 else 0
        if header < 0:
            return 0 if header == -2 else -1
    elif may_end(writer) and seal(writer, writer.offset + filling.packed):
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


cdef bint may_end(Writer *writer) noexcept nogil:
    """Leading: whether what was taken goes with what is packed, though it could still grow."""
    return (
        not writer.following
        and has_whole_batch(writer)
        and has_room_behind(writer, writer.filling.count)
    )


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
    cdef int landed = 0
    if writer.error:
        return -1
    taken = take(writer)
    if taken < 0:
        return -1
    if writer.flight.last:
        landed = land(writer, taken == 0 and not writer.polls)
        if landed < 0:
            return -1
        if landed == 0:
            answer = seal_ahead(writer)
            return taken + answer if answer >= 0 else -1
    if writer.filling.packed == 0 and not has_whole_batch(writer):
        return taken + landed
    answer = launch(writer)
    if answer <= 0:
        return answer
    # With more to do meanwhile the write goes on in the background; and who shares the thread
    # sends what was sealed before even a write that does not.
    taken = 0 if writer.disk.begin == NULL else take(writer)
    if taken < 0:
        return -1
    if not writer.polls and land(writer, taken == 0) < 0:
        return -1
    return 1
