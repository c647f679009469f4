# cython: cdivision=True
"""Numbers of an instrument's day: bands, the mean of trades, alarms. See days.pxd.

cdivision: divisors are constants, ticks and counts, checked to be at least 1.
"""
from libc.string cimport memset

from lmax.base.digest cimport mix
from lmax.base.wide cimport add_wide, band, quotient
from lmax.wire cimport TIER_TIER_1

cdef enum:
    CHEAP = 7_500  # 0.75 …
    LOW = 30_000  # … to 3.00: 20 %
    MOST_OF_CHEAP = 1_500  # 0.15, or 75 % if that is less


# -- the mean of trades -------------------------------------------------------------------


cdef inline int64_t part_of(int64_t now) noexcept nogil:
    return now // (30 * SECOND)


cdef void count_trade(Day *day, int64_t price, int64_t now) noexcept nogil:
    """A trade outside an auction, for the mean."""
    cdef int64_t number = part_of(now)
    cdef Part *part = &day.parts[number % PARTS]
    if part.number != number:
        memset(part, 0, sizeof(Part))
        part.number = number
    part.count += 1
    add_wide(&part.low, &part.high, price)


cdef int64_t mean_of(Day *day, int64_t now) noexcept nogil:
    """Of the last five minutes, rounded down; 0: there was no trade."""
    cdef uint64_t low = 0
    cdef uint64_t high = 0
    cdef uint64_t count = 0
    cdef Part *part
    cdef int i
    for i in range(PARTS):
        part = &day.parts[i]
        if part.number > part_of(now) - PARTS:
            count += part.count
            add_wide(&low, &high, part.low)
            high += part.high
    return quotient(low, high, count) if count else 0


cdef void forget_trades(Day *day) noexcept nogil:
    memset(day.parts, 0, sizeof(day.parts))


# -- bands --------------------------------------------------------------------------------


cdef void bands_of(
    Day *day, int64_t tick, bint doubled, int64_t *lower, int64_t *upper
) noexcept nogil:
    """The bands around the band reference, which is not 0, for the tier, which is not NONE."""
    cdef int64_t reference = day.band_reference
    cdef int64_t share = 500 if day.tier == TIER_TIER_1 else 1_000
    cdef int64_t most = 0
    cdef int times = 2 if doubled and (day.tier == TIER_TIER_1 or reference <= LOW) else 1
    if reference < CHEAP:
        share = 7_500
        most = MOST_OF_CHEAP
    elif reference <= LOW:
        share = 2_000
    lower[0] = max(band(reference, share, most, tick, times, -1), tick)
    upper[0] = band(reference, share, most, tick, times, 1)


# -- alarms -------------------------------------------------------------------------------


cdef int64_t alarm_of(Day *day) noexcept nogil:
    """The highest price at which a trade has to be looked at; 0: none has."""
    cdef int64_t price = 0
    if day.reference_price == 0:
        return 0
    if day.restricted < RESTRICTED_DAYS:
        price = share_of(day.reference_price, 9_000)
    if day.drop and not day.dropped:
        price = max(price, share_of(day.reference_price, SHARE - <int64_t>day.drop))
    return price


# -- the state hash -----------------------------------------------------------------------


cdef uint64_t day_hash(Day *day) noexcept nogil:
    """Of all of it: padding is never written to, and what is passed over counts as well."""
    cdef uint64_t *words = <uint64_t *>day
    cdef uint64_t h = 0
    cdef size_t i
    for i in range(sizeof(Day) // 8):
        h = mix(h, words[i])
    return h
