# One round of the journaler, in C: what it takes, makes of it and writes. See _writer.pxd.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from journal._disk cimport Disk
from journal.format cimport Link
from journal.layout cimport BLOCK_BYTES, MAX_BATCH_BYTES, BatchHeader
from lmax.ringbuffer.barrier cimport Barrier
from lmax.ringbuffer.ring cimport Ring
from lmax.ringbuffer.sequence cimport Sequence

cdef enum:
    BUFFER_BYTES = BLOCK_BYTES + MAX_BATCH_BYTES


cdef struct Filling:
    # The batch that is being made, behind those that go with it.
    char *buffer  # a header block, then the largest batch; aligned for O_DIRECT
    int64_t packed  # bytes of sealed batches in the buffer
    int64_t first
    int64_t count
    uint32_t crc
    void *sha


cdef struct Flight:
    # The write that is on its way.
    const char *data
    int64_t size
    int64_t done
    int64_t offset
    int64_t last  # sequence of its last command; 0: there is no such write


cdef struct Spare:
    # The next segment, ready to be written.
    int32_t handle
    uint32_t key
    uint32_t recycled
    uint8_t salt[16]
    uint8_t secret[32]  # the segment's own key


cdef struct Writer:
    Barrier barrier
    Sequence *synced  # the journaler's position: everything up to it is on the disk
    Disk *disk
    Filling filling
    char *other  # the buffer that is not being filled
    Flight flight
    Link link  # behind the last batch
    Spare spare
    Ring *sealed  # headers of batches, made or to be made; NULL: nobody asks
    int64_t next_order  # following: number of the next header
    Sequence *followed  # following: of the last header that was done
    int32_t following
    int32_t polls  # never waits for a write: other agents share the thread
    int32_t has_spare  # atomic
    int32_t handle  # of the segment being written; -1 before the first
    int32_t error  # errno of the write that failed; the writer is finished then
    uint32_t epoch
    void *aes  # for the segment being written; NULL: it is not encrypted
    uint64_t segment  # number of the one being written
    int64_t offset  # where the next batch goes
    int64_t segment_bytes
    int64_t most  # commands in one batch
    uint8_t cluster[16]
    uint64_t skips  # for the next segment's header
    int64_t starving  # the first command that waits for a segment to be made; 0: none does
    # counters
    uint64_t batches
    uint64_t bytes
    uint64_t starved  # rounds in which no segment was ready


# Something was done: more than 0; there was nothing: 0; -1 after an error, for good.
cdef int journal_work(void *state) noexcept nogil

# Following: the header of the batch to be made; NULL while there is none.
cdef BatchHeader *order(Writer *writer) noexcept nogil
