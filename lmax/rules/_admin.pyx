# cython: cdivision=True
"""What operators do. Rules: docs/matching.md.

cdivision: divisors are ticks, lots and powers of ten, checked to be at least 1.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

from lmax.rules._chains cimport Chain, chain_instrument
from lmax.rules._places cimport end_chain
from lmax.rules._protection cimport end_of_protected_day
from lmax.rules._special cimport after_command
from lmax.state._state cimport (
    AFTER, FAULT_MEMORY, SPECIAL_LOTS, SPECIAL_VENUE, Instrument, emit, instrument_open,
)
from lmax.state.funds cimport (
    ACCOUNT_OPEN, account_open, cash_available, cash_change, position_find, position_open,
    shares_available, shares_change,
)
from lmax.state.idmap cimport idmap_forget_closed
from lmax.base.money cimport INT64_MAX, product_is_multiple
from lmax.base.steps cimport step_of
from lmax.wire cimport (
    EVT_ACCEPTED, EVT_EXPIRED, LOTS_ANY, LOTS_ROUND_LOTS_ONLY, MAX_ACCOUNT, MAX_INSTRUMENT,
    REASON_ACCOUNT_EXISTS,
    REASON_AMOUNT_RANGE, REASON_END_OF_DAY, REASON_INSTRUMENT_EXISTS, REASON_INSUFFICIENT_CASH,
    REASON_INSUFFICIENT_SHARES, REASON_INVALID_DEFINITION, REASON_INVALID_ID, REASON_NONE,
    REASON_QUANTITY_LOT, REASON_UNKNOWN_ACCOUNT, REASON_UNKNOWN_INSTRUMENT, TIF_GTC, TIF_GTD,
    Event,
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
    if command.max_quantity < command.lot_size or command.max_quantity % command.lot_size:
        return False
    return command.lot_policy <= LOTS_ROUND_LOTS_ONLY and command.round_lot >= 0 and (
        command.round_lot % command.lot_size == 0
    )


cdef void tell_definition(State *state, Instrument *instrument) noexcept nogil:
    """ACCEPTED of a new instrument, or of its new name."""
    cdef Event *event = emit(state, EVT_ACCEPTED)
    event.instrument = instrument.id
    event.quantity_scale = instrument.quantity_scale
    event.price = instrument.tick_size
    event.quantity = instrument.lot_size
    memcpy(event.symbol, instrument.symbol, 8)


cdef uint8_t define_instrument(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument
    if not 1 <= command.instrument <= MAX_INSTRUMENT:
        return REASON_INVALID_ID
    instrument = &state.instruments[command.instrument]
    if instrument.defined:
        return REASON_INSTRUMENT_EXISTS
    if not definition_is_good(command):
        return REASON_INVALID_DEFINITION
    instrument.defined = True
    instrument.id = command.instrument
    memcpy(instrument.symbol, command.symbol, 8)
    instrument.tick_size = command.tick_size
    instrument.lot_size = command.lot_size
    instrument.min_price = command.min_price
    instrument.max_price = command.max_price
    instrument.max_quantity = command.max_quantity
    instrument.quantity_scale = command.quantity_scale
    instrument.lot_policy = command.lot_policy
    instrument.round_lot = command.round_lot if command.round_lot else command.lot_size
    if command.lot_policy != LOTS_ANY:
        instrument.special |= SPECIAL_LOTS
    if state.venue_killed:
        instrument.special |= SPECIAL_VENUE
    instrument.unit = TENS[command.quantity_scale]
    instrument.tick = step_of(command.tick_size)
    instrument.lot = step_of(command.lot_size)
    instrument_open(state, instrument)
    if command.instrument > state.highest_instrument:
        state.highest_instrument = command.instrument
    tell_definition(state, instrument)
    return REASON_NONE


# -- accounts ---------------------------------------------------------------------------


cdef uint8_t open_account(State *state, Command *command) noexcept nogil:
    cdef Event *event
    if not 1 <= command.account <= MAX_ACCOUNT:
        return REASON_INVALID_ID
    if state.funds.accounts[command.account].flags & ACCOUNT_OPEN:
        return REASON_ACCOUNT_EXISTS
    account_open(&state.funds, command.account)
    event = emit(state, EVT_ACCEPTED)
    event.account = command.account
    return REASON_NONE


cdef uint8_t check_transfer(State *state, Command *command) noexcept nogil:
    """What deposit and withdraw have in common."""
    if command.account > MAX_ACCOUNT or (
        not state.funds.accounts[command.account].flags & ACCOUNT_OPEN
    ):
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
    cdef Event *event
    cdef uint32_t position
    if command.instrument:
        state.instruments[command.instrument].total_shares += amount
        position = position_open(&state.funds, command.account, command.instrument)
        shares_change(&state.funds, position, amount, 0)
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
    cdef uint32_t position
    cdef uint8_t reason = check_transfer(state, command)
    if reason:
        return reason
    if is_off_lot(state, command):
        return REASON_QUANTITY_LOT
    if command.instrument:
        position = position_find(&state.funds, command.account, command.instrument)
        if command.quantity > shares_available(&state.funds, position):
            return REASON_INSUFFICIENT_SHARES
    elif command.quantity > cash_available(&state.funds, command.account):
        return REASON_INSUFFICIENT_CASH
    transfer(state, command, -command.quantity)
    return REASON_NONE


# -- the end of the day -----------------------------------------------------------------


cdef enum:
    OUTLIVE_THE_DAY = 1 << TIF_GTC | 1 << TIF_GTD


cdef void end_instrument_day(State *state, Instrument *instrument) noexcept nogil:
    """Expire what is for the day, in order of arrival."""
    cdef Chain chain
    chain.first = chain.last = 0
    chain_instrument(state, &chain, instrument)
    end_chain(state, &chain, EVT_EXPIRED, REASON_END_OF_DAY, OUTLIVE_THE_DAY)
    end_of_protected_day(state, instrument)


cdef void end_of_day(State *state) noexcept nogil:
    cdef uint32_t id
    emit(state, EVT_ACCEPTED)
    for id in range(1, state.highest_instrument + 1):
        if state.instruments[id].defined:
            end_instrument_day(state, &state.instruments[id])
    state.closed_digest = 0
    if idmap_forget_closed(&state.ids, state.slots.live) < 0:
        state.fault = FAULT_MEMORY
    state.close = 0
    state.market_level = 0
    for id in range(1, state.highest_instrument + 1):
        if state.instruments[id].special & AFTER:
            after_command(state, &state.instruments[id])
