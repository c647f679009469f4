# The beginning of an order, into a place, out of it, and its end, with what that does to funds, ids
# and lists.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.rules._chains cimport Chain
from lmax.state._state cimport PLACE_NONE, Instrument, Order, State, closed_id_hash, slot_of
from lmax.state.funds cimport Account, cash_change, position_open, shares_change
from lmax.state.idmap cimport IdEntry, closed_value
from lmax.base.money cimport notional
from lmax.book.orders cimport Slot, slot_take
from lmax.wire cimport SIDE_SELL, Command


cdef void rest_shown(
    State *state, Instrument *instrument, uint32_t index, uint64_t key
) noexcept nogil
cdef void shrink_shown(State *state, uint32_t index, int64_t quantity) noexcept nogil
cdef void leave_place(State *state, uint32_t index) noexcept nogil
cdef void end_order(
    State *state, uint32_t index, IdEntry *entry, uint8_t event_type, uint8_t reason
) noexcept nogil
cdef void end_open_order(
    State *state, uint32_t index, uint8_t event_type, uint8_t reason
) noexcept nogil
cdef void end_chain(
    State *state, Chain *chain, uint8_t event_type, uint8_t reason, uint32_t staying
) noexcept nogil
cdef void emit_end(
    State *state, uint32_t index, uint8_t event_type, uint8_t reason
) noexcept nogil
cdef void forget_order(State *state, uint32_t index) noexcept nogil


cdef inline uint32_t take_order(State *state, Command *command, int64_t price) noexcept nogil:
    """An order as it comes in, in no place, with nothing special about it yet; its number."""
    cdef uint32_t index = slot_take(&state.slots)
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    slot.id = command.client_order_id
    slot.leaves = command.quantity
    slot.side = command.side
    slot.flags = 0
    state.arrivals += 1
    order.price = price
    order.quantity = command.quantity
    order.arrival = state.arrivals
    order.hash = 0
    order.account = command.account
    order.position = position_open(&state.funds, command.account, command.instrument)
    order.instrument = command.instrument
    order.session = 0
    order.instructions = 0
    order.order_type = command.order_type
    order.time_in_force = command.time_in_force
    order.self_trade = 0
    order.place = PLACE_NONE
    order.special = 0
    return index


cdef inline void account_append(State *state, uint32_t index) noexcept nogil:
    """Put an order last in its account's list. Order 0 is nobody and may be written to."""
    cdef Order *order = &state.orders[index]
    cdef Account *account = &state.funds.accounts[order.account]
    order.account_next = 0
    order.account_prev = account.last
    state.orders[account.last].account_next = index
    account.first = account.first if account.last else index
    account.last = index


cdef inline void account_unlink(State *state, uint32_t index) noexcept nogil:
    """Take an order out of its account's list."""
    cdef Order *order = &state.orders[index]
    cdef Account *account = &state.funds.accounts[order.account]
    cdef uint32_t next = order.account_next
    cdef uint32_t prev = order.account_prev
    state.orders[prev].account_next = next
    state.orders[next].account_prev = prev
    account.first = account.first if prev else next
    account.last = account.last if next else prev


cdef inline void close_entry(State *state, IdEntry *entry, uint32_t instrument) noexcept nogil:
    """The id names nothing open any more; it stays used till the day ends."""
    entry.value = closed_value(instrument)
    state.closed_digest += closed_id_hash(entry)


cdef inline void change_reserved(
    State *state, uint32_t index, int64_t quantity
) noexcept nogil:
    """Set aside what so many of an order's shares may cost; give it back if they are negative."""
    cdef Order *order = &state.orders[index]
    cdef int64_t cost = 0
    if slot_of(state, index).side == SIDE_SELL:
        shares_change(&state.funds, order.position, 0, quantity)
        return
    notional(order.price, quantity, state.instruments[order.instrument].unit, &cost)
    cash_change(&state.funds, order.account, 0, cost)
