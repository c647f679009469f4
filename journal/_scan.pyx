"""Finding batches in bytes: every number is checked before it is used."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from journal.crc32c cimport crc32c, crc32c_by_table, crc32c_prepare
from journal.format cimport (
    BATCH_MAGIC, BLOCK_BYTES, CHECKED_FROM, FORMAT, MAX_BATCH, MAX_BATCH_BYTES, SEGMENT_MAGIC,
    BatchHeader, SegmentHeader, batch_bytes,
)
from lmax.wire cimport Command

crc32c_prepare()

# For Python: bytes of a block, bytes and commands of the largest batch.
SIZES = (BLOCK_BYTES, MAX_BATCH_BYTES, MAX_BATCH)

# What stopped `gather`.
EXHAUSTED = 0  # the chunk, or the room for commands: go on with the next
END = 1  # a block of zeros: nothing was written from here on
BAD = 2  # something else: damage, or at the very end a write that was cut short
SPOILED = 3  # a whole batch with bytes behind its commands: damage wherever it stands


class OtherFormat(Exception):
    """A good header of a format that this program does not know."""


def crc(const unsigned char[::1] data, uint32_t start=0):
    """CRC-32C of bytes, going on from `start`."""
    return crc32c(start, &data[0] if data.shape[0] else NULL, data.shape[0])


def crc_by_table(const unsigned char[::1] data, uint32_t start=0):
    """The same where the processor has no instruction for it."""
    return crc32c_by_table(start, &data[0] if data.shape[0] else NULL, data.shape[0])


cdef bint is_zero(const uint8_t *data, size_t size) noexcept nogil:
    return size == 0 or (data[0] == 0 and memcmp(data, data + 1, size - 1) == 0)


def segment_header(const unsigned char[::1] block):
    """The fields of a segment's header; None for zeros (not in use yet); a str says what is wrong.

    block: the first BLOCK_BYTES of the file. Raises OtherFormat.
    """
    cdef SegmentHeader header
    if block.shape[0] < BLOCK_BYTES:
        return "a file that ends within its header"
    memcpy(&header, &block[0], sizeof(header))
    if is_zero(&block[0], BLOCK_BYTES):
        return None
    if header.magic != SEGMENT_MAGIC:
        return "no segment header"
    if header.checksum != crc32c(0, &block[4], sizeof(header) - 4):
        return "a header whose checksum is wrong"
    if header.format != FORMAT:
        raise OtherFormat(f"format {header.format}; this program reads format {FORMAT}")
    if not is_zero(&block[sizeof(header)], BLOCK_BYTES - sizeof(header)):
        return "bytes behind a header"
    return {
        "number": header.number,
        "first_sequence": header.first_sequence,
        "segment_bytes": header.segment_bytes,
        "created": header.created,
        "epoch": header.epoch,
        "previous_checksum": header.previous_checksum,
    }


cdef bint has_good_checksum(BatchHeader *header, const uint8_t *data) noexcept nogil:
    return header.checksum == crc32c(
        header.previous_checksum,
        data + CHECKED_FROM,
        sizeof(BatchHeader) - CHECKED_FROM + header.count * sizeof(Command),
    )


def gather(
    const unsigned char[::1] chunk, uint64_t expected, uint64_t last, uint32_t checksum,
    unsigned char[::1] out
):
    """Take the commands of the batches at the start of a chunk, one after the other.

    expected: sequence of the first; last: of the last to take (a batch is taken whole);
    checksum: of the batch before; out: room for commands.
    Returns (stop, bytes consumed, bytes put in out, next sequence, last checksum, what is wrong).
    """
    cdef size_t at = 0
    cdef size_t filled = 0
    cdef size_t payload, used
    cdef BatchHeader header
    cdef int stop = EXHAUSTED
    wrong = ""
    while expected <= last and chunk.shape[0] - at >= BLOCK_BYTES:
        memcpy(&header, &chunk[at], sizeof(header))
        if header.magic != BATCH_MAGIC:
            if is_zero(&chunk[at], BLOCK_BYTES):
                stop = END
            else:
                stop, wrong = BAD, "bytes that begin no batch"
            break
        if not 1 <= header.count <= MAX_BATCH:
            stop, wrong = BAD, f"a batch of {header.count} commands"
            break
        payload = header.count * sizeof(Command)
        if at + batch_bytes(header.count) > <size_t>chunk.shape[0]:
            break
        if filled + payload > <size_t>out.shape[0]:
            break
        if not has_good_checksum(&header, &chunk[at]):
            stop, wrong = BAD, "a batch whose checksum is wrong"
            break
        if header.first_sequence != expected:
            stop, wrong = BAD, f"a batch that begins with command {header.first_sequence}"
            break
        if header.previous_checksum != checksum:
            stop, wrong = BAD, "a batch that does not follow the one before it"
            break
        used = sizeof(header) + payload
        if not is_zero(&chunk[0] + at + used, batch_bytes(header.count) - used):
            stop, wrong = SPOILED, "a batch with bytes behind its commands"
            break
        memcpy(&out[filled], &chunk[at + sizeof(header)], payload)
        filled += payload
        at += batch_bytes(header.count)
        expected += header.count
        checksum = header.checksum
    return stop, at, filled, expected, checksum, wrong


def whole_batch(const unsigned char[::1] chunk):
    """The first sequence of a whole batch that begins here, wherever it belongs; 0 if none does."""
    cdef BatchHeader header
    if chunk.shape[0] < BLOCK_BYTES:
        return 0
    memcpy(&header, &chunk[0], sizeof(header))
    if header.magic != BATCH_MAGIC or not 1 <= header.count <= MAX_BATCH:
        return 0
    if batch_bytes(header.count) > chunk.shape[0] or not has_good_checksum(&header, &chunk[0]):
        return 0
    return header.first_sequence
