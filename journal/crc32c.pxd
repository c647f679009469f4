# CRC-32C (Castagnoli), as in RFC 3720: the processor's instruction if there is one, else a table.
from libc.stddef cimport size_t
from libc.stdint cimport uint32_t

cdef extern from *:
    """
    #ifndef LMAX_CRC32C
    #define LMAX_CRC32C
    #include <stddef.h>
    #include <stdint.h>
    #include <string.h>

    /* Three lanes at a time, since one instruction waits for the one before: each lane's register
       is then moved over the lanes behind it, which is linear and so a look-up for each byte. */
    #define LMAX_CRC_LANE 1024

    static uint32_t lmax_crc_table[256];
    static uint32_t lmax_crc_over[2][4][256];

    static void lmax_crc32c_prepare(void)
    {
        memset(lmax_crc_over, 0, sizeof lmax_crc_over);
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int k = 0; k < 8; k++)
                c = c & 1 ? c >> 1 ^ 0x82F63B78u : c >> 1;
            lmax_crc_table[i] = c;
        }
        for (int lanes = 0; lanes < 2; lanes++)
            for (int bit = 0; bit < 32; bit++) {
                uint32_t c = 1u << bit;
                for (int n = 0; n < LMAX_CRC_LANE * (lanes + 1); n++)
                    c = lmax_crc_table[c & 255] ^ c >> 8;
                for (int b = 0; b < 256; b++)
                    if (b >> (bit & 7) & 1)
                        lmax_crc_over[lanes][bit >> 3][b] ^= c;
            }
    }

    static uint32_t lmax_crc32c_table(uint32_t crc, const unsigned char *p, size_t n)
    {
        crc = ~crc;
        while (n--)
            crc = lmax_crc_table[(crc ^ *p++) & 255] ^ crc >> 8;
        return ~crc;
    }

    #if defined(__x86_64__)
    #include <nmmintrin.h>
    static inline uint32_t lmax_crc_move(uint32_t over[4][256], uint32_t c)
    {
        return over[0][c & 255] ^ over[1][c >> 8 & 255] ^ over[2][c >> 16 & 255] ^ over[3][c >> 24];
    }

    __attribute__((target("sse4.2")))
    static uint32_t lmax_crc32c_instruction(uint32_t crc, const unsigned char *p, size_t n)
    {
        uint64_t c = ~crc;
        for (; n >= 3 * LMAX_CRC_LANE; n -= 3 * LMAX_CRC_LANE, p += 3 * LMAX_CRC_LANE) {
            uint64_t a = c, b = 0, d = 0;
            for (const unsigned char *q = p; q < p + LMAX_CRC_LANE; q += 8) {
                uint64_t one, two, three;
                memcpy(&one, q, 8);
                memcpy(&two, q + LMAX_CRC_LANE, 8);
                memcpy(&three, q + 2 * LMAX_CRC_LANE, 8);
                a = _mm_crc32_u64(a, one);
                b = _mm_crc32_u64(b, two);
                d = _mm_crc32_u64(d, three);
            }
            c = lmax_crc_move(lmax_crc_over[1], a) ^ lmax_crc_move(lmax_crc_over[0], b) ^ d;
        }
        for (; n >= 8; n -= 8, p += 8) {
            uint64_t word;
            memcpy(&word, p, 8);
            c = _mm_crc32_u64(c, word);
        }
        while (n--)
            c = _mm_crc32_u8((uint32_t)c, *p++);
        return ~(uint32_t)c;
    }
    #define lmax_has_crc32c() __builtin_cpu_supports("sse4.2")
    #else
    #define lmax_crc32c_instruction lmax_crc32c_table
    #define lmax_has_crc32c() 0
    #endif

    static inline uint32_t lmax_crc32c(uint32_t crc, const void *data, size_t size)
    {
        return lmax_has_crc32c() ? lmax_crc32c_instruction(crc, data, size)
                                 : lmax_crc32c_table(crc, data, size);
    }
    #endif
    """
    # Once in each module that uses it, at import.
    void crc32c_prepare "lmax_crc32c_prepare" () noexcept nogil
    # crc: of what came before, 0 at the beginning.
    uint32_t crc32c "lmax_crc32c" (uint32_t crc, const void *data, size_t size) noexcept nogil
    uint32_t crc32c_by_table "lmax_crc32c_table" (
        uint32_t crc, const unsigned char *data, size_t size
    ) noexcept nogil
