# What an instrument's trading stands at: phase, bands, auction, restrictions. One thread writes.
from libc.stdint cimport int64_t, uint8_t

from lmax.wire cimport Event


cdef struct Call:  # what an auction would do, or did
    int64_t price
    int64_t quantity
    int64_t imbalance
    int64_t time
    uint8_t side  # with too much
    uint8_t extended
    uint8_t known  # 0: there was none


cdef struct Trading:
    int64_t reference  # as it was set last; 0: not known
    int64_t upper
    int64_t lower
    int64_t band_reference  # 0: no bands
    Call indicative
    Call auction
    uint8_t phase
    uint8_t status
    uint8_t reason  # of the last phase event
    uint8_t limit_side
    uint8_t limited
    uint8_t restricted


# What the event says of it; other events than these say nothing.
cdef void trading_take(Trading *trading, const Event *event) noexcept nogil

# Python's view of it, marketdata.views.Trading, and back.
cdef object trading_view(const Trading *trading)
cdef int trading_load(Trading *trading, view) except -1
