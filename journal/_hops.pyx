"""From batch to batch by headers alone: where each is, without reading what is in it."""
from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy

from journal.crc32c cimport crc32c_prepare
from journal.format cimport batch_bytes, is_batch_header
from journal.layout cimport HASH_BYTES, MAX_BATCH, BatchHeader

crc32c_prepare()


def gather_headers(const unsigned char[::1] chunk, uint64_t generation, uint64_t sequence,
                   bytes previous, unsigned char[::1] heads):
    """Copy the headers of the batches from the start of a chunk on, as far as they form a chain.

    generation: of the segment; sequence, previous: of the last command before, and the hash.
    heads: room for as many as there may be. Returns (bytes up to the end of the last batch, which
    may lie behind the chunk, how many).
    """
    cdef size_t at = 0
    cdef size_t filled = 0
    cdef size_t size = chunk.shape[0]
    cdef size_t room = heads.shape[0]
    cdef BatchHeader header
    cdef char hash[HASH_BYTES]
    memcpy(hash, <const char *>previous, HASH_BYTES)
    while at + sizeof(header) <= size and filled + sizeof(header) <= room:
        memcpy(&header, &chunk[at], sizeof(header))
        if not is_batch_header(&header) or header.generation != generation:
            break
        if not 1 <= header.count <= MAX_BATCH or header.first_sequence != sequence + 1:
            break
        if memcmp(header.previous, hash, HASH_BYTES):
            break
        memcpy(&heads[filled], &header, sizeof(header))
        memcpy(hash, header.hash, HASH_BYTES)
        filled += sizeof(header)
        sequence += header.count
        at += batch_bytes(header.count)
    return at, filled // sizeof(header)
