# Whole numbers times a ratio, by way of 128 bits, for splits.
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <stdint.h>

    /* value * mul / div for values from 0 on, at most 2^63 - 1, then down to a multiple of step. */
    static inline int64_t lmax_scaled(int64_t value, int64_t mul, int64_t div, int64_t step)
    {
        __int128 wide = (__int128)value * mul / div;
        int64_t most = wide > INT64_MAX ? INT64_MAX : (int64_t)wide;
        return most - most % step;
    }

    /* The same, up to a multiple of step; the value is one, and mul <= div, so that it fits. */
    static inline int64_t lmax_scaled_up(int64_t value, int64_t mul, int64_t div, int64_t step)
    {
        __int128 by = (__int128)div * step;
        return (int64_t)(((__int128)value * mul + by - 1) / by * step);
    }

    static inline int lmax_scaled_fits(int64_t value, int64_t mul, int64_t div)
    {
        return (__int128)value * mul / div <= INT64_MAX;
    }

    /* (value * mul / div - kept) * price / unit; kept is so near that this fits. */
    static inline int64_t lmax_worth_of_rest(
        int64_t value, int64_t mul, int64_t div, int64_t kept, int64_t price, int64_t unit)
    {
        __int128 rest = (__int128)value * mul - (__int128)kept * div;
        return (int64_t)(rest * price / ((__int128)div * unit));
    }
    """
    int64_t scaled "lmax_scaled" (
        int64_t value, int64_t mul, int64_t div, int64_t step
    ) noexcept nogil
    int64_t scaled_up "lmax_scaled_up" (
        int64_t value, int64_t mul, int64_t div, int64_t step
    ) noexcept nogil
    bint scaled_fits "lmax_scaled_fits" (int64_t value, int64_t mul, int64_t div) noexcept nogil
    int64_t worth_of_rest "lmax_worth_of_rest" (
        int64_t value, int64_t mul, int64_t div, int64_t kept, int64_t price, int64_t unit
    ) noexcept nogil
