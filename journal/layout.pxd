# Written by `python -m journal.generate`; edit journal/schema.py instead.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t


cdef enum:
    FORMAT = 2
    BLOCK_BYTES = 4096
    MAX_BATCH_BYTES = 1048576
    MAX_BATCH = 8191
    HASH_BYTES = 32
    SEGMENT_CHECKED_FROM = 4
    BATCH_CHECKED_FROM = 12
    BATCH_HASHED_FROM = 16
    BATCH_HASHED_TO = 64


cdef extern from *:
    """
    #define LMAX_SEGMENT_MAGIC 0x3147455358414d4cULL
    #define LMAX_BATCH_MAGIC 0xff54414258414d4cULL
    """
    const uint64_t SEGMENT_MAGIC "LMAX_SEGMENT_MAGIC"
    const uint64_t BATCH_MAGIC "LMAX_BATCH_MAGIC"


cdef struct SegmentHeader:
    uint32_t checksum
    uint32_t format
    uint64_t magic
    uint8_t cluster[16]
    uint64_t number
    uint64_t generation
    uint64_t first_sequence
    uint64_t segment_bytes
    int64_t created
    uint32_t epoch
    uint32_t key
    uint8_t previous[32]
    uint8_t salt[16]
    uint32_t recycled
    uint8_t unused[4]
    uint64_t skips
    uint8_t reserved[112]


cdef struct BatchHeader:
    uint64_t magic
    uint32_t header_checksum
    uint32_t checksum
    uint32_t count
    uint32_t epoch
    uint64_t first_sequence
    uint8_t previous[32]
    uint8_t hash[32]
    uint64_t generation
    uint32_t key
    uint32_t behind
    uint8_t tag[16]
