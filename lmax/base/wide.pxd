# Shares of prices and sums of them, by way of 128 bits.
from libc.stdint cimport int64_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>

    /* Whether value * 10^4 <= of * share. */
    static inline int lmax_at_most_share(int64_t value, int64_t of, int64_t share)
    {
        return (__int128)value * 10000 <= (__int128)of * share;
    }

    /* price + sign * width / 10^4 as the nearest multiple of the tick, half up; where that does
       not fit, the largest multiple that does. */
    static inline int64_t lmax_band(int64_t price, int64_t share, int64_t most, int64_t tick,
                                    int times, int sign)
    {
        __int128 width = (__int128)price * share;
        if (most && width > (__int128)most * 10000)
            width = (__int128)most * 10000;
        width *= times;
        if (width < (__int128)tick * 10000)
            width = (__int128)tick * 10000;
        __int128 step = (__int128)tick * 10000;
        __int128 twice = 2 * ((__int128)price * 10000 + sign * width) + step;
        if (twice < 0)
            return 0; /* below any tick: the caller takes the first */
        __int128 ticks = twice / (2 * step);
        __int128 highest = INT64_MAX / tick;
        return (int64_t)((ticks < highest ? ticks : highest) * tick);
    }

    static inline void lmax_add(uint64_t *low, uint64_t *high, uint64_t value)
    {
        *low += value;
        *high += *low < value;
    }

    /* Rounded down; count is at least 1. */
    static inline int64_t lmax_quotient(uint64_t low, uint64_t high, uint64_t count)
    {
        return (int64_t)(((unsigned __int128)high << 64 | low) / count);
    }

    /* Whether |a - b| * 10^4 > b * share. */
    static inline int lmax_is_beyond(int64_t a, int64_t b, int64_t share)
    {
        __int128 away = a < b ? (__int128)b - a : (__int128)a - b;
        return away * 10000 > (__int128)b * share;
    }

    /* Whether |a - b| * 100 >= b. */
    static inline int lmax_is_percent_away(int64_t a, int64_t b)
    {
        __int128 away = a < b ? (__int128)b - a : (__int128)a - b;
        return away * 100 >= b;
    }
    """
    bint at_most_share "lmax_at_most_share" (
        int64_t value, int64_t of, int64_t share
    ) noexcept nogil
    int64_t band "lmax_band" (
        int64_t price, int64_t share, int64_t most, int64_t tick, int times, int sign
    ) noexcept nogil
    void add_wide "lmax_add" (uint64_t *low, uint64_t *high, uint64_t value) noexcept nogil
    int64_t quotient "lmax_quotient" (uint64_t low, uint64_t high, uint64_t count) noexcept nogil
    bint is_beyond "lmax_is_beyond" (int64_t a, int64_t b, int64_t share) noexcept nogil
    bint is_percent_away "lmax_is_percent_away" (int64_t a, int64_t b) noexcept nogil
