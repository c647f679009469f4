# cython: cdivision=True
"""What operators do. Rules: docs/matching.md.

cdivision: divisors are ticks, lots and powers of ten, checked to be at least 1.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

from lmax._book cimport Order, book_open, book_remove, level_at, order_at, side_next
from lmax._settlement cimport close_id, release_funds
from lmax._state cimport FAULT_MEMORY, Instrument, emit, emit_order, instrument_hash
from lmax._state cimport order_hash
from lmax.funds cimport (
    account_open, cash_available, cash_change, position_open, shares_available, shares_change,
)
from lmax.idmap cimport idmap_forget_closed
from lmax.money cimport INT64_MAX, product_is_multiple
from lmax.wire cimport (
    EVT_ACCEPTED, EVT_EXPIRED, MAX_ACCOUNT, MAX_INSTRUMENT, REASON_ACCOUNT_EXISTS,
    REASON_AMOUNT_RANGE, REASON_END_OF_DAY, REASON_INSTRUMENT_EXISTS, REASON_INSUFFICIENT_CASH,
    REASON_INSUFFICIENT_SHARES, REASON_INVALID_DEFINITION, REASON_INVALID_ID, REASON_NONE,
    REASON_QUANTITY_LOT, REASON_UNKNOWN_ACCOUNT, REASON_UNKNOWN_INSTRUMENT, TIF_DAY, Event,
)

cdef int64_t[10] TENS = [
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
]


# -- instruments ------------------------------------------------------------------------


cdef bint symbol_is_good(Command *command) noexcept nogil:
    """1 to 8 printable characters, then zeros."""
    cdef int i
    cdef int length = 0
    while length < 8 and 0x21 <= command.symbol[length] <= 0x7E:
        length += 1
    for i in range(length, 8):
        if command.symbol[i]:
            return False
    return length > 0


cdef bint definition_is_good(Command *command) noexcept nogil:
    if not symbol_is_good(command) or command.quantity_scale > 9:
        return False
    if command.tick_size < 1 or command.lot_size < 1:
        return False
    if not product_is_multiple(
        command.tick_size, command.lot_size, TENS[command.quantity_scale]
    ):
        return False
    if not command.tick_size <= command.min_price <= command.max_price:
        return False
    if command.min_price % command.tick_size or command.max_price % command.tick_size:
        return False
    return command.max_quantity >= command.lot_size and not (
        command.max_quantity % command.lot_size
    )


cdef uint8_t define_instrument(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument
    cdef Event *event
    if not 1 <= command.instrument <= MAX_INSTRUMENT:
        return REASON_INVALID_ID
    instrument = &state.instruments[command.instrument]
    if instrument.defined:
        return REASON_INSTRUMENT_EXISTS
    if not definition_is_good(command):
        return REASON_INVALID_DEFINITION
    instrument.defined = True
    memcpy(instrument.symbol, command.symbol, 8)
    instrument.tick_size = command.tick_size
    instrument.lot_size = command.lot_size
    instrument.min_price = command.min_price
    instrument.max_price = command.max_price
    instrument.max_quantity = command.max_quantity
    instrument.quantity_scale = command.quantity_scale
    instrument.unit = TENS[command.quantity_scale]
    book_open(&instrument.book, &state.pools, command.tick_size)
    state.digest += instrument_hash(instrument, command.instrument)
    if command.instrument > state.highest_instrument:
        state.highest_instrument = command.instrument
    event = emit(state, EVT_ACCEPTED)
    event.instrument = command.instrument
    event.quantity_scale = command.quantity_scale
    event.price = command.tick_size
    event.quantity = command.lot_size
    memcpy(event.symbol, command.symbol, 8)
    return REASON_NONE


# -- accounts ---------------------------------------------------------------------------


cdef uint8_t open_account(State *state, Command *command) noexcept nogil:
    cdef Event *event
    if not 1 <= command.account <= MAX_ACCOUNT:
        return REASON_INVALID_ID
    if state.funds.accounts[command.account].open:
        return REASON_ACCOUNT_EXISTS
    account_open(&state.funds, command.account)
    event = emit(state, EVT_ACCEPTED)
    event.account = command.account
    return REASON_NONE


cdef uint8_t check_transfer(State *state, Command *command) noexcept nogil:
    """What deposit and withdraw have in common."""
    if command.account > MAX_ACCOUNT or not state.funds.accounts[command.account].open:
        return REASON_UNKNOWN_ACCOUNT
    if command.instrument and (
        command.instrument > MAX_INSTRUMENT or not state.instruments[command.instrument].defined
    ):
        return REASON_UNKNOWN_INSTRUMENT
    return REASON_AMOUNT_RANGE if command.quantity < 1 else REASON_NONE


cdef inline bint is_off_lot(State *state, Command *command) noexcept nogil:
    return command.instrument and command.quantity % (
        state.instruments[command.instrument].lot_size
    ) != 0


cdef inline int64_t total_of(State *state, uint32_t instrument) noexcept nogil:
    if instrument:
        return state.instruments[instrument].total_shares
    return state.funds.total_cash


cdef void transfer(State *state, Command *command, int64_t amount) noexcept nogil:
    """Move an amount between the outside and an account, and say so."""
    cdef Instrument *instrument
    cdef Event *event
    if command.instrument:
        instrument = &state.instruments[command.instrument]
        state.digest -= instrument_hash(instrument, command.instrument)
        instrument.total_shares += amount
        state.digest += instrument_hash(instrument, command.instrument)
        position_open(&state.funds, command.account, command.instrument)
        shares_change(&state.funds, command.account, command.instrument, amount, 0)
    else:
        state.funds.total_cash += amount
        cash_change(&state.funds, command.account, amount, 0)
    event = emit(state, EVT_ACCEPTED)
    event.account = command.account
    event.instrument = command.instrument
    event.quantity = command.quantity


cdef uint8_t deposit(State *state, Command *command) noexcept nogil:
    cdef uint8_t reason = check_transfer(state, command)
    if reason:
        return reason
    if command.quantity > INT64_MAX - total_of(state, command.instrument):
        return REASON_AMOUNT_RANGE
    if is_off_lot(state, command):
        return REASON_QUANTITY_LOT
    transfer(state, command, command.quantity)
    return REASON_NONE


cdef uint8_t withdraw(State *state, Command *command) noexcept nogil:
    cdef uint8_t reason = check_transfer(state, command)
    if reason:
        return reason
    if is_off_lot(state, command):
        return REASON_QUANTITY_LOT
    if command.instrument:
        if command.quantity > shares_available(
            &state.funds, command.account, command.instrument
        ):
            return REASON_INSUFFICIENT_SHARES
    elif command.quantity > cash_available(&state.funds, command.account):
        return REASON_INSUFFICIENT_CASH
    transfer(state, command, -command.quantity)
    return REASON_NONE


# -- the end of the day -----------------------------------------------------------------


cdef void expire(State *state, uint32_t index) noexcept nogil:
    cdef Order *order = order_at(&state.pools, index)
    cdef Event *event = emit_order(state, EVT_EXPIRED, order)
    event.quantity = order.leaves
    event.leaves = 0
    event.reason = REASON_END_OF_DAY
    state.digest -= order_hash(order)
    release_funds(state, order, order.leaves)
    close_id(state, order)
    state.trading = order.instrument
    book_remove(&state.instruments[order.instrument].book, index, &state.listener)


cdef void expire_level(State *state, uint32_t level) noexcept nogil:
    cdef uint32_t index = level_at(&state.pools, level).head
    cdef uint32_t following
    while index:
        following = order_at(&state.pools, index).next
        if order_at(&state.pools, index).time_in_force == TIF_DAY:
            expire(state, index)
        index = following


cdef void end_of_day(State *state) noexcept nogil:
    cdef uint32_t id, side, level, following
    emit(state, EVT_ACCEPTED)
    for id in range(1, state.highest_instrument + 1):
        if not state.instruments[id].defined:
            continue
        for side in range(2):
            level = state.instruments[id].book.sides[side].best
            while level:
                # First the next one: expiring may take this level out of the tree.
                following = side_next(
                    &state.pools, &state.instruments[id].book.sides[side], level
                )
                expire_level(state, level)
                level = following
    state.closed_digest = 0
    if idmap_forget_closed(&state.ids) < 0:
        state.fault = FAULT_MEMORY
