"""Phases, bands, auctions and restrictions, from events. See _trading.pxd."""
from libc.string cimport memset

from lmax.wire cimport (
    CMD_SET_REFERENCE, EVT_ACCEPTED, EVT_AUCTION, EVT_BANDS, EVT_LIMIT_STATE, EVT_PHASE,
    EVT_RESTRICTION, FLAG_AUCTION, REASON_EXTENDED,
)

from lmax.schema import Phase, Reason, Side, Status
from marketdata.views import Auction, Bands
from marketdata.views import Trading as View


cdef void trading_take(Trading *trading, const Event *event) noexcept nogil:
    if event.type == EVT_PHASE:
        if event.phase != trading.phase:
            trading.indicative.known = 0
        trading.phase = event.phase
        trading.status = event.status
        trading.reason = event.reason
    elif event.type == EVT_AUCTION:
        take_call(
            &trading.auction if event.flags & FLAG_AUCTION else &trading.indicative, event
        )
        if event.flags & FLAG_AUCTION:
            trading.indicative.known = 0
    elif event.type == EVT_BANDS:
        trading.upper = event.price
        trading.lower = event.amount
        trading.band_reference = event.quantity
    elif event.type == EVT_LIMIT_STATE:
        trading.limited = event.quantity != 0
        trading.limit_side = event.side
    elif event.type == EVT_RESTRICTION:
        trading.restricted = event.quantity != 0
    elif event.type == EVT_ACCEPTED:
        # Of a corporate action it is not told what becomes of the reference.
        trading.reference = event.price if event.command == CMD_SET_REFERENCE else 0


cdef inline void take_call(Call *call, const Event *event) noexcept nogil:
    call.price = event.price
    call.quantity = event.quantity
    call.imbalance = event.leaves
    call.time = event.timestamp
    call.side = event.side
    call.extended = event.reason == REASON_EXTENDED
    call.known = 1


cdef object trading_view(const Trading *trading):
    bands = None
    if trading.band_reference:
        bands = Bands(trading.lower, trading.upper, trading.band_reference)
    return View(
        Phase(trading.phase),
        Status(trading.status),
        Reason(trading.reason),
        trading.reference or None,
        bands,
        Side(trading.limit_side) if trading.limited else None,
        bool(trading.restricted),
        call_view(&trading.indicative),
        call_view(&trading.auction),
    )


cdef object call_view(const Call *call):
    if not call.known:
        return None
    return Auction(
        call.time, call.price or None, call.quantity, call.imbalance, Side(call.side),
        bool(call.extended),
    )


cdef int trading_load(Trading *trading, view) except -1:
    memset(trading, 0, sizeof(Trading))
    trading.phase, trading.status, trading.reason = view.phase, view.status, view.reason
    trading.reference = view.reference or 0
    if view.bands is not None:
        trading.lower, trading.upper, trading.band_reference = view.bands
    trading.limited = view.limit_state is not None
    trading.limit_side = view.limit_state or 0
    trading.restricted = view.short_sales_restricted
    call_load(&trading.indicative, view.indicative)
    call_load(&trading.auction, view.last_auction)
    return 0


cdef int call_load(Call *call, view) except -1:
    if view is None:
        return 0
    call.time, call.price = view.time, view.price or 0
    call.quantity, call.imbalance = view.quantity, view.imbalance
    call.side, call.extended, call.known = view.side, view.extended, 1
    return 0
