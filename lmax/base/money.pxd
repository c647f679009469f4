# Exact products of 64-bit integers, by way of 128 bits.
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <stdint.h>

    /* price * quantity / scale (10^0 .. 10^9) into *out; 0 when it does not fit 63 bits. */
    static inline int lmax_notional(int64_t price, int64_t quantity, int64_t scale, int64_t *out)
    {
        int64_t product;
        if (!__builtin_mul_overflow(price, quantity, &product)) {
            *out = scale == 1 ? product : product / scale;
            return 1;
        }
        __int128 wide = (__int128)price * quantity / scale;
        *out = (int64_t)wide;
        return wide == (__int128)*out;
    }

    static inline int lmax_divides(int64_t a, int64_t b, int64_t scale)
    {
        return (__int128)a * b % scale == 0;
    }
    """
    int notional "lmax_notional" (
        int64_t price, int64_t quantity, int64_t scale, int64_t *out
    ) noexcept nogil
    bint product_is_multiple "lmax_divides" (int64_t a, int64_t b, int64_t scale) noexcept nogil


cdef extern from "<stdint.h>" nogil:
    const int64_t INT64_MAX
