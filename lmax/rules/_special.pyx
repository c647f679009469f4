"""The long way: what is not plain.

A command comes here when it, its account, its instrument or the order it names is special; account
and instrument are known then. Functions that answer a reason have changed nothing if it is not
REASON_NONE.
"""
from libc.stdint cimport int64_t

from lmax.rules._accounts cimport mass_cancel, session_ended, set_account
from lmax.rules._admission cimport Draft, check_new, check_replacement
from lmax.rules._checks cimport is_special_request
from lmax.rules._daycommands cimport day_command
from lmax.rules._incoming cimport rest, trade_then_rest, waits
from lmax.rules._listing cimport is_listing, listing_command
from lmax.rules._lists cimport list_order
from lmax.rules._phases cimport is_for_auction, is_held, put_held
from lmax.rules._places cimport (
    account_append, change_reserved, close_entry, end_open_order, take_order,
)
from lmax.rules._protection cimport watch
from lmax.rules._putting cimport leave_special, lower_in_place, put_waiting
from lmax.rules._settling cimport settle_down
from lmax.state._state cimport (
    PLACE_SHOWN, Extra, Order, emit_level, emit_order, hash_order, leaves_of, slot_of,
    unhash_order,
)
from lmax.rules._stops cimport freshen_trigger, price_to_trail, put_stop, trigger_of
from lmax.state.idmap cimport idmap_claim, idmap_find
from lmax.book.levels cimport level_at
from lmax.book.orders cimport Slot
from lmax.wire cimport (
    CMD_MASS_CANCEL, CMD_SESSION_ENDED, CMD_SET_ACCOUNT, EVT_ACCEPTED, EVT_CANCELLED, EVT_REDUCED,
    EVT_REPLACED, INSTRUCTION_TRAIL_PERCENT, ORD_STOP, ORD_TRAILING_STOP, PHASE_CONTINUOUS,
    REASON_BELOW_FILLED, REASON_NONE, STATUS_ACTIVE, Event,
)


# -- new ----------------------------------------------------------------------------------


cdef void fill_extra(
    State *state, Command *command, Draft *draft, uint32_t index
) noexcept nogil:
    """What only special orders have."""
    cdef Extra *extra = &state.extras[index]
    extra.trigger_price = draft.trigger_price
    extra.offset = command.offset
    extra.display_quantity = command.display_quantity
    extra.reserve = 0
    extra.min_quantity = command.min_quantity
    extra.expire_time = command.expire_time
    extra.watched = draft.watched
    extra.triggered = 0


cdef uint32_t take_special_order(State *state, Command *command, Draft *draft) noexcept nogil:
    """The order as it comes in, with its Extra if it needs one; its number."""
    cdef uint32_t index = take_order(state, command, draft.price)
    cdef Order *order = &state.orders[index]
    order.session = command.session
    order.instructions = command.instructions
    order.self_trade = command.self_trade
    order.special = is_special_request(command) or is_for_auction(order)
    if order.special:
        fill_extra(state, command, draft, index)
    return index


cdef void enter(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Put an order that is open to its place, or let it trade first."""
    cdef Order *order = &state.orders[index]
    if is_held(instrument.phase, order.time_in_force):
        put_held(state, instrument, index)
    elif ORD_STOP <= order.order_type <= ORD_TRAILING_STOP and not (
        state.extras[index].triggered
    ):
        put_stop(state, instrument, index)
    elif waits(state, index):
        put_waiting(state, instrument, index)
    elif instrument.phase == PHASE_CONTINUOUS and instrument.status == STATUS_ACTIVE:
        trade_then_rest(state, instrument, index)
        return
    else:
        rest(state, instrument, index)
        return
    hash_order(state, index)


cdef uint8_t new_special_order(
    State *state, Command *command, Instrument *instrument
) noexcept nogil:
    """A new order that is special, or whose account or instrument is."""
    cdef Draft draft
    cdef uint32_t index
    cdef uint8_t reason = check_new(state, command, instrument, &draft)
    if reason:
        return reason
    index = take_special_order(state, command, &draft)
    idmap_claim(&state.ids, draft.entry, command.account, command.client_order_id, index)
    account_append(state, index)
    if state.orders[index].special:
        list_order(state, instrument, index)
    change_reserved(state, index, command.quantity)
    emit_order(state, EVT_ACCEPTED, index)
    enter(state, instrument, index)
    return REASON_NONE


# -- replace, reduce ------------------------------------------------------------------------


cdef void tell_replaced(
    State *state, Command *command, Draft *draft, uint32_t index
) noexcept nogil:
    """REPLACED, and the new id; nothing else is changed yet."""
    cdef Order *order = &state.orders[index]
    cdef Event *event = emit_order(state, EVT_REPLACED, index)
    event.client_order_id = command.client_order_id
    event.orig_client_order_id = command.orig_client_order_id
    event.price = draft.price
    event.quantity = command.quantity
    event.leaves = draft.leaves
    if order.special:
        event.trigger_price = draft.trigger_price
    close_entry(
        state, idmap_find(&state.ids, order.account, slot_of(state, index).id), order.instrument
    )
    idmap_claim(&state.ids, draft.entry, command.account, command.client_order_id, index)
    slot_of(state, index).id = command.client_order_id


cdef void shrink(
    State *state, Instrument *instrument, uint32_t index, int64_t quantity
) noexcept nogil:
    """Less of an order, which keeps its place; BOOK if it is displayed."""
    cdef Slot *slot = slot_of(state, index)
    change_reserved(state, index, -quantity)
    lower_in_place(state, instrument, index, quantity)
    hash_order(state, index)
    if state.orders[index].place == PLACE_SHOWN:
        emit_level(
            state, instrument.id, slot.side, state.orders[index].price,
            level_at(&state.levels, slot.level),
        )


cdef void rewrite(
    State *state, Instrument *instrument, Command *command, Draft *draft, uint32_t index
) noexcept nogil:
    """Replace an order of which something is left."""
    cdef Order *order = &state.orders[index]
    cdef bint same = draft.price == order.price and (
        not order.special or draft.trigger_price == state.extras[index].trigger_price
    )
    if same and command.quantity < order.quantity:
        tell_replaced(state, command, draft, index)
        shrink(state, instrument, index, order.quantity - command.quantity)
        return
    if order.order_type == ORD_TRAILING_STOP:
        draft.watched = price_to_trail(state, instrument, slot_of(state, index).side)
        draft.trigger_price = trigger_of(
            instrument, slot_of(state, index).side, draft.watched, state.extras[index].offset,
            (order.instructions & INSTRUCTION_TRAIL_PERCENT) != 0,
        )
    tell_replaced(state, command, draft, index)
    change_reserved(state, index, -leaves_of(state, index))
    unhash_order(state, index)
    leave_special(state, instrument, index)
    state.arrivals += 1
    order.arrival = state.arrivals
    order.price = draft.price
    order.quantity = command.quantity
    slot_of(state, index).leaves = draft.leaves
    if order.special:
        state.extras[index].trigger_price = draft.trigger_price
        state.extras[index].watched = draft.watched
    change_reserved(state, index, draft.leaves)
    enter(state, instrument, index)


cdef uint8_t replace_special_order(
    State *state, Command *command, uint32_t index
) noexcept nogil:
    """A replace that is special, or whose order, account or instrument is."""
    cdef Instrument *instrument = &state.instruments[command.instrument]
    cdef Draft draft
    cdef uint8_t reason = check_replacement(state, command, instrument, index, &draft)
    if reason:
        return reason
    if draft.leaves > 0:
        rewrite(state, instrument, command, &draft, index)
        return REASON_NONE
    idmap_claim(&state.ids, draft.entry, command.account, command.client_order_id, 0)
    close_entry(state, draft.entry, command.instrument)
    end_open_order(state, index, EVT_CANCELLED, REASON_BELOW_FILLED)
    return REASON_NONE


cdef uint8_t reduce_special_order(
    State *state, Command *command, uint32_t index
) noexcept nogil:
    """Part of an order with an Extra, or elsewhere than displayed; the quantity is checked."""
    cdef Event *event
    freshen_trigger(state, index)
    event = emit_order(state, EVT_REDUCED, index)
    event.quantity = command.quantity
    event.leaves -= command.quantity
    shrink(state, &state.instruments[command.instrument], index, command.quantity)
    return REASON_NONE


# -- others ----------------------------------------------------------------------------------


cdef void leave_special_place(State *state, uint32_t index) noexcept nogil:
    """Take an order with an Extra, or elsewhere than displayed, out of its place."""
    leave_special(state, &state.instruments[state.orders[index].instrument], index)


cdef void after_command(State *state, Instrument *instrument) noexcept nogil:
    """What an accepted command about orders brings; any bit of AFTER is set."""
    settle_down(state, instrument)
    watch(state, instrument)


cdef uint8_t venue_command(State *state, Command *command) noexcept nogil:
    """The commands that are about no order of one account."""
    if is_listing(command):
        return listing_command(state, command)
    if command.type == CMD_MASS_CANCEL:
        return mass_cancel(state, command)
    if command.type == CMD_SESSION_ENDED:
        return session_ended(state, command)
    if command.type == CMD_SET_ACCOUNT:
        return set_account(state, command)
    return day_command(state, command)
