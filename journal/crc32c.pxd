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

    static uint32_t lmax_crc_table[256];

    static void lmax_crc32c_prepare(void)
    {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int k = 0; k < 8; k++)
                c = c & 1 ? c >> 1 ^ 0x82F63B78u : c >> 1;
            lmax_crc_table[i] = c;
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
    __attribute__((target("sse4.2")))
    static uint32_t lmax_crc32c_instruction(uint32_t crc, const unsigned char *p, size_t n)
    {
        uint64_t c = ~crc;
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
