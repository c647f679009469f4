# The bytes of a journal, format 1. All integers little-endian.
#
# A journal is a folder of segments, 00000001.segment, 00000002.segment, …, all of one size
# and filled with zeros before use. A segment is a header block and then batches:
#
#     offset 0       SegmentHeader, zeros up to 4,096
#     offset 4,096   batch  BatchHeader (128 bytes), count × Command (128 bytes), zeros up to a
#                    multiple of 4,096
#                    batch …
#                    zeros: the end so far
#
# A batch is what was written and synced at once. Its checksum covers its header after the
# checksum and its commands, and begins from the checksum of the batch before it, whichever
# segment that is in: a batch that is missing, old or out of place does not fit in the chain.
from libc.stdint cimport int64_t, uint32_t, uint64_t


cdef enum:
    FORMAT = 1
    BLOCK_BYTES = 4096
    MAX_BATCH = 8191  # commands: with its header a batch is at most 1 MiB
    MAX_BATCH_BYTES = 1 << 20
    CHECKED_FROM = 8  # the first byte of either header that its checksum covers


cdef extern from *:
    # "LMAXSEG1" and "LBAT" as they stand in the file
    """
    #define LMAX_SEGMENT_MAGIC 0x3147455358414d4cULL
    #define LMAX_BATCH_MAGIC 0x5441424cU
    """
    const uint64_t SEGMENT_MAGIC "LMAX_SEGMENT_MAGIC"
    const uint32_t BATCH_MAGIC "LMAX_BATCH_MAGIC"


cdef struct SegmentHeader:
    uint32_t checksum  # of the rest of the header
    uint32_t format
    uint64_t magic
    uint64_t number  # 1, 2, 3, …: the file's name
    uint64_t first_sequence
    uint64_t segment_bytes
    int64_t created  # ns since 1970
    uint32_t epoch
    uint32_t previous_checksum  # of the last batch before this segment
    char reserved[72]


cdef struct BatchHeader:
    uint32_t magic
    uint32_t checksum
    uint32_t count
    uint32_t epoch
    uint64_t first_sequence
    uint32_t previous_checksum
    char reserved[100]


cdef inline int64_t batch_bytes(int64_t count) noexcept nogil:
    """What a batch of that many commands takes in the file."""
    return (128 + 128 * count + BLOCK_BYTES - 1) & ~<int64_t>(BLOCK_BYTES - 1)
