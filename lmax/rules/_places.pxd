# Into a place, out of it, and the end of an order, with what that does to funds, ids and lists.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.state._state cimport Instrument, Order, State, closed_id_hash, slot_of
from lmax.state.funds cimport Account, cash_change, shares_change
from lmax.state.idmap cimport IdEntry, closed_value
from lmax.base.money cimport notional
from lmax.wire cimport SIDE_SELL


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
cdef void emit_end(
    State *state, uint32_t index, uint8_t event_type, uint8_t reason
) noexcept nogil


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
