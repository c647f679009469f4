# A set of instrument ids, walked in order without looking at those that are not in it.
from libc.stdint cimport uint32_t, uint64_t

cdef extern from *:
    int ctz "__builtin_ctzll" (unsigned long long) noexcept nogil


cdef struct IdBits:
    uint64_t[16] groups  # one bit for each word that is not 0
    uint64_t[1024] words


cdef inline void bit_set(IdBits *bits, uint32_t id) noexcept nogil:
    bits.words[id >> 6] |= <uint64_t>1 << (id & 63)
    bits.groups[id >> 12] |= <uint64_t>1 << (id >> 6 & 63)


cdef inline void bit_clear(IdBits *bits, uint32_t id) noexcept nogil:
    bits.words[id >> 6] &= ~(<uint64_t>1 << (id & 63))
    if bits.words[id >> 6] == 0:
        bits.groups[id >> 12] &= ~(<uint64_t>1 << (id >> 6 & 63))


cdef inline uint32_t bit_next(IdBits *bits, uint32_t id) noexcept nogil:
    """The lowest id in the set above the given one, or 0. The set may change meanwhile."""
    cdef uint64_t word, group
    cdef uint32_t i
    id += 1
    if id > 65_535:
        return 0
    word = bits.words[id >> 6] >> (id & 63)
    if word:
        return id + ctz(word)
    i = id >> 12
    # In two shifts: by 64 at once is none.
    group = bits.groups[i] >> (id >> 6 & 63) >> 1 << 1 << (id >> 6 & 63)
    while group == 0:
        i += 1
        if i == 16:
            return 0
        group = bits.groups[i]
    i = i << 6 | ctz(group)
    return i << 6 | ctz(bits.words[i])
