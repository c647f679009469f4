# The whole state as one stream of bytes without an address in it, and back.
#
# Everything lives in a few *regions*: pools and tables whose items name each other by index, and
# the State itself, of which only the pointers have to be left out. So a region is written as it
# stands, as far as it was ever used:
#
#     run   region (4 bytes), size (4), offset (8), size × bytes      … and the next
#
# What is all zeros is left out, in blocks of BLOCK bytes: memory that was never touched is zeros,
# and stays untouched when the state is read. Region 0, the State, comes first, since it says how
# large the others are. Its structs are copied whole, so a field that is added is in it.
from libc.stdint cimport uint32_t, uint64_t

from lmax.state._state cimport Instrument, State


cdef enum:
    REGIONS = 19
    BLOCK = 256
    RUN_BYTES = 16

cdef struct Region:
    char *base
    uint64_t size  # bytes in use


cdef struct ImageWriter:
    State *state
    State *frozen  # a copy without pointers
    Instrument *instruments  # … likewise
    Region regions[REGIONS]
    uint32_t region  # where to go on
    uint64_t offset


cdef struct ImageReader:
    State *state
    State *frozen  # what the image says, until it is complete
    Region regions[REGIONS]
    bint adopted  # the state has the sizes that it says
    const char *wrong  # why not; NULL: nothing is


cdef void state_reset(State *state, int *failed) noexcept nogil
cdef int writer_open(ImageWriter *writer, State *state) noexcept nogil
cdef void writer_close(ImageWriter *writer) noexcept nogil
cdef uint64_t image_fill(ImageWriter *writer, char *to, uint64_t room) noexcept nogil
cdef int reader_open(ImageReader *reader, State *state) noexcept nogil
cdef void reader_close(ImageReader *reader) noexcept nogil
cdef int image_take(ImageReader *reader, const char *data, uint64_t size) noexcept nogil
cdef int image_end(ImageReader *reader) noexcept nogil
cdef uint64_t placement() noexcept nogil
