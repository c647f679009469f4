"""The checks of orders that take the long way. Rules: docs/matching.md."""
cimport cython
from libc.stdint cimport uint16_t

from lmax.rules._checks cimport check_quantity
from lmax.rules._hands cimport Hand, hand_of
from lmax.rules._incoming cimport can_pay
from lmax.rules._instruments cimport check_lots, on_tick_down, on_tick_up, tick_at
from lmax.rules._opposite cimport MAX_WAITING, best_against, reaches
from lmax.rules._phases cimport check_phase, is_call, is_held, price_in_auction
from lmax.rules._protection cimport bands_hold_limit, short_sale_is_allowed
from lmax.rules._sight cimport check_codes, check_new_prices, check_numbers, check_parts
from lmax.state._state cimport (
    PLACE_STOPS, SPECIAL_KILLED, SPECIAL_VENUE, Order, day_of, leaves_of, slot_of,
)
from lmax.rules._stops cimport freshen_trigger, price_to_trail, trigger_of
from lmax.state.funds cimport (
    ACCOUNT_FIRM_KILLED, ACCOUNT_KILLED, cash_available, position_find, shares_available,
)
from lmax.state.idmap cimport ID_NONE, idmap_find
from lmax.book.levels cimport level_pools_have_room
from lmax.base.memory cimport pool_room
from lmax.base.money cimport INT64_MAX, notional
from lmax.wire cimport (
    INSTRUCTION_ALL_OR_NONE, INSTRUCTION_POST_ONLY, INSTRUCTION_POST_SLIDE, INSTRUCTION_SHORT,
    INSTRUCTION_TRAIL_PERCENT, ORD_LIMIT, ORD_MARKET, ORD_MARKET_TO_LIMIT, ORD_PEG_BEST,
    ORD_TRAILING_STOP, PERMISSION_ALL_OR_NONE, PHASE_CLOSED, PHASE_CONTINUOUS, REASON_CAPACITY,
    REASON_DUPLICATE_CLIENT_ORDER_ID, REASON_INSUFFICIENT_CASH, REASON_INSUFFICIENT_SHARES,
    REASON_NONE, REASON_NOTIONAL_RANGE, REASON_NOT_ACTIVE, REASON_NOT_ALLOWED,
    REASON_NO_REFERENCE, REASON_PRICE_BAND, REASON_QUANTITY_RANGE, REASON_SHORT_SALE_RESTRICTED,
    REASON_TRADING_DISABLED, REASON_WAITING_LIMIT, REASON_WOULD_CROSS, REASON_WRONG_PHASE,
    SIDE_BUY, SIDE_SELL, STATUS_ACTIVE, TIF_FOK, TIF_IOC,
)

cdef enum:
    LEVELS_OF_ORDER = 4  # most levels an order stands at, counting those of lists


cdef struct Kind:
    # What the checks need to know of an order, new or replaced.
    uint32_t account
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t self_trade
    uint16_t instructions
    int64_t min_quantity


cdef inline bint trades_now(Instrument *instrument) noexcept nogil:
    return instrument.phase == PHASE_CONTINUOUS and instrument.status == STATUS_ACTIVE


cdef uint8_t check_open(
    State *state, Command *command, Instrument *instrument
) noexcept nogil:
    """Active, and not killed."""
    cdef uint8_t flags = state.funds.accounts[command.account].flags
    if instrument.status != STATUS_ACTIVE:
        return REASON_NOT_ACTIVE
    if flags & (ACCOUNT_KILLED | ACCOUNT_FIRM_KILLED) or (
        instrument.special & (SPECIAL_KILLED | SPECIAL_VENUE)
    ):
        return REASON_TRADING_DISABLED
    return REASON_NONE


# -- prices that come from the market -----------------------------------------------------------


@cython.cdivision(True)  # a tick is at least 1
cdef int64_t limit_at(
    State *state, Instrument *instrument, uint8_t side, int64_t best
) noexcept nogil:
    """The nearest tick that can still trade with the best price; a finer one if not in range."""
    cdef int64_t price
    if side == SIDE_BUY:
        price = on_tick_up(state, instrument, best)
    else:
        price = on_tick_down(state, instrument, best)
    if instrument.min_price <= price <= instrument.max_price:
        return price
    price = best - best % instrument.tick_size
    return price + instrument.tick_size if side == SIDE_BUY and price < best else price


cdef uint8_t find_reference(
    State *state, Instrument *instrument, Kind *kind, int64_t offset, Draft *draft
) noexcept nogil:
    """Where a trailing stop begins; a MARKET_TO_LIMIT's limit; a market order's in a call."""
    cdef bint share = kind.instructions & INSTRUCTION_TRAIL_PERCENT != 0
    if kind.order_type == ORD_TRAILING_STOP:
        draft.watched = price_to_trail(state, instrument, kind.side)
        draft.trigger_price = trigger_of(instrument, kind.side, draft.watched, offset, share)
        return REASON_NONE if draft.watched else REASON_NO_REFERENCE
    if kind.order_type == ORD_MARKET_TO_LIMIT:
        draft.price = best_against(state, instrument, kind.side)
        if draft.price == 0:
            return REASON_NO_REFERENCE
        draft.price = limit_at(state, instrument, kind.side, draft.price)
    return REASON_NONE


cdef void price_for_auction(
    State *state, Instrument *instrument, Kind *kind, Draft *draft
) noexcept nogil:
    if kind.order_type == ORD_MARKET and (
        is_held(instrument.phase, kind.time_in_force) or is_call(instrument.phase)
    ):
        draft.price = price_in_auction(state, instrument, kind.side)


@cython.cdivision(True)  # a tick is at least 1
cdef uint8_t check_post_only(
    State *state, Instrument *instrument, Kind *kind, Draft *draft
) noexcept nogil:
    """An order that only posts does not trade at once: it is refused, or slides back."""
    cdef bint slides = kind.instructions & INSTRUCTION_POST_SLIDE != 0
    cdef int64_t best, tick
    if not trades_now(instrument) or not (
        slides or kind.instructions & INSTRUCTION_POST_ONLY
    ):
        return REASON_NONE
    best = best_against(state, instrument, kind.side)
    if best == 0 or not reaches(1 - kind.side, draft.price, best):
        return REASON_NONE
    tick = tick_at(state, instrument, best)
    if kind.side == SIDE_BUY:
        draft.price = (best - 1) - (best - 1) % tick
    elif best - best % tick > INT64_MAX - tick:
        return REASON_WOULD_CROSS
    else:
        draft.price = best - best % tick + tick
    if slides and instrument.min_price <= draft.price <= instrument.max_price:
        return REASON_NONE
    return REASON_WOULD_CROSS


cdef uint8_t check_market(
    State *state, Instrument *instrument, Kind *kind, Draft *draft
) noexcept nogil:
    """Band, short sale, post-only."""
    cdef bint held = is_held(instrument.phase, kind.time_in_force)
    cdef bint is_limit = kind.order_type == ORD_LIMIT
    if is_limit and not held and instrument.phase == PHASE_CONTINUOUS and (
        not bands_hold_limit(state, instrument, kind.side, draft.price)
    ):
        return REASON_PRICE_BAND
    if kind.instructions & INSTRUCTION_SHORT and not held and (
        not short_sale_is_allowed(state, instrument, draft.price if is_limit else 0)
    ):
        return REASON_SHORT_SALE_RESTRICTED
    return check_post_only(state, instrument, kind, draft)


# -- means ----------------------------------------------------------------------------------------


cdef uint8_t check_side_room(
    Instrument *instrument, Kind *kind, int64_t more
) noexcept nogil:
    """Room for so many more shares on a side; a market order that trades now needs none."""
    if kind.order_type == ORD_MARKET and trades_now(instrument) and (
        not is_held(instrument.phase, kind.time_in_force)
    ):
        return REASON_NONE
    if more > INT64_MAX - instrument.open[kind.side]:
        return REASON_QUANTITY_RANGE
    return REASON_NONE


cdef uint8_t check_place_room(
    State *state, Instrument *instrument, Kind *kind
) noexcept nogil:
    cdef bint least = kind.min_quantity != 0 and kind.time_in_force != TIF_IOC
    if (
        least
        or kind.order_type >= ORD_PEG_BEST
        or kind.instructions & INSTRUCTION_ALL_OR_NONE
    ) and instrument.waiting[kind.side].count >= MAX_WAITING:
        return REASON_WAITING_LIMIT
    if pool_room(&state.slots) == 0 or (
        not level_pools_have_room(&state.levels, LEVELS_OF_ORDER)
    ):
        return REASON_CAPACITY
    return REASON_NONE


cdef uint8_t check_funds(
    State *state, Instrument *instrument, Kind *kind, Draft *draft, int64_t held
) noexcept nogil:
    """What is available, and held by the order that is replaced, covers the order."""
    cdef int64_t cost = 0
    cdef bint is_conditional = kind.time_in_force == TIF_FOK or kind.min_quantity != 0
    cdef int64_t least = kind.min_quantity
    cdef Hand hand
    if kind.side == SIDE_SELL:
        held += shares_available(
            &state.funds, position_find(&state.funds, kind.account, instrument.id)
        )
        return REASON_INSUFFICIENT_SHARES if draft.leaves > held else REASON_NONE
    held += cash_available(&state.funds, kind.account)
    if draft.price:
        notional(draft.price, draft.leaves, instrument.unit, &cost)
        return REASON_INSUFFICIENT_CASH if cost > held else REASON_NONE
    if kind.order_type != ORD_MARKET:
        return REASON_NONE
    hand = hand_of(state, kind.account, kind.self_trade, is_conditional)
    if kind.time_in_force == TIF_FOK:
        least = draft.leaves
    if can_pay(state, instrument, &hand, draft.leaves, least, held):
        return REASON_NONE
    return REASON_INSUFFICIENT_CASH


# -- both ---------------------------------------------------------------------------------------


cdef uint8_t check_new(
    State *state, Command *command, Instrument *instrument, Draft *draft
) noexcept nogil:
    cdef int64_t cost = 0
    cdef Kind kind
    cdef uint8_t reason = check_open(state, command, instrument)
    if reason == REASON_NONE:
        reason = check_codes(command)
    if reason == REASON_NONE and command.instructions & INSTRUCTION_ALL_OR_NONE and (
        not day_of(state, instrument).permissions & PERMISSION_ALL_OR_NONE
    ):
        reason = REASON_NOT_ALLOWED
    if reason == REASON_NONE:
        reason = check_phase(instrument, command.order_type, command.time_in_force)
    if reason == REASON_NONE:
        reason = check_numbers(state, command, instrument)
    if reason:
        return reason
    draft.entry = idmap_find(&state.ids, command.account, command.client_order_id)
    if draft.entry.value != ID_NONE:
        return REASON_DUPLICATE_CLIENT_ORDER_ID
    draft.price = command.price
    draft.trigger_price = command.trigger_price
    draft.watched = 0
    draft.leaves = command.quantity
    kind.account = command.account
    kind.side = command.side
    kind.order_type = command.order_type
    kind.time_in_force = command.time_in_force
    kind.self_trade = command.self_trade
    kind.instructions = command.instructions
    kind.min_quantity = command.min_quantity
    reason = find_reference(state, instrument, &kind, command.offset, draft)
    if reason:
        return reason
    price_for_auction(state, instrument, &kind, draft)
    reason = check_market(state, instrument, &kind, draft)
    if reason:
        return reason
    if not notional(draft.price, draft.leaves, instrument.unit, &cost):
        return REASON_NOTIONAL_RANGE
    reason = check_side_room(instrument, &kind, draft.leaves)
    if reason == REASON_NONE:
        reason = check_place_room(state, instrument, &kind)
    return reason if reason else check_funds(state, instrument, &kind, draft, 0)


cdef uint8_t check_replacement(
    State *state, Command *command, Instrument *instrument, uint32_t index, Draft *draft
) noexcept nogil:
    cdef Order *order = &state.orders[index]
    cdef int64_t leaves = leaves_of(state, index)
    cdef int64_t held = leaves
    cdef int64_t cost = 0
    cdef Kind kind
    cdef uint8_t reason = check_open(state, command, instrument)
    if reason == REASON_NONE and instrument.phase == PHASE_CLOSED:
        reason = REASON_WRONG_PHASE
    if reason:
        return reason
    kind.account = order.account
    kind.side = slot_of(state, index).side
    kind.order_type = order.order_type
    kind.time_in_force = order.time_in_force
    kind.self_trade = order.self_trade
    kind.instructions = order.instructions
    kind.min_quantity = state.extras[index].min_quantity if order.special else 0
    reason = check_new_prices(
        state, command, instrument, order.order_type, order.place == PLACE_STOPS
    )
    if reason == REASON_NONE:
        reason = check_quantity(instrument, command.quantity)
    if reason == REASON_NONE:
        reason = check_lots(instrument, command.quantity)
    if reason == REASON_NONE and order.special:
        reason = check_parts(state.extras[index].display_quantity, command.quantity)
    if reason:
        return reason
    draft.entry = idmap_find(&state.ids, command.account, command.client_order_id)
    if draft.entry.value != ID_NONE:
        return REASON_DUPLICATE_CLIENT_ORDER_ID
    freshen_trigger(state, index)
    draft.price = command.price
    draft.trigger_price = command.trigger_price
    draft.watched = 0
    if order.special and command.trigger_price == 0:
        draft.trigger_price = state.extras[index].trigger_price
    draft.leaves = leaves - (order.quantity - command.quantity)
    price_for_auction(state, instrument, &kind, draft)
    if draft.leaves <= 0:
        return REASON_NONE
    reason = check_market(state, instrument, &kind, draft)
    if reason:
        return reason
    if not notional(draft.price, draft.leaves, instrument.unit, &cost):
        return REASON_NOTIONAL_RANGE
    reason = check_side_room(instrument, &kind, draft.leaves - leaves)
    if reason:
        return reason
    if kind.side == SIDE_BUY:
        notional(order.price, leaves, instrument.unit, &held)
    return check_funds(state, instrument, &kind, draft, held)
