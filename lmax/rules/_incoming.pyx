"""An order comes in, trades and rests or ends: the long way. Rules: docs/matching.md.

It is open already: its id names it, and its funds are set aside. What it trades is taken from that.
"""

from lmax.rules._hands cimport Hand, hand_of
from lmax.rules._meeting cimport (
    STOP_BANDS, STOP_FILLED, STOP_LIMIT, STOP_SELF_TRADE, Taker, meet_all,
)
from lmax.rules._opposite cimport Offer, Spot, offer_for, opposite_open, reaches, spot_first
from lmax.rules._pegs cimport peg_price
from lmax.rules._places cimport end_open_order, forget_order
from lmax.rules._protection cimport bands_hold, bands_hold_limit, short_sale_is_allowed
from lmax.rules._putting cimport leave_special, put_hidden, put_shown
from lmax.state._state cimport (
    PLACE_NONE, Order, day_of, hash_order, leaves_of, slot_of,
)
from lmax.state.days cimport SHARE
from lmax.state.funds cimport cash_available, cash_change, shares_change
from lmax.base.money cimport INT64_MAX, notional
from lmax.base.ratio cimport scaled, scaled_up
from lmax.wire cimport (
    EVT_CANCELLED, INSTRUCTION_ALL_OR_NONE, INSTRUCTION_HIDDEN, INSTRUCTION_SHORT, ORD_MARKET,
    ORD_PEG_BEST, ORD_STOP, ORD_TRAILING_STOP, REASON_BAND_REACHED, REASON_COLLAR,
    REASON_FOK_UNFILLED, REASON_IOC_REMAINDER, REASON_MIN_QUANTITY_UNMET, REASON_NONE,
    REASON_NO_LIQUIDITY, REASON_SELF_TRADE, SIDE_BUY, TIF_FOK, TIF_IOC,
)


# -- what kind of order it is -------------------------------------------------------------------


cdef bint acts_as_market(State *state, uint32_t index) noexcept nogil:
    """A market order, or a triggered stop that became one."""
    cdef uint8_t order_type = state.orders[index].order_type
    return order_type == ORD_MARKET or order_type == ORD_STOP or order_type == ORD_TRAILING_STOP


cdef bint waits(State *state, uint32_t index) noexcept nogil:
    """Its place is among the waiting orders."""
    cdef Order *order = &state.orders[index]
    if order.order_type >= ORD_PEG_BEST or order.instructions & INSTRUCTION_ALL_OR_NONE:
        return True
    return order.special and order.time_in_force != TIF_IOC and (
        state.extras[index].min_quantity != 0
    )


cdef int64_t least_of(State *state, uint32_t index) noexcept nogil:
    """The least quantity it may trade at once."""
    cdef Order *order = &state.orders[index]
    cdef int64_t leaves = leaves_of(state, index)
    if order.time_in_force == TIF_FOK or order.instructions & INSTRUCTION_ALL_OR_NONE:
        return leaves
    return min(state.extras[index].min_quantity, leaves) if order.special else 0


cdef Hand own_hand(State *state, uint32_t index) noexcept nogil:
    cdef Order *order = &state.orders[index]
    cdef bint is_conditional = order.time_in_force == TIF_FOK or (
        order.instructions & INSTRUCTION_ALL_OR_NONE
    ) != 0
    if order.special and state.extras[index].min_quantity:
        is_conditional = True
    return hand_of(state, order.account, order.self_trade, is_conditional)


# -- how far it may go ----------------------------------------------------------------------------


cdef Limit collar_of(State *state, Opposite *opposite) noexcept nogil:
    """The limit of a market order."""
    cdef int64_t share = day_of(state, opposite.instrument).collar
    cdef int64_t tick = opposite.instrument.tick_size
    cdef Limit limit
    cdef Spot spot
    limit.reason = REASON_NONE
    limit.price = INT64_MAX if opposite.side else 0
    if share == 0:
        return limit
    spot_first(state, opposite, &spot)
    if spot.place == PLACE_NONE:
        return limit
    limit.reason = REASON_COLLAR
    if opposite.side:
        limit.price = max(scaled(spot.price, SHARE + share, SHARE, tick), spot.price)
    else:
        limit.price = min(scaled_up(spot.price, SHARE - share, SHARE, tick), spot.price)
    return limit


cdef Limit limit_of(
    State *state, Opposite *opposite, int64_t own, bint is_market
) noexcept nogil:
    """Of an order with a price of its own, or of a market order without one."""
    cdef Limit limit
    if is_market and own == 0:
        return collar_of(state, opposite)
    limit.price = own
    limit.reason = REASON_NONE
    return limit


cdef Limit limit_now(State *state, Opposite *opposite, uint32_t index) noexcept nogil:
    cdef int64_t own = state.orders[index].price
    if state.orders[index].order_type >= ORD_PEG_BEST:
        peg_price(state, opposite.instrument, index, &own)
    return limit_of(state, opposite, own, acts_as_market(state, index))


# -- trading --------------------------------------------------------------------------------


cdef void settle(State *state, Instrument *instrument, Taker *taker) noexcept nogil:
    """What its trades did to an order's account; the price of each had been set aside."""
    cdef Order *order = &state.orders[taker.index]
    cdef int64_t held = 0
    if taker.traded == 0:
        return
    if taker.side != SIDE_BUY:
        shares_change(&state.funds, order.position, -taker.traded, -taker.traded)
        cash_change(&state.funds, order.account, taker.money, 0)
        return
    notional(order.price, taker.traded, instrument.unit, &held)
    cash_change(&state.funds, order.account, -taker.money, -held)
    shares_change(&state.funds, order.position, taker.traded, 0)


cdef void rest(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """An order that waits for no one joins the displayed or the hidden book."""
    if state.orders[index].instructions & INSTRUCTION_HIDDEN:
        put_hidden(state, instrument, index)
    else:
        put_shown(state, instrument, index)
    hash_order(state, index)


cdef uint8_t end_of_rest(
    State *state, Instrument *instrument, uint32_t index, uint8_t stop, Limit *limit
) noexcept nogil:
    """Why what is left of an order is cancelled; REASON_NONE: it rests, or goes on waiting."""
    cdef Order *order = &state.orders[index]
    cdef bint comes_in = order.place == PLACE_NONE
    if stop == STOP_SELF_TRADE:
        return REASON_SELF_TRADE
    if stop == STOP_BANDS and comes_in:
        return REASON_BAND_REACHED
    if acts_as_market(state, index):
        return limit.reason if stop == STOP_LIMIT and limit.reason else REASON_NO_LIQUIDITY
    if order.time_in_force == TIF_IOC:
        return REASON_IOC_REMAINDER
    if comes_in and not bands_hold_limit(
        state, instrument, slot_of(state, index).side, order.price
    ):
        return REASON_BAND_REACHED
    return REASON_NONE


cdef void trade_then_rest(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """It trades as far as it may, then rests, goes on waiting, or ends."""
    cdef Opposite opposite
    cdef Limit limit
    cdef Taker taker
    cdef uint8_t stop, reason
    cdef int64_t least = 0
    taker.index = index
    taker.side = slot_of(state, index).side
    taker.hand = own_hand(state, index)
    taker.traded = 0
    taker.money = 0
    opposite_open(state, &opposite, instrument, taker.side)
    limit = limit_now(state, &opposite, index)
    if not waits(state, index):
        least = least_of(state, index)
    if least and offer_for(
        state, &opposite, &taker.hand, limit.price, leaves_of(state, index), INT64_MAX
    ).quantity < least:
        reason = REASON_MIN_QUANTITY_UNMET
        if state.orders[index].time_in_force == TIF_FOK:
            reason = REASON_FOK_UNFILLED
        end_open_order(state, index, EVT_CANCELLED, reason)
        return
    stop = meet_all(state, &opposite, &taker, limit.price)
    settle(state, instrument, &taker)
    if stop == STOP_FILLED:
        leave_special(state, instrument, index)
        forget_order(state, index)
        return
    reason = end_of_rest(state, instrument, index, stop, &limit)
    if reason:
        end_open_order(state, index, EVT_CANCELLED, reason)
    elif state.orders[index].place == PLACE_NONE:
        rest(state, instrument, index)
    else:
        hash_order(state, index)


# -- before it comes in --------------------------------------------------------------------------


cdef bint can_pay(
    State *state, Instrument *instrument, Hand *hand, int64_t quantity, int64_t least,
    int64_t cash,
) noexcept nogil:
    """Whether that is enough for what a market buy would trade now."""
    cdef Opposite opposite
    cdef Offer offer
    opposite_open(state, &opposite, instrument, SIDE_BUY)
    offer = offer_for(
        state, &opposite, hand, collar_of(state, &opposite).price, quantity, cash
    )
    return not offer.beyond or offer.quantity < least


cdef bint can_pay_now(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Whether a triggered buy without a price has the money for what it would trade now."""
    cdef Hand hand = own_hand(state, index)
    cdef int64_t cash = cash_available(&state.funds, state.orders[index].account)
    return can_pay(
        state, instrument, &hand, leaves_of(state, index), least_of(state, index), cash
    )


cdef bint finds_what_it_waits_for(
    State *state, Opposite *opposite, uint32_t index, int64_t best
) noexcept nogil:
    """Whether a waiting order can trade now. best: what it could trade at; 0: nothing."""
    cdef Instrument *instrument = opposite.instrument
    cdef Order *order = &state.orders[index]
    cdef int64_t limit = order.price
    cdef bint is_peg = order.order_type >= ORD_PEG_BEST
    cdef Hand hand
    if best == 0 or (is_peg and not peg_price(state, instrument, index, &limit)):
        return False
    if not reaches(opposite.side, limit, best):
        return False
    if order.instructions & INSTRUCTION_SHORT and (
        not short_sale_is_allowed(state, instrument, limit)
    ):
        return False
    if is_peg:
        return bands_hold(state, instrument, best)
    hand = own_hand(state, index)
    return offer_for(
        state, opposite, &hand, limit, leaves_of(state, index), INT64_MAX
    ).quantity >= least_of(state, index)
