"""What an incoming order meets. See _opposite.pxd; rules: docs/matching.md."""

from lmax.rules._hands cimport keeps_apart
from lmax.rules._pegs cimport peg_price
from lmax.rules._protection cimport bands_hold
from lmax.state._state cimport (
    PLACE_HIDDEN, PLACE_NONE, PLACE_SHOWN, PLACE_WAITING, SPECIAL_WAITING, leaves_of, slot_of,
)
from lmax.book.levels cimport Level, level_at, level_key, level_next, key_price
from lmax.base.money cimport notional
from lmax.wire cimport ORD_PEG_BEST, SIDE_SELL


cdef inline bint is_better(uint8_t side, int64_t price, int64_t than) noexcept nogil:
    """For whoever trades with orders of that side."""
    return price < than if side == SIDE_SELL else price > than


cdef void add_peg(Opposite *opposite, int64_t price, uint32_t index) noexcept nogil:
    """Behind those with a price as good."""
    cdef uint32_t i = opposite.pegs
    while i and is_better(opposite.side, price, opposite.peg[i - 1].price):
        opposite.peg[i] = opposite.peg[i - 1]
        i -= 1
    opposite.peg[i].price = price
    opposite.peg[i].index = index
    opposite.pegs += 1


cdef void opposite_open(
    State *state, Opposite *opposite, Instrument *instrument, uint8_t taker_side
) noexcept nogil:
    """What there is now; the prices of the pegs stay as they are now."""
    cdef uint32_t index = 0
    cdef int64_t price = 0
    opposite.instrument = instrument
    opposite.side = 1 - taker_side
    opposite.pegs = 0
    if instrument.special & SPECIAL_WAITING:
        index = instrument.waiting[opposite.side].head
    while index:
        if state.orders[index].order_type >= ORD_PEG_BEST and peg_price(
            state, instrument, index, &price
        ):
            add_peg(opposite, price, index)
        index = slot_of(state, index).next


# -- the way through them ----------------------------------------------------------------------


cdef inline int64_t price_of(State *state, Opposite *opposite, uint32_t level) noexcept nogil:
    return (
        key_price(opposite.side, level_key(&state.levels, level))
        * opposite.instrument.tick_size
    )


cdef void spot_choose(State *state, Opposite *opposite, Spot *spot) noexcept nogil:
    """Whose turn it is: the best price, and there displayed, hidden, pegged orders."""
    cdef int64_t price
    spot.place = PLACE_NONE
    if spot.shown:
        spot.place = PLACE_SHOWN
        spot.price = price_of(state, opposite, spot.shown)
    if spot.hidden:
        price = price_of(state, opposite, spot.hidden)
        if spot.place == PLACE_NONE or is_better(opposite.side, price, spot.price):
            spot.place = PLACE_HIDDEN
            spot.price = price
    if spot.peg < opposite.pegs:
        price = opposite.peg[spot.peg].price
        if spot.place == PLACE_NONE or is_better(opposite.side, price, spot.price):
            spot.place = PLACE_WAITING
            spot.price = price


cdef void spot_first(State *state, Opposite *opposite, Spot *spot) noexcept nogil:
    spot.shown = opposite.instrument.shown[opposite.side].best
    spot.hidden = opposite.instrument.hidden[opposite.side].best
    spot.peg = 0
    spot_choose(state, opposite, spot)


cdef void spot_next(State *state, Opposite *opposite, Spot *spot) noexcept nogil:
    """Behind a level, or a single peg."""
    cdef uint8_t side = opposite.side
    if spot.place == PLACE_SHOWN:
        spot.shown = level_next(
            &state.levels, &opposite.instrument.shown[side], spot.shown
        )
    elif spot.place == PLACE_HIDDEN:
        spot.hidden = level_next(
            &state.levels, &opposite.instrument.hidden[side], spot.hidden
        )
    else:
        spot.peg += 1
    spot_choose(state, opposite, spot)


# -- how much there is ---------------------------------------------------------------------------


cdef int64_t others_at(
    State *state, Level *level, Hand *hand, int64_t wanted
) noexcept nogil:
    """How much others offer at a level, at most what is wanted."""
    cdef uint32_t index = level.head
    cdef int64_t left = wanted
    if hand.mode == 0:
        return min(wanted, level.quantity + level.reserve)
    while index and left:
        if not keeps_apart(state, hand, state.orders[index].account):
            left -= min(left, leaves_of(state, index))
        index = slot_of(state, index).next
    return wanted - left


cdef int64_t others_here(
    State *state, Opposite *opposite, Spot *spot, Hand *hand, int64_t wanted
) noexcept nogil:
    """The same at a spot."""
    cdef uint32_t index
    if spot.place == PLACE_SHOWN:
        return others_at(state, level_at(&state.levels, spot.shown), hand, wanted)
    if spot.place == PLACE_HIDDEN:
        return others_at(state, level_at(&state.levels, spot.hidden), hand, wanted)
    index = opposite.peg[spot.peg].index
    if keeps_apart(state, hand, state.orders[index].account):
        return 0
    return min(wanted, slot_of(state, index).leaves)


cdef Offer offer_for(
    State *state, Opposite *opposite, Hand *hand, int64_t limit, int64_t wanted, int64_t budget
) noexcept nogil:
    """How much of what is wanted others offer within a limit, and what it costs."""
    cdef Offer offer
    cdef Spot spot
    cdef int64_t quantity
    cdef int64_t cost = 0
    offer.quantity = 0
    offer.cost = 0
    offer.beyond = False
    spot_first(state, opposite, &spot)
    while (
        offer.quantity < wanted
        and spot.place != PLACE_NONE
        and reaches(opposite.side, limit, spot.price)
        and bands_hold(state, opposite.instrument, spot.price)
    ):
        quantity = others_here(state, opposite, &spot, hand, wanted - offer.quantity)
        offer.quantity += quantity
        if not offer.beyond:
            if notional(spot.price, quantity, opposite.instrument.unit, &cost) and (
                cost <= budget - offer.cost
            ):
                offer.cost += cost
            else:
                offer.beyond = True
        spot_next(state, opposite, &spot)
    return offer


cdef int64_t best_against(
    State *state, Instrument *instrument, uint8_t taker_side
) noexcept nogil:
    """The best price an order of that side can trade at, whoever offers it; 0: there is none."""
    cdef Opposite opposite
    cdef Spot spot
    opposite_open(state, &opposite, instrument, taker_side)
    spot_first(state, &opposite, &spot)
    return spot.price if spot.place != PLACE_NONE else 0
