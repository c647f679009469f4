"""Trades that are taken back or corrected. Rules: docs/matching.md.

A trade that is remembered has both its positions; they are looked up again, since this is rare.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.rules._phases cimport check_known
from lmax.state._state cimport Instrument, emit
from lmax.state.funds cimport (
    cash_available, cash_change, position_find, shares_available, shares_change,
)
from lmax.base.money cimport notional
from lmax.base.steps cimport steps_in
from lmax.state.tradelog cimport Trade, trade_at, trade_hash, trade_is_known
from lmax.wire cimport (
    EVT_BUSTED, EVT_CORRECTED, REASON_INSUFFICIENT_CASH, REASON_INSUFFICIENT_SHARES, REASON_NONE,
    REASON_NOTIONAL_RANGE, REASON_PRICE_RANGE, REASON_PRICE_TICK, REASON_QUANTITY_LOT,
    REASON_QUANTITY_RANGE, REASON_TRADE_BUSTED, REASON_UNKNOWN_TRADE, Event,
)


cdef uint8_t find_trade(State *state, Command *command, Trade **found) noexcept nogil:
    """The trade that a command is about."""
    cdef uint64_t id = command.trade_id
    cdef uint8_t reason = check_known(state, command.instrument)
    if reason:
        return reason
    found[0] = trade_at(&state.log, id)
    if (
        not trade_is_known(&state.log, id, state.trades)
        or found[0].instrument != command.instrument
        or id <= state.instruments[command.instrument].trades_before_split
    ):
        return REASON_UNKNOWN_TRADE
    return REASON_TRADE_BUSTED if found[0].busted else REASON_NONE


cdef inline int64_t amount_of(State *state, Trade *trade) noexcept nogil:
    cdef int64_t amount = 0
    notional(
        trade.price, trade.quantity, state.instruments[trade.instrument].unit, &amount
    )
    return amount


cdef uint8_t check_means(
    State *state, Trade *trade, int64_t shares_back, int64_t more_money
) noexcept nogil:
    """The buyer can give back shares; who owes money (the buyer, if it is more) can pay it."""
    cdef uint32_t buyer = trade.buyer
    cdef uint32_t payer = buyer if more_money > 0 else trade.seller
    cdef int64_t owed = more_money if more_money > 0 else -more_money
    if buyer == trade.seller:
        return REASON_NONE
    if shares_back > shares_available(
        &state.funds, position_find(&state.funds, buyer, trade.instrument)
    ):
        return REASON_INSUFFICIENT_SHARES
    if owed > cash_available(&state.funds, payer):
        return REASON_INSUFFICIENT_CASH
    return REASON_NONE


cdef void move(
    State *state, Trade *trade, int64_t shares_back, int64_t more_money
) noexcept nogil:
    """Shares from the buyer to the seller, money (if it is more) as well."""
    cdef uint32_t bought = position_find(&state.funds, trade.buyer, trade.instrument)
    cdef uint32_t sold = position_find(&state.funds, trade.seller, trade.instrument)
    shares_change(&state.funds, bought, -shares_back, 0)
    shares_change(&state.funds, sold, shares_back, 0)
    cash_change(&state.funds, trade.buyer, -more_money, 0)
    cash_change(&state.funds, trade.seller, more_money, 0)


cdef void put_right(
    State *state, Trade *trade, uint8_t event_type, Trade *now, int64_t amount
) noexcept nogil:
    """The trade is as it should be; an event says what it was."""
    cdef Event *event = emit(state, event_type)
    cdef uint64_t id = state.command.trade_id
    event.instrument = trade.instrument
    event.trade_id = id
    event.account = trade.buyer
    event.maker_account = trade.seller
    event.price = now.price
    event.quantity = now.quantity
    event.amount = amount
    event.leaves = trade.quantity
    event.maker_leaves = amount_of(state, trade)
    state.log.digest -= trade_hash(id, trade)
    trade[0] = now[0]
    state.log.digest += trade_hash(id, trade)


cdef uint8_t bust_trade(State *state, Command *command) noexcept nogil:
    cdef Trade *trade
    cdef Trade now
    cdef int64_t amount
    cdef uint8_t reason = find_trade(state, command, &trade)
    if reason:
        return reason
    amount = amount_of(state, trade)
    reason = check_means(state, trade, trade.quantity, -amount)
    if reason:
        return reason
    move(state, trade, trade.quantity, -amount)
    now = trade[0]
    now.busted = True
    put_right(state, trade, EVT_BUSTED, &now, amount)
    return REASON_NONE


cdef uint8_t check_numbers(
    Instrument *instrument, Command *command, Trade *trade, int64_t *amount
) noexcept nogil:
    """The price and quantity of a correction; what they come to."""
    if not instrument.min_price <= command.price <= instrument.max_price:
        return REASON_PRICE_RANGE
    if steps_in(&instrument.tick, command.price) > instrument.tick.most:
        return REASON_PRICE_TICK
    if not 1 <= command.quantity <= trade.quantity:
        return REASON_QUANTITY_RANGE
    if steps_in(&instrument.lot, command.quantity) > instrument.lot.most:
        return REASON_QUANTITY_LOT
    if not notional(command.price, command.quantity, instrument.unit, amount):
        return REASON_NOTIONAL_RANGE
    return REASON_NONE


cdef uint8_t correct_trade(State *state, Command *command) noexcept nogil:
    cdef Trade *trade
    cdef Trade now
    cdef int64_t amount = 0
    cdef int64_t shares_back, more_money
    cdef uint8_t reason = find_trade(state, command, &trade)
    if reason == REASON_NONE:
        reason = check_numbers(
            &state.instruments[command.instrument], command, trade, &amount
        )
    if reason:
        return reason
    shares_back = trade.quantity - command.quantity
    more_money = amount - amount_of(state, trade)
    reason = check_means(state, trade, shares_back, more_money)
    if reason:
        return reason
    move(state, trade, shares_back, more_money)
    now = trade[0]
    now.price = command.price
    now.quantity = command.quantity
    put_right(state, trade, EVT_CORRECTED, &now, amount)
    return REASON_NONE
