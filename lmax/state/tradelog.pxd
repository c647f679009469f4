# The last trades, as they stand: what can still be busted or corrected.
#
# A ring of 32-byte records by trade id. Its address space is reserved at once and backed when
# touched, so that it costs what it holds; then trades overwrite the oldest.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from lmax.base.digest cimport KIND_TRADE, PI_0, PI_1, PI_2, PI_3, fold


cdef enum:
    MAX_TRADES = 1 << 22


cdef struct Trade:
    int64_t price
    int64_t quantity
    uint32_t buyer
    uint32_t seller
    uint16_t instrument  # 0: no trade was written here yet
    uint8_t busted
    uint8_t spare0
    uint32_t spare1


cdef struct TradeLog:
    Trade *trades
    uint64_t mask  # how many are remembered, less one
    uint64_t digest


cdef int trades_open(TradeLog *log, uint64_t limit) noexcept nogil
cdef void trades_close(TradeLog *log) noexcept nogil
cdef uint64_t trades_digest(TradeLog *log, uint64_t last_id) noexcept nogil


cdef inline Trade *trade_at(TradeLog *log, uint64_t id) noexcept nogil:
    return &log.trades[id & log.mask]


cdef inline uint64_t trade_hash(uint64_t id, Trade *trade) noexcept nogil:
    return fold(
        fold(<uint64_t>trade.price ^ PI_0, <uint64_t>trade.quantity ^ PI_1)
        + fold(
            (<uint64_t>trade.buyer << 32 | trade.seller) ^ PI_2,
            (id << 24 | <uint64_t>trade.instrument << 8 | trade.busted) ^ PI_3,
        ),
        KIND_TRADE,
    )


cdef inline bint trade_is_known(TradeLog *log, uint64_t id, uint64_t last_id) noexcept nogil:
    """Whether a trade of that id was made and not overwritten."""
    return 1 <= id <= last_id and last_id - id <= log.mask


cdef inline void trade_remember(TradeLog *log, uint64_t id, Trade *trade) noexcept nogil:
    """Write the next trade over the oldest."""
    cdef Trade *place = trade_at(log, id)
    if place.instrument:
        log.digest -= trade_hash(id - log.mask - 1, place)
    place[0] = trade[0]
    log.digest += trade_hash(id, place)
