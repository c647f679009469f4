"""Where pegged orders trade. Rules: docs/matching.md."""
cimport cython
from libc.stdint cimport uint8_t

from lmax.state._state cimport best_shown, slot_of
from lmax.base.money cimport product_is_multiple
from lmax.wire cimport ORD_PEG_MID, SIDE_BUY


@cython.cdivision(True)  # a tick is at least 1
cdef inline int64_t middle(
    Instrument *instrument, uint8_t side, int64_t own, int64_t other
) noexcept nogil:
    """Between the best prices: exactly if that is a price, else away from the other side."""
    cdef int64_t tick = instrument.tick_size
    # Both are at least 1, so this is half of their sum, rounded down.
    cdef int64_t half = (own & other) + ((own ^ other) >> 1)
    cdef bint is_whole = not (own ^ other) & 1
    cdef int64_t down
    if not tick & 1 and product_is_multiple(tick >> 1, instrument.lot_size, instrument.unit):
        return half
    down = half - half % tick
    return down if side == SIDE_BUY or (is_whole and down == half) else down + tick


cdef bint peg_price(
    State *state, Instrument *instrument, uint32_t index, int64_t *price
) noexcept nogil:
    """A peg's price as the displayed book is now; False: it cannot trade."""
    cdef uint8_t side = slot_of(state, index).side
    cdef int64_t limit = state.orders[index].price
    cdef int64_t offset = state.extras[index].offset
    cdef int64_t anchor = best_shown(instrument, side)
    cdef int64_t other
    if anchor == 0:
        return False
    if state.orders[index].order_type == ORD_PEG_MID:
        other = best_shown(instrument, 1 - side)
        if other == 0:
            return False
        anchor = middle(instrument, side, anchor, other)
    if side == SIDE_BUY:
        price[0] = min(anchor - offset, limit)
    else:  # where the sum does not fit, it is beyond any limit
        price[0] = max(anchor + offset, limit) if offset <= instrument.max_price - anchor else 0
    return instrument.min_price <= price[0] <= instrument.max_price
