# The state hash: a sum, modulo 2^64, of one hash for each thing in the state.
#
# A sum can follow a change (take the old hash away, add the new one) without knowing the
# rest, and does not depend on the order in which things are visited; so it is kept up to
# date at the price of a few multiplications, and can be worked out afresh to be checked.
from libc.stdint cimport uint64_t


cdef enum:
    # What kind of thing is hashed, so that equal numbers of two kinds differ.
    KIND_ACCOUNT = 1
    KIND_POSITION = 2
    KIND_ORDER = 3
    KIND_CLOSED_ID = 4
    KIND_INSTRUMENT = 5
    KIND_COUNTERS = 6


cdef inline uint64_t mix(uint64_t h, uint64_t value) noexcept nogil:
    """Fold one more number in: xor, multiply, shift (the finaliser of splitmix64)."""
    h = (h ^ value) * <uint64_t>0xBF58476D1CE4E5B9ULL
    h = (h ^ (h >> 27)) * <uint64_t>0x94D049BB133111EBULL
    return h ^ (h >> 31)
