# cython: cdivision=True
"""Corporate actions. Rules: docs/matching.md.

cdivision: divisors are checked to be at least 1.
"""
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcpy

from lmax.rules._adjusting cimport Action, adjust_order, adjusted_price, goes_with_a_dividend
from lmax.rules._admin cimport symbol_is_good, tell_definition
from lmax.rules._chains cimport Chain, chain_add, chain_instrument, chain_sort
from lmax.state._holders cimport gather_holders, holder_at
from lmax.rules._phases cimport accept_setting, check_known, put_held
from lmax.rules._places cimport change_reserved, emit_end, forget_order, leave_place
from lmax.rules._putting cimport put_hidden, put_shown, put_waiting
from lmax.state._state cimport (
    PLACE_HELD, PLACE_HIDDEN, PLACE_STOPS, PLACE_WAITING, Instrument, day_of, emit,
    emit_order, hash_order, slot_of,
)
from lmax.rules._stops cimport put_stop
from lmax.state.days cimport Day, alarm_of, forget_trades
from lmax.state.funds cimport Position, cash_change, position_at, shares_change
from lmax.book.levels cimport level_pools_have_room
from lmax.base.money cimport INT64_MAX, notional
from lmax.base.ratio cimport scaled, scaled_fits, worth_of_rest
from lmax.wire cimport (
    ACTION_DIVIDEND, ACTION_SPLIT, ACTION_SYMBOL_CHANGE, EVT_ADJUSTED, EVT_CANCELLED,
    PHASE_CLOSED, PHASE_HALTED, PHASE_PRE_OPEN, REASON_CORPORATE_ACTION,
    REASON_INVALID_DEFINITION, REASON_INVALID_SETTING, REASON_NONE, REASON_NOT_ACTIVE,
    REASON_WRONG_PHASE, STATUS_DELISTED, Event,
)

cdef enum:
    MAX_PART = 1_000


# -- checks -------------------------------------------------------------------------------


cdef inline int64_t kept(Instrument *instrument, Action *action, int64_t shares) noexcept nogil:
    """What a position becomes."""
    if action.old == 0:
        return shares
    return scaled(shares, action.fresh, action.old, instrument.lot_size)


cdef inline bint is_paid(
    Instrument *instrument, Action *action, int64_t shares, int64_t *amount
) noexcept nogil:
    """What is paid for a position; whether it fits in 63 bits."""
    if action.old == 0:
        return notional(action.price, shares, instrument.unit, amount)
    amount[0] = worth_of_rest(
        shares, action.fresh, action.old, kept(instrument, action, shares), action.price,
        instrument.unit,
    )
    return True


cdef bint can_be_paid(
    State *state, Instrument *instrument, Action *action, uint32_t holders
) noexcept nogil:
    """Whether all the cash there would be fits in 63 bits."""
    cdef int64_t total = state.funds.total_cash
    cdef int64_t amount = 0
    cdef int64_t shares
    cdef uint32_t i
    for i in range(holders):
        shares = position_at(&state.funds, holder_at(state, i)).shares
        if not is_paid(instrument, action, shares, &amount) or amount > INT64_MAX - total:
            return False
        total += amount
    return True


cdef bint split_is_good(Instrument *instrument, Action *action) noexcept nogil:
    cdef int64_t amount = 0
    if not 1 <= action.fresh <= MAX_PART or not 1 <= action.old <= MAX_PART:
        return False
    if action.fresh == action.old or action.price < 0:
        return False
    if not notional(action.price, instrument.lot_size, 1, &amount):
        return False
    return (
        scaled_fits(instrument.total_shares, action.fresh, action.old)
        and scaled_fits(instrument.open[0], action.fresh, action.old)
        and scaled_fits(instrument.open[1], action.fresh, action.old)
    )


cdef uint8_t check_action(
    State *state, Instrument *instrument, Command *command, Action *action
) noexcept nogil:
    """A split or a dividend; what it is."""
    if instrument.phase != PHASE_PRE_OPEN and instrument.phase != PHASE_HALTED and (
        instrument.phase != PHASE_CLOSED
    ):
        return REASON_WRONG_PHASE
    action.price = command.price
    action.fresh = action.old = 0
    if command.action == ACTION_SPLIT:
        action.fresh = command.numerator
        action.old = command.denominator
        return REASON_NONE if split_is_good(instrument, action) else REASON_INVALID_SETTING
    return REASON_INVALID_SETTING if action.price < 1 else REASON_NONE


# -- positions ------------------------------------------------------------------------------


cdef void adjust_positions(
    State *state, Instrument *instrument, Action *action, uint32_t holders
) noexcept nogil:
    """Everyone's shares and what is paid for them, in order of accounts."""
    cdef Position *position
    cdef Event *event
    cdef int64_t amount, shares
    cdef uint32_t i, account
    for i in range(holders):
        position = position_at(&state.funds, holder_at(state, i))
        account = position.account
        shares = position.shares
        amount = 0
        is_paid(instrument, action, shares, &amount)
        event = emit(state, EVT_ADJUSTED)
        event.instrument = instrument.id
        event.account = account
        event.quantity = kept(instrument, action, shares)
        event.leaves = shares
        event.amount = amount
        instrument.total_shares += event.quantity - shares
        state.funds.total_cash += amount
        shares_change(&state.funds, holder_at(state, i), event.quantity - shares, 0)
        cash_change(&state.funds, account, amount, 0)


# -- orders ---------------------------------------------------------------------------------


cdef void leave(State *state, Instrument *instrument, Action *action, Chain *left) noexcept nogil:
    """Orders that are to be adjusted leave their places, in order of arrival."""
    cdef Chain chain
    cdef uint32_t index, following
    chain.first = chain.last = left.first = left.last = 0
    chain_instrument(state, &chain, instrument)
    chain_sort(state, &chain)
    index = chain.first
    while index:
        following = state.orders[index].chain
        if action.old or goes_with_a_dividend(state, index):
            state.orders[index].back_to = state.orders[index].place
            leave_place(state, index)
            chain_add(state, left, index)
        index = following


cdef void put_back(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Last where an order was before."""
    cdef uint8_t place = state.orders[index].back_to
    if place == PLACE_HIDDEN:
        put_hidden(state, instrument, index)
    elif place == PLACE_STOPS:
        put_stop(state, instrument, index)
    elif place == PLACE_WAITING:
        put_waiting(state, instrument, index)
    elif place == PLACE_HELD:
        put_held(state, instrument, index)
    else:
        put_shown(state, instrument, index)


cdef void come_back(
    State *state, Instrument *instrument, Action *action, Chain *left
) noexcept nogil:
    """Adjusted, orders join the end of their queues; or they end, as they were."""
    cdef uint32_t index = left.first
    cdef uint32_t following
    while index:
        following = state.orders[index].chain
        change_reserved(state, index, -slot_of(state, index).leaves)
        # Orders that shared a price may need one each now, a trailing stop two.
        if level_pools_have_room(&state.levels, 2) and (
            adjust_order(state, instrument, action, index)
        ):
            change_reserved(state, index, slot_of(state, index).leaves)
            state.arrivals += 1
            state.orders[index].arrival = state.arrivals
            emit_order(state, EVT_ADJUSTED, index)
            put_back(state, instrument, index)
            hash_order(state, index)
        else:
            emit_end(state, index, EVT_CANCELLED, REASON_CORPORATE_ACTION)
            forget_order(state, index)
        index = following


# -- the actions ------------------------------------------------------------------------------


cdef void adjust_prices(State *state, Instrument *instrument, Action *action) noexcept nogil:
    """Prices that are remembered; trades before a split are of other shares."""
    cdef Day *day = day_of(state, instrument)
    day.reference_price = adjusted_price(instrument, action, day.reference_price)
    instrument.last_price = adjusted_price(instrument, action, instrument.last_price)
    day.band_reference = adjusted_price(instrument, action, day.band_reference)
    forget_trades(day)
    if action.old:
        instrument.trades_before_split = state.trades
    instrument.alarm = alarm_of(day)


cdef void rename(State *state, Instrument *instrument, Command *command) noexcept nogil:
    memcpy(instrument.symbol, command.symbol, 8)
    tell_definition(state, instrument)


cdef uint8_t corporate_action(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument
    cdef Action action
    cdef Chain left
    cdef uint32_t holders
    cdef uint8_t reason = check_known(state, command.instrument)
    if reason:
        return reason
    instrument = &state.instruments[command.instrument]
    if instrument.status == STATUS_DELISTED:
        return REASON_NOT_ACTIVE
    if command.action == ACTION_SYMBOL_CHANGE:
        if not symbol_is_good(command):
            return REASON_INVALID_DEFINITION
        rename(state, instrument, command)
        return REASON_NONE
    if command.action > ACTION_DIVIDEND:
        return REASON_INVALID_SETTING
    reason = check_action(state, instrument, command, &action)
    if reason:
        return reason
    holders = gather_holders(state, command.instrument)
    if not can_be_paid(state, instrument, &action, holders):
        return REASON_INVALID_SETTING
    accept_setting(state, command)
    if action.old:
        leave(state, instrument, &action, &left)
        adjust_positions(state, instrument, &action, holders)
    else:
        adjust_positions(state, instrument, &action, holders)
        leave(state, instrument, &action, &left)
    come_back(state, instrument, &action, &left)
    adjust_prices(state, instrument, &action)
    return REASON_NONE
