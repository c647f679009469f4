"""What follows every command. Rules: docs/matching.md."""
from libc.stdint cimport int64_t, uint8_t, uint32_t

from lmax.rules._incoming cimport can_pay_now, finds_what_it_waits_for, trade_then_rest
from lmax.rules._opposite cimport Opposite, Spot, opposite_open, spot_first
from lmax.rules._places cimport end_open_order
from lmax.rules._protection cimport short_sale_is_allowed
from lmax.state._state cimport (
    PLACE_NONE, SPECIAL_STOPS, SPECIAL_WAITING, Order, slot_of,
)
from lmax.rules._stops cimport trigger_elected
from lmax.book.orders cimport queue_unlink
from lmax.wire cimport (
    EVT_CANCELLED, INSTRUCTION_SHORT, PHASE_CONTINUOUS, REASON_CANNOT_PAY,
    REASON_SHORT_SALE_RESTRICTED, SIDE_BUY, STATUS_ACTIVE,
)


cdef void first_of_line(State *state, Instrument *instrument) noexcept nogil:
    """The triggered stop whose turn it is comes in."""
    cdef uint32_t index = instrument.line.head
    cdef Order *order = &state.orders[index]
    queue_unlink(&state.slots, &instrument.line, slot_of(state, index))
    order.place = PLACE_NONE
    if order.instructions & INSTRUCTION_SHORT and (
        not short_sale_is_allowed(state, instrument, order.price)
    ):
        end_open_order(state, index, EVT_CANCELLED, REASON_SHORT_SALE_RESTRICTED)
    elif slot_of(state, index).side == SIDE_BUY and order.price == 0 and (
        not can_pay_now(state, instrument, index)
    ):
        end_open_order(state, index, EVT_CANCELLED, REASON_CANNOT_PAY)
    else:
        trade_then_rest(state, instrument, index)


cdef bint oldest_waiting_trades(State *state, Instrument *instrument) noexcept nogil:
    """The oldest waiting order that can trade does; False: none can."""
    cdef Opposite[2] opposite
    cdef Spot spot
    cdef int64_t[2] best
    cdef uint32_t[2] next
    cdef uint8_t side
    cdef uint32_t index
    for side in range(2):
        next[side] = instrument.waiting[side].head
        if next[side] == 0:
            continue
        opposite_open(state, &opposite[side], instrument, side)
        spot_first(state, &opposite[side], &spot)
        best[side] = spot.price if spot.place != PLACE_NONE else 0
    while next[0] or next[1]:
        side = 0
        if next[0] == 0 or (
            next[1] and state.orders[next[1]].arrival < state.orders[next[0]].arrival
        ):
            side = 1
        index = next[side]
        if finds_what_it_waits_for(state, &opposite[side], index, best[side]):
            trade_then_rest(state, instrument, index)
            return True
        next[side] = slot_of(state, index).next
    return False


cdef void settle_down(State *state, Instrument *instrument) noexcept nogil:
    """As long as there is something to do. Each round fills something or shortens a line."""
    if instrument.phase != PHASE_CONTINUOUS or instrument.status != STATUS_ACTIVE:
        return
    while True:
        if instrument.special & SPECIAL_STOPS:
            trigger_elected(state, instrument)
        if instrument.line.head:
            first_of_line(state, instrument)
        elif not (
            instrument.special & SPECIAL_WAITING
            and oldest_waiting_trades(state, instrument)
        ):
            return
