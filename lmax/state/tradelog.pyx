"""The life of the log of trades, and its hash worked out afresh. See tradelog.pxd."""

from lmax.base.memory cimport release, reserve


cdef int trades_open(TradeLog *log, uint64_t limit) noexcept nogil:
    """0, or -1 without memory. limit: a power of two."""
    log.mask = limit - 1
    log.digest = 0
    log.trades = <Trade *>reserve(limit * sizeof(Trade))
    return 0 if log.trades != NULL else -1


cdef void trades_close(TradeLog *log) noexcept nogil:
    release(log.trades, (log.mask + 1) * sizeof(Trade))
    log.trades = NULL


cdef uint64_t trades_digest(TradeLog *log, uint64_t last_id) noexcept nogil:
    """The hash of all that is remembered when that trade was the last."""
    cdef uint64_t total = 0
    cdef uint64_t id = last_id
    while trade_is_known(log, id, last_id):
        total += trade_hash(id, trade_at(log, id))
        id -= 1
    return total
