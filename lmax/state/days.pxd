# What the day of an instrument is made of: its protection, phase, bands, and what TIMER is to do.
#
# It lies beside the instruments, not in them: matching reads none of it, but for
# Instrument.alarm, the price at or below which a trade has to be told of.
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t


cdef enum:
    SHARE = 10_000  # what settings in 10^-4 count
    PARTS = 10  # of 30 s: the mean of trades looks five minutes back
    RESTRICTED_DAYS = 2  # a restriction of short sales ends at so many ends of day

cdef enum:  # Day.limit
    LIMIT_NONE = 0
    LIMIT_UP = 1
    LIMIT_DOWN = 2

cdef extern from *:
    """
    #define LMAX_SECOND ((int64_t)1000000000)
    """
    const int64_t SECOND "LMAX_SECOND"  # ns


cdef struct Part:  # trades of 30 s; sums of prices take more than 64 bits
    int64_t number  # time // 30 s
    uint64_t count  # 0: nothing is written here yet
    uint64_t low
    uint64_t high


cdef struct Auction:  # what an auction comes to; all 0: nothing crosses
    int64_t price
    int64_t volume
    int64_t surplus  # of buys over sells at the price


cdef struct Day:
    # what SET_PROTECTION and SET_REFERENCE said
    int64_t halt_time
    int64_t extension_time
    uint32_t auction_collar
    uint32_t collar
    uint32_t drop
    uint8_t tier
    uint8_t trigger_source
    uint8_t extensions
    uint8_t permissions
    int64_t reference_price
    # the phase
    int64_t due_at  # when TIMER changes it, to …; 0: never
    uint8_t due_phase
    uint8_t due_reason
    uint8_t extended  # times, this auction
    uint8_t limit  # state: up or down, …
    int64_t limit_since
    Auction published  # last, in this phase
    uint32_t first_for_auction  # orders in the book that an auction cancels, by arrival
    uint32_t last_for_auction
    # the bands; all 0: none
    int64_t lower
    int64_t upper
    int64_t bands_around  # the reference they were worked out from
    int64_t band_reference
    int64_t band_since
    # trades
    uint8_t restricted  # ends of day until short sales are free again
    uint8_t dropped  # halted for that today
    uint8_t alarmed  # a trade outside an auction set the alarm off in this command
    int64_t lowest  # trade of this command that set it off; 0: none
    Part parts[PARTS]


cdef int64_t mean_of(Day *day, int64_t now) noexcept nogil
cdef void count_trade(Day *day, int64_t price, int64_t now) noexcept nogil
cdef void forget_trades(Day *day) noexcept nogil
cdef void bands_of(
    Day *day, int64_t tick, bint doubled, int64_t *lower, int64_t *upper
) noexcept nogil
cdef int64_t alarm_of(Day *day) noexcept nogil
cdef uint64_t day_hash(Day *day) noexcept nogil


cdef inline bint has_bands(Day *day) noexcept nogil:
    """Whether there are any; they hold in CONTINUOUS."""
    return day.bands_around != 0


@cython.cdivision(True)  # by a constant
cdef inline int64_t share_of(int64_t price, int64_t share) noexcept nogil:
    """The highest price that is at most so many 10^-4 of another; in two parts, so it fits."""
    return price // SHARE * share + price % SHARE * share // SHARE
