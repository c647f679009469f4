# The bytes of a journal, format 2. All integers little-endian; the headers are in layout.pxd.
#
# A journal is a folder of segments, 00000001.segment, 00000002.segment, …, all of one size. A
# segment is a header block and then batches:
#
#     offset 0       SegmentHeader, zeros up to 4,096
#     offset 4,096   batch  BatchHeader (128 bytes), count × Command (128 bytes), zeros up to a
#                    multiple of 4,096
#                    batch …
#                    the end so far: zeros, or in a recycled file what it held before
#
# A batch is what was written and synced at once. It holds the hash of the batch before it,
# whichever segment that is in, and its own: one that is missing, old, changed or out of place
# does not fit in the chain.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from journal.crc32c cimport crc32c
from journal.layout cimport BATCH_CHECKED_FROM, BATCH_MAGIC, BLOCK_BYTES, HASH_BYTES, BatchHeader


cdef struct Link:
    # The place behind a batch: what the next one must go on from.
    uint64_t sequence  # of the last command
    uint64_t generation  # of the segment
    uint32_t epoch  # of the last batch
    uint32_t key  # of the segment; 0: not encrypted
    uint8_t hash[HASH_BYTES]  # of the last batch


cdef inline int64_t batch_bytes(int64_t count) noexcept nogil:
    """What a batch of that many commands takes in the file."""
    return (128 + 128 * count + BLOCK_BYTES - 1) & ~<int64_t>(BLOCK_BYTES - 1)


cdef inline bint is_batch_header(const BatchHeader *header) noexcept nogil:
    """Whether it is one, and as it was written."""
    return header.magic == BATCH_MAGIC and header.header_checksum == crc32c(
        0, <const char *>header + BATCH_CHECKED_FROM, sizeof(BatchHeader) - BATCH_CHECKED_FROM
    )


cdef inline void batch_nonce(uint64_t generation, int64_t offset, uint8_t *nonce) noexcept nogil:
    """Of the batch at that offset, 12 bytes.

    The key is the segment's own, so the nonce is used once: a place in a segment is written
    twice only after a restart, and an encrypted journal goes on in a new segment then.
    """
    cdef int index
    cdef uint32_t block = <uint32_t>(offset // BLOCK_BYTES)
    for index in range(8):
        nonce[index] = <uint8_t>(generation >> 8 * index)
    for index in range(4):
        nonce[8 + index] = <uint8_t>(block >> 8 * index)


cdef inline bint are_numbered(const char *commands, uint64_t first, int64_t count) noexcept nogil:
    """Whether each command holds its own sequence, the first `first`."""
    cdef int64_t i
    cdef uint64_t sequence
    for i in range(count):
        memcpy(&sequence, commands + i * 128, sizeof(sequence))
        if sequence != first + i:
            return False
    return True
