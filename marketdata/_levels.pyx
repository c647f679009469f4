"""Memory for the levels of a book. See _levels.pxd."""
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cdef enum:
    FIRST_LEVELS = 64


cdef int side_grow(BookSide *side) noexcept nogil:
    cdef int64_t capacity = FIRST_LEVELS if side.block == NULL else 2 * side.block.capacity
    cdef Block *block = <Block *>malloc(sizeof(Block) + capacity * sizeof(Level))
    if block == NULL:
        return -1
    block.outgrown = side.block
    block.capacity = capacity
    if side.count:
        memcpy(block + 1, side.levels, side.count * sizeof(Level))
    side.levels = <Level *>(block + 1)
    side.block = block
    return 0


cdef void side_free(BookSide *side) noexcept nogil:
    cdef Block *block = side.block
    cdef Block *outgrown
    while block != NULL:
        outgrown = block.outgrown
        free(block)
        block = outgrown
