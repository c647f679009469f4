# cython: cdivision=True
"""Auctions: one pass over the levels that cross, then the fills. Rules: docs/matching.md.

Let the best bid and the best ask trade until they do not cross any more. What was traded is the
most there can be, and it can be done at every price from the last ask that traded to the last bid
that did. What is left tells the surplus: at and below the best bid that is left there are too many
buys, at and above the best ask that is left too many sells, between them none.

cdivision: the divisor is the tick, which is at least 1.
"""
from libc.stdint cimport int64_t, uint8_t, uint64_t

from lmax.rules._instruments cimport on_tick_down, on_tick_up
from lmax.rules._places cimport change_reserved, end_open_order
from lmax.rules._protection cimport note_trade
from lmax.rules._putting cimport filled_in_place
from lmax.state._state cimport (
    Extra, Order, day_of, emit, emit_level, emit_order, hash_order, leaves_of, remember_trade,
    slot_of,
)
from lmax.state.days cimport Day
from lmax.state.funds cimport cash_change, shares_change
from lmax.book.levels cimport (
    Level, LevelTree, key_price, level_at, level_drop_if_empty, level_key, level_next,
)
from lmax.base.money cimport notional
from lmax.book.orders cimport Slot, queue_unlink
from lmax.wire cimport (
    EVT_AUCTION, EVT_CANCELLED, EVT_FILL, FLAG_AUCTION, REASON_AUCTION_REMAINDER, REASON_NONE,
    SIDE_BUY, SIDE_SELL, Event,
)


# -- the price ----------------------------------------------------------------------------


cdef struct Front:
    # What is left of one side, from its best price on: displayed and hidden levels together.
    LevelTree *trees[2]
    uint32_t levels[2]  # the next of each tree; 0: none
    uint8_t side
    bint there
    int64_t ticks  # the best price left …
    int64_t quantity  # … and how much at it


cdef void front_next(State *state, Front *front) noexcept nogil:
    """Go on to the next price."""
    cdef uint64_t[2] keys
    cdef uint64_t key
    cdef Level *level
    cdef int i
    front.there = front.levels[0] != 0 or front.levels[1] != 0
    front.quantity = 0
    if not front.there:
        return
    for i in range(2):
        keys[i] = level_key(&state.levels, front.levels[i]) if front.levels[i] else 0
    key = keys[1] if front.levels[0] == 0 or (
        front.levels[1] and keys[1] < keys[0]
    ) else keys[0]
    front.ticks = key_price(front.side, key)
    for i in range(2):
        if front.levels[i] and keys[i] == key:
            level = level_at(&state.levels, front.levels[i])
            front.quantity += level.quantity + level.reserve
            front.levels[i] = level_next(&state.levels, front.trees[i], front.levels[i])


cdef Front front_of(State *state, Instrument *instrument, uint8_t side) noexcept nogil:
    cdef Front front
    front.side = side
    front.ticks = 0
    front.trees[0] = &instrument.shown[side]
    front.trees[1] = &instrument.hidden[side]
    front.levels[0] = front.trees[0].best
    front.levels[1] = front.trees[1].best
    front_next(state, &front)
    return front


cdef int64_t nearest(
    State *state, Instrument *instrument, int64_t low, int64_t high, int64_t reference,
    bint by_table,
) noexcept nogil:
    """Of the prices from low to high the one nearest to the reference (0: none), or the lowest.

    low, high: in ticks of the instrument. by_table: only ticks that hold now; 0 if there is none.
    """
    cdef int64_t lowest = low * instrument.tick_size
    cdef int64_t highest = high * instrument.tick_size
    cdef int64_t below, above
    if by_table:
        lowest = on_tick_up(state, instrument, lowest)
        highest = on_tick_down(state, instrument, highest)
        if lowest < 0 or lowest > highest:
            return 0
    if reference <= lowest:
        return lowest
    if reference >= highest:
        return highest
    if by_table:
        below = on_tick_down(state, instrument, reference)
        above = on_tick_up(state, instrument, reference)
    else:
        below = reference - reference % instrument.tick_size
        above = below + instrument.tick_size
    return above if above - reference < reference - below else below


cdef inline int64_t distance(int64_t price, int64_t reference) noexcept nogil:
    return price - reference if price > reference else reference - price


cdef Auction auction_of(State *state, Instrument *instrument) noexcept nogil:
    """What an auction would come to now."""
    cdef Front bids = front_of(state, instrument, SIDE_BUY)
    cdef Front asks = front_of(state, instrument, SIDE_SELL)
    cdef int64_t low = 0
    cdef int64_t high = 0
    cdef int64_t traded
    cdef Auction auction
    auction.price = auction.volume = auction.surplus = 0
    while bids.there and asks.there and bids.ticks >= asks.ticks:
        traded = min(bids.quantity, asks.quantity)
        auction.volume += traded
        high = bids.ticks
        low = asks.ticks
        bids.quantity -= traded
        asks.quantity -= traded
        if bids.quantity == 0:
            front_next(state, &bids)
        if asks.quantity == 0:
            front_next(state, &asks)
    if auction.volume and not choose(
        state, instrument, bids, asks, low, high, True, &auction
    ):
        choose(state, instrument, bids, asks, low, high, False, &auction)
    return auction


cdef bint choose(
    State *state, Instrument *instrument, Front bids, Front asks, int64_t low, int64_t high,
    bint by_table, Auction *auction,
) noexcept nogil:
    """The price among those from low to high; whether there is one.

    The fronts are what is left of both sides. Price by price from where nobody is left over,
    the surplus of buys grows downwards, that of sells upwards.
    """
    cdef int64_t reference = instrument.last_price
    cdef bint buys = bids.there and bids.ticks >= low
    cdef bint sells = asks.there and asks.ticks <= high
    cdef int64_t from_tick = bids.ticks + 1 if buys else low
    cdef int64_t to_tick = asks.ticks - 1 if sells else high
    cdef int64_t left_buys = 0
    cdef int64_t left_sells = 0
    cdef int64_t with_buys = 0
    cdef int64_t with_sells = 0
    if reference == 0:
        reference = day_of(state, instrument).reference_price
    if from_tick <= to_tick:
        auction.price = nearest(state, instrument, from_tick, to_tick, reference, by_table)
        if auction.price:
            return True
    while buys and with_buys == 0:
        left_buys += bids.quantity
        to_tick = bids.ticks
        front_next(state, &bids)
        from_tick = max(low, bids.ticks + 1) if bids.there else low
        with_buys = nearest(state, instrument, from_tick, to_tick, reference, by_table)
        buys = bids.there and bids.ticks >= low
    while sells and with_sells == 0:
        left_sells += asks.quantity
        from_tick = asks.ticks
        front_next(state, &asks)
        to_tick = min(high, asks.ticks - 1) if asks.there else high
        with_sells = nearest(state, instrument, from_tick, to_tick, reference, by_table)
        sells = asks.there and asks.ticks <= high
    if with_buys == 0 and with_sells == 0:
        return False
    if with_buys and (with_sells == 0 or left_buys < left_sells or (
        left_buys == left_sells
        and distance(with_buys, reference) <= distance(with_sells, reference)
    )):
        auction.price = with_buys
        auction.surplus = left_buys
    else:
        auction.price = with_sells
        auction.surplus = -left_sells
    return True


cdef void tell_auction(
    State *state, Instrument *instrument, Auction *auction, uint32_t flags, uint32_t reason
) noexcept nogil:
    """An AUCTION event, which counts as what was published last in this phase."""
    cdef Event *event = emit(state, EVT_AUCTION)
    event.instrument = instrument.id
    event.price = auction.price
    event.quantity = auction.volume
    event.leaves = -auction.surplus if auction.surplus < 0 else auction.surplus
    event.side = SIDE_SELL if auction.surplus < 0 else SIDE_BUY
    event.flags = flags
    event.reason = reason
    day_of(state, instrument).published = auction[0]


# -- the trades ---------------------------------------------------------------------------


cdef struct Line:
    # The orders of one side as they are served. Displayed levels stay until their BOOK is told.
    LevelTree *shown
    LevelTree *hidden
    uint32_t level  # the next displayed one; 0: none
    uint32_t last  # displayed level at which something was filled last
    bint is_hidden  # the first order is


cdef Level *first_level(State *state, Line *line) noexcept nogil:
    """The level of the order whose turn it is; there is one."""
    cdef uint64_t key
    while line.level and level_at(&state.levels, line.level).count == 0:
        line.level = level_next(&state.levels, line.shown, line.level)
    line.is_hidden = line.level == 0
    if line.level and line.hidden.best:
        key = level_key(&state.levels, line.level)
        line.is_hidden = line.hidden.best_key < key
    if line.is_hidden:
        return level_at(&state.levels, line.hidden.best)
    line.last = line.level
    return level_at(&state.levels, line.level)


cdef void take(State *state, Level *level, uint32_t index, int64_t quantity) noexcept nogil:
    """So much less of an order, displayed or not; an iceberg shows anew in its place."""
    cdef Slot *slot = slot_of(state, index)
    cdef Extra *extra = &state.extras[index]
    cdef int64_t left = leaves_of(state, index) - quantity
    cdef int64_t shows = left
    change_reserved(state, index, -quantity)
    level.quantity -= slot.leaves
    if state.orders[index].special:
        level.reserve -= extra.reserve
        if extra.display_quantity:
            shows = min(extra.display_quantity, left)
        extra.reserve = left - shows
        level.reserve += extra.reserve
    slot.leaves = shows
    level.quantity += shows


cdef void tell_fill(
    State *state, uint32_t taker, uint32_t maker, int64_t price, int64_t quantity, int64_t amount
) noexcept nogil:
    """FILL of an auction."""
    cdef Event *event = emit_order(state, EVT_FILL, taker)
    cdef Order *order = &state.orders[taker]
    cdef uint32_t buyer = order.account
    cdef uint32_t seller = state.orders[maker].account
    if slot_of(state, taker).side == SIDE_SELL:
        buyer, seller = seller, buyer
    event.price = price
    event.quantity = quantity
    event.trade_id = remember_trade(state, order.instrument, buyer, seller, price, quantity)
    event.amount = amount
    event.maker_client_order_id = slot_of(state, maker).id
    event.maker_account = state.orders[maker].account
    event.maker_leaves = leaves_of(state, maker)
    event.flags = FLAG_AUCTION


cdef void trade(
    State *state, Instrument *instrument, uint32_t buy, uint32_t sell, int64_t quantity,
    int64_t price,
) noexcept nogil:
    """Money, shares and FILL; both have lost the quantity."""
    cdef uint32_t taker = buy
    cdef uint32_t maker = sell
    cdef int64_t amount = 0
    if state.orders[sell].arrival > state.orders[buy].arrival:
        taker = sell
        maker = buy
    notional(price, quantity, instrument.unit, &amount)
    cash_change(&state.funds, state.orders[buy].account, -amount, 0)
    cash_change(&state.funds, state.orders[sell].account, amount, 0)
    shares_change(&state.funds, state.orders[buy].position, quantity, 0)
    shares_change(&state.funds, state.orders[sell].position, -quantity, 0)
    instrument.open[SIDE_BUY] -= quantity
    instrument.open[SIDE_SELL] -= quantity
    tell_fill(state, taker, maker, price, quantity, amount)


cdef void gone(State *state, Line *line, Level *level, uint32_t index) noexcept nogil:
    """An order is filled: out of its queue and of everything else."""
    cdef Slot *slot = slot_of(state, index)
    cdef uint32_t number = slot.level
    queue_unlink(&state.slots, level, slot)
    if line.is_hidden:
        level_drop_if_empty(&state.levels, line.hidden, number)
    filled_in_place(state, index)


cdef void fill_all(
    State *state, Instrument *instrument, Line *lines, Auction *auction
) noexcept nogil:
    """The fills: of the first buy with the first sell, as long as there is volume."""
    cdef int64_t volume = auction.volume
    cdef int64_t quantity
    cdef Level *levels[2]
    cdef uint32_t[2] orders
    cdef int side
    while volume:
        quantity = volume
        for side in range(2):
            levels[side] = first_level(state, &lines[side])
            orders[side] = levels[side].head
            quantity = min(quantity, leaves_of(state, orders[side]))
        volume -= quantity
        for side in range(2):
            take(state, levels[side], orders[side], quantity)
        trade(state, instrument, orders[SIDE_BUY], orders[SIDE_SELL], quantity, auction.price)
        for side in range(2):
            if leaves_of(state, orders[side]):
                hash_order(state, orders[side])
            else:
                gone(state, &lines[side], levels[side], orders[side])


cdef void tell_levels(
    State *state, Instrument *instrument, uint8_t side, Line *line
) noexcept nogil:
    """BOOK of each displayed level at which something was filled; empty ones go now."""
    cdef uint32_t level = line.shown.best
    cdef uint32_t following
    cdef int64_t price
    cdef bint goes_on = line.last != 0
    while goes_on:
        goes_on = level != line.last
        following = level_next(&state.levels, line.shown, level)
        price = key_price(side, level_key(&state.levels, level)) * instrument.tick_size
        emit_level(state, instrument.id, side, price, level_at(&state.levels, level))
        level_drop_if_empty(&state.levels, line.shown, level)
        level = following


cdef void uncross(State *state, Instrument *instrument, Auction *auction) noexcept nogil:
    """Execute an auction, tell of it, and cancel what was only for it."""
    cdef Line[2] lines
    cdef Day *day = day_of(state, instrument)
    cdef uint8_t side
    for side in range(2):
        lines[side].shown = &instrument.shown[side]
        lines[side].hidden = &instrument.hidden[side]
        lines[side].level = instrument.shown[side].best
        lines[side].last = 0
    if auction.volume:
        fill_all(state, instrument, lines, auction)
        note_trade(state, instrument, auction.price, True)
    for side in range(2):
        tell_levels(state, instrument, side, &lines[side])
    tell_auction(state, instrument, auction, FLAG_AUCTION, REASON_NONE)
    while day.first_for_auction:
        end_open_order(state, day.first_for_auction, EVT_CANCELLED, REASON_AUCTION_REMAINDER)
