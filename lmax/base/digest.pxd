# The state hash: a sum, modulo 2^64, of one hash for each thing in the state.
#
# A sum can follow a change (take the old hash away, add the new one) without knowing the
# rest, and does not depend on the order in which things are visited; so it is kept up to
# date at the price of a few multiplications, and can be worked out afresh to be checked.
#
# The hash of a thing: its numbers are taken in pairs, each pair is multiplied to 128 bits and
# folded to 64, and the folded pairs together once more. Pairs do not wait for each other: a hash
# takes about as long as two multiplications, however many numbers are in it.
from libc.stdint cimport uint64_t


cdef extern from *:
    """
    #include <stdint.h>

    /* The fraction of pi, 64 bits a piece: numbers without a purpose of their own. */
    #define LMAX_PI_0 0x243F6A8885A308D3ULL
    #define LMAX_PI_1 0x13198A2E03707344ULL
    #define LMAX_PI_2 0xA4093822299F31D0ULL
    #define LMAX_PI_3 0x082EFA98EC4E6C89ULL
    #define LMAX_PI_4 0x452821E638D01377ULL
    #define LMAX_PI_5 0xBE5466CF34E90C6CULL
    #define LMAX_PI_6 0xC0AC29B7C97C50DDULL
    #define LMAX_PI_7 0x3F84D5B5B5470917ULL

    /* What kind of thing is hashed, so that equal numbers of two kinds differ. */
    #define LMAX_KIND_ACCOUNT 0x9216D5D98979FB1BULL
    #define LMAX_KIND_POSITION 0xD1310BA698DFB5ACULL
    #define LMAX_KIND_ORDER 0x2FFD72DBD01ADFB7ULL
    #define LMAX_KIND_CLOSED_ID 0xB8E1AFED6A267E96ULL
    #define LMAX_KIND_INSTRUMENT 0xBA7C9045F12C7F99ULL
    #define LMAX_KIND_COUNTERS 0x24A19947B3916CF7ULL
    #define LMAX_KIND_TRADE 0x0801F2E2858EFC16ULL
    #define LMAX_KIND_TICKS 0x636920D871574E69ULL

    static inline uint64_t lmax_fold(uint64_t a, uint64_t b)
    {
        unsigned __int128 product = (unsigned __int128)a * b;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    """
    const uint64_t PI_0 "LMAX_PI_0"
    const uint64_t PI_1 "LMAX_PI_1"
    const uint64_t PI_2 "LMAX_PI_2"
    const uint64_t PI_3 "LMAX_PI_3"
    const uint64_t PI_4 "LMAX_PI_4"
    const uint64_t PI_5 "LMAX_PI_5"
    const uint64_t PI_6 "LMAX_PI_6"
    const uint64_t PI_7 "LMAX_PI_7"
    const uint64_t KIND_ACCOUNT "LMAX_KIND_ACCOUNT"
    const uint64_t KIND_POSITION "LMAX_KIND_POSITION"
    const uint64_t KIND_ORDER "LMAX_KIND_ORDER"
    const uint64_t KIND_CLOSED_ID "LMAX_KIND_CLOSED_ID"
    const uint64_t KIND_INSTRUMENT "LMAX_KIND_INSTRUMENT"
    const uint64_t KIND_COUNTERS "LMAX_KIND_COUNTERS"
    const uint64_t KIND_TRADE "LMAX_KIND_TRADE"
    const uint64_t KIND_TICKS "LMAX_KIND_TICKS"
    uint64_t fold "lmax_fold" (uint64_t a, uint64_t b) noexcept nogil


cdef inline uint64_t mix(uint64_t h, uint64_t value) noexcept nogil:
    """Fold one more number in, where there are many and time does not matter."""
    return fold(h ^ PI_6, value ^ PI_7) + PI_0
