"""What can be told of an order from its command and its instrument. Rules: docs/matching.md."""
cimport cython
from libc.stdint cimport int64_t

from lmax.rules._checks cimport check_quantity
from lmax.rules._combinations cimport go_together
from lmax.rules._instruments cimport check_lots, tick_at
from lmax.wire cimport (
    INSTRUCTION_TRAIL_PERCENT, ORD_LIMIT, ORD_MARKET_TO_LIMIT, ORD_PEG_BEST, ORD_PEG_MID,
    ORD_STOP, ORD_STOP_LIMIT, ORD_TRAILING_STOP, REASON_DISPLAY_QUANTITY, REASON_EXPIRE_TIME,
    REASON_INVALID_CLIENT_ORDER_ID, REASON_INVALID_INSTRUCTIONS, REASON_INVALID_OFFSET,
    REASON_INVALID_ORDER_TYPE, REASON_INVALID_SIDE, REASON_INVALID_TIME_IN_FORCE,
    REASON_MIN_QUANTITY, REASON_NONE, REASON_PRICE_RANGE, REASON_PRICE_TICK, REASON_TRIGGER_PRICE,
    SIDE_SELL, STP_DECREMENT, TIF_GOOD_FOR_AUCTION, TIF_GTD,
)

cdef enum:
    MAX_SESSION = 65_535
    MAX_SHARE = 9_999
    ICEBERG_PARTS = 100


cdef inline bint has_price(uint8_t order_type) noexcept nogil:
    return (
        order_type == ORD_LIMIT or order_type == ORD_STOP_LIMIT or order_type >= ORD_PEG_BEST
    )


cdef inline bint has_trigger(uint8_t order_type) noexcept nogil:
    return order_type == ORD_STOP or order_type == ORD_STOP_LIMIT


cdef uint8_t check_codes(Command *command) noexcept nogil:
    """Codes, and what goes together."""
    if command.side > SIDE_SELL:
        return REASON_INVALID_SIDE
    if command.order_type > ORD_PEG_MID:
        return REASON_INVALID_ORDER_TYPE
    if command.time_in_force > TIF_GOOD_FOR_AUCTION:
        return REASON_INVALID_TIME_IN_FORCE
    if command.client_order_id == 0:
        return REASON_INVALID_CLIENT_ORDER_ID
    if command.self_trade > STP_DECREMENT or command.session > MAX_SESSION:
        return REASON_INVALID_INSTRUCTIONS
    return REASON_NONE if go_together(command) else REASON_INVALID_INSTRUCTIONS


# -- numbers --------------------------------------------------------------------------------


@cython.cdivision(True)  # a tick is at least 1
cdef inline bint is_on_tick(
    State *state, Instrument *instrument, int64_t price
) noexcept nogil:
    return price % tick_at(state, instrument, price) == 0


cdef uint8_t check_limit(State *state, Instrument *instrument, int64_t price) noexcept nogil:
    if not instrument.min_price <= price <= instrument.max_price:
        return REASON_PRICE_RANGE
    return REASON_NONE if is_on_tick(state, instrument, price) else REASON_PRICE_TICK


cdef uint8_t check_trigger(State *state, Instrument *instrument, int64_t price) noexcept nogil:
    if not instrument.min_price <= price <= instrument.max_price:
        return REASON_TRIGGER_PRICE
    return REASON_NONE if is_on_tick(state, instrument, price) else REASON_TRIGGER_PRICE


@cython.cdivision(True)  # a tick is at least 1
cdef uint8_t check_offset(Instrument *instrument, Command *command) noexcept nogil:
    cdef int64_t least = 0
    if command.order_type == ORD_TRAILING_STOP:
        if command.instructions & INSTRUCTION_TRAIL_PERCENT:
            return REASON_NONE if 1 <= command.offset <= MAX_SHARE else REASON_INVALID_OFFSET
        least = instrument.tick_size
    elif command.order_type < ORD_PEG_BEST:
        return REASON_INVALID_OFFSET if command.offset else REASON_NONE
    if not least <= command.offset <= instrument.max_price:
        return REASON_INVALID_OFFSET
    return REASON_INVALID_OFFSET if command.offset % instrument.tick_size else REASON_NONE


cdef uint8_t check_parts(int64_t shown, int64_t quantity) noexcept nogil:
    """One order that comes in must not have to trade with another for millions of times."""
    if shown and (quantity - 1) // ICEBERG_PARTS >= shown:
        return REASON_DISPLAY_QUANTITY
    return REASON_NONE


@cython.cdivision(True)  # a lot is at least 1
cdef uint8_t check_sizes(Instrument *instrument, Command *command) noexcept nogil:
    """Quantity, display, minimum."""
    cdef int64_t lot = instrument.lot_size
    cdef int64_t shown = command.display_quantity
    cdef uint8_t reason = check_quantity(instrument, command.quantity)
    if reason == REASON_NONE:
        reason = check_lots(instrument, command.quantity)
    if reason:
        return reason
    if shown and (not lot <= shown < command.quantity or shown % lot):
        return REASON_DISPLAY_QUANTITY
    reason = check_parts(shown, command.quantity)
    if reason:
        return reason
    if not 0 <= command.min_quantity <= command.quantity or command.min_quantity % lot:
        return REASON_MIN_QUANTITY
    return REASON_NONE


cdef uint8_t check_numbers(
    State *state, Command *command, Instrument *instrument
) noexcept nogil:
    cdef uint8_t reason = REASON_NONE
    if has_price(command.order_type):
        reason = check_limit(state, instrument, command.price)
    elif command.price:
        return REASON_PRICE_RANGE
    if reason == REASON_NONE and has_trigger(command.order_type):
        reason = check_trigger(state, instrument, command.trigger_price)
    elif reason == REASON_NONE and command.trigger_price:
        return REASON_TRIGGER_PRICE
    if reason == REASON_NONE:
        reason = check_offset(instrument, command)
    if reason == REASON_NONE:
        reason = check_sizes(instrument, command)
    if reason:
        return reason
    if command.time_in_force == TIF_GTD:
        return REASON_NONE if command.expire_time > state.now else REASON_EXPIRE_TIME
    return REASON_EXPIRE_TIME if command.expire_time else REASON_NONE


cdef uint8_t check_new_prices(
    State *state, Command *command, Instrument *instrument, uint8_t order_type, bint is_stop
) noexcept nogil:
    """Price and trigger price of a replace."""
    cdef uint8_t reason = REASON_NONE
    if has_price(order_type) or order_type == ORD_MARKET_TO_LIMIT:
        reason = check_limit(state, instrument, command.price)
    elif command.price:
        reason = REASON_PRICE_RANGE
    if reason or command.trigger_price == 0:
        return reason
    if not is_stop or not has_trigger(order_type):
        return REASON_TRIGGER_PRICE
    return check_trigger(state, instrument, command.trigger_price)
