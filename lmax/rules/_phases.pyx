"""From one phase of an instrument's day to another. Rules: docs/matching.md."""

from lmax.rules._auction cimport auction_of, tell_auction, uncross
from lmax.rules._protection cimport refer_bands_to, watch_limits, work_out_bands
from lmax.rules._putting cimport put_shown
from lmax.rules._special cimport after_command
from lmax.state._state cimport (
    AFTER, PLACE_HELD, PLACE_NONE, SPECIAL_PHASE, day_of, emit, hash_order, set_timed, slot_of,
)
from lmax.state.days cimport SHARE, Auction, Day, forget_trades
from lmax.book.orders cimport Slot, queue_append, queue_unlink
from lmax.base.ratio cimport scaled, scaled_up
from lmax.base.wide cimport is_beyond
from lmax.wire cimport (
    EVT_ACCEPTED, EVT_PHASE, ORD_MARKET_TO_LIMIT, PHASE_CLOSED, PHASE_CONTINUOUS, PHASE_HALTED,
    PHASE_OPENING_AUCTION, REASON_EXTENDED, REASON_INVALID_SETTING, REASON_NOT_ACTIVE,
    REASON_RESUMED, REASON_WRONG_PHASE, SIDE_BUY, STATUS_ACTIVE, TIF_FOK, TIF_IOC, Event,
)


# -- what an order may do ---------------------------------------------------------------------


cdef uint8_t check_phase(
    Instrument *instrument, uint8_t order_type, uint8_t time_in_force
) noexcept nogil:
    """Whether a new order of that kind may come in this phase."""
    if instrument.phase == PHASE_CLOSED:
        return REASON_WRONG_PHASE
    if instrument.phase != PHASE_CONTINUOUS and (
        order_type == ORD_MARKET_TO_LIMIT or TIF_IOC <= time_in_force <= TIF_FOK
    ):
        return REASON_WRONG_PHASE
    if time_in_force == TIF_AT_OPEN and not (
        PHASE_PRE_OPEN <= instrument.phase <= PHASE_OPENING_AUCTION
    ):
        return REASON_WRONG_PHASE
    return REASON_NONE


cdef int64_t price_in_auction(
    State *state, Instrument *instrument, uint8_t side
) noexcept nogil:
    """The price of a market order that waits for an auction: the farthest in its favour."""
    cdef Day *day = day_of(state, instrument)
    cdef int64_t tick = instrument.tick_size
    cdef int64_t price
    if day.reference_price == 0 or day.auction_collar == 0:
        return instrument.max_price if side == SIDE_BUY else instrument.min_price
    if side == SIDE_BUY:
        price = scaled(day.reference_price, SHARE + <int64_t>day.auction_collar, SHARE, tick)
    else:
        price = scaled_up(day.reference_price, SHARE - <int64_t>day.auction_collar, SHARE, tick)
    return min(max(price, instrument.min_price), instrument.max_price)


# -- changes ------------------------------------------------------------------------------


cdef void tell_phase(State *state, Instrument *instrument, uint8_t reason) noexcept nogil:
    cdef Event *event = emit(state, EVT_PHASE)
    event.instrument = instrument.id
    event.phase = instrument.phase
    event.status = instrument.status
    event.reason = reason


cdef void begin_phase(State *state, Instrument *instrument, uint8_t phase) noexcept nogil:
    """A phase begins, with nothing due and nothing published."""
    cdef Day *day = day_of(state, instrument)
    instrument.phase = phase
    instrument.special &= ~<uint32_t>SPECIAL_PHASE
    if phase != PHASE_CONTINUOUS:
        instrument.special |= SPECIAL_PHASE
        set_timed(state, instrument.id)
    day.due_at = 0
    day.extended = 0
    day.published.price = day.published.volume = day.published.surplus = 0


cdef bint is_extended(
    State *state, Instrument *instrument, Auction *auction, uint8_t phase, uint8_t reason
) noexcept nogil:
    """An auction that would move the price too far goes on, if it may."""
    cdef Day *day = day_of(state, instrument)
    if day.reference_price == 0 or day.auction_collar == 0 or auction.volume == 0:
        return False
    if day.extended >= day.extensions:
        return False
    if not is_beyond(auction.price, day.reference_price, day.auction_collar):
        return False
    day.extended += 1
    schedule(day, state.now + day.extension_time, phase, reason)
    # From PRE_OPEN: till now TIMER had nothing to do with it.
    set_timed(state, instrument.id)
    tell_auction(state, instrument, auction, 0, REASON_EXTENDED)
    return True


cdef void put_held(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Put an order last among the held ones."""
    cdef Slot *slot = slot_of(state, index)
    queue_append(&state.slots, &instrument.held, index)
    instrument.open[slot.side] += slot.leaves
    state.orders[index].place = PLACE_HELD


cdef void leave_held(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Take an order out from among the held ones; its hash is the caller's business."""
    cdef Slot *slot = slot_of(state, index)
    queue_unlink(&state.slots, &instrument.held, slot)
    instrument.open[slot.side] -= slot.leaves
    state.orders[index].place = PLACE_NONE


cdef void enter_book(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """A held order's auction begins: it rests, as a new arrival."""
    cdef Order *order = &state.orders[index]
    leave_held(state, instrument, index)
    state.arrivals += 1
    order.arrival = state.arrivals
    put_shown(state, instrument, index)
    hash_order(state, index)


cdef void held_orders_enter(State *state, Instrument *instrument) noexcept nogil:
    """Those whose auction this is, in order of arrival."""
    cdef uint32_t index = instrument.held.head
    cdef uint32_t following
    while index:
        following = slot_of(state, index).next
        if not is_held(instrument.phase, state.orders[index].time_in_force):
            enter_book(state, instrument, index)
        index = following


cdef void begin_trading(State *state, Instrument *instrument, Auction *auction) noexcept nogil:
    forget_trades(day_of(state, instrument))
    if auction.volume:
        refer_bands_to(state, instrument, auction.price)
    work_out_bands(state, instrument)


cdef void change_phase(
    State *state, Instrument *instrument, uint8_t phase, uint8_t reason
) noexcept nogil:
    """Go to a phase, through an auction if one is due; an auction may go on instead."""
    cdef Auction auction
    auction.volume = 0
    if phase == instrument.phase:
        tell_phase(state, instrument, reason)
        return
    if phase == PHASE_CONTINUOUS or (
        phase == PHASE_CLOSED and instrument.phase == PHASE_CLOSING_AUCTION
    ):
        auction = auction_of(state, instrument)
        if is_extended(state, instrument, &auction, phase, reason):
            return
        uncross(state, instrument, &auction)
    begin_phase(state, instrument, phase)
    tell_phase(state, instrument, reason)
    if phase == PHASE_CONTINUOUS:
        begin_trading(state, instrument, &auction)
    else:
        watch_limits(state, instrument)
        held_orders_enter(state, instrument)
    if instrument.special & AFTER:
        after_command(state, instrument)


cdef void halt(
    State *state, Instrument *instrument, uint8_t reason, int64_t time
) noexcept nogil:
    """Trading stops; TIMER resumes it so much later (0: an operator does)."""
    change_phase(state, instrument, PHASE_HALTED, reason)
    if time:
        schedule(
            day_of(state, instrument), state.now + time, PHASE_CONTINUOUS, REASON_RESUMED
        )


# -- SET_PHASE ----------------------------------------------------------------------------


cdef void accept_setting(State *state, Command *command) noexcept nogil:
    """ACCEPTED of an operator's command."""
    cdef Event *event = emit(state, EVT_ACCEPTED)
    event.instrument = command.instrument
    event.account = command.account
    event.price = command.price
    event.quantity = command.quantity


cdef void set_one_phase(State *state, Instrument *instrument, uint8_t phase) noexcept nogil:
    """What was due is forgotten."""
    schedule(day_of(state, instrument), 0, PHASE_CONTINUOUS, REASON_NONE)
    change_phase(state, instrument, phase, REASON_NONE)


cdef uint8_t set_phase(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument = &state.instruments[0]
    cdef uint8_t reason
    cdef uint32_t id
    if command.instrument:
        reason = check_known(state, command.instrument)
        if reason:
            return reason
        instrument = &state.instruments[command.instrument]
    if command.phase > PHASE_CLOSED:
        return REASON_INVALID_SETTING
    if command.instrument and instrument.status != STATUS_ACTIVE:
        return REASON_NOT_ACTIVE
    accept_setting(state, command)
    if command.instrument:
        set_one_phase(state, instrument, command.phase)
        return REASON_NONE
    for id in range(1, state.highest_instrument + 1):
        instrument = &state.instruments[id]
        if instrument.defined and instrument.status == STATUS_ACTIVE:
            set_one_phase(state, instrument, command.phase)
    return REASON_NONE
