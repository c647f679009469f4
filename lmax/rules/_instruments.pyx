# cython: cdivision=True
"""Status, tick tables and lots of instruments. Rules: docs/matching.md.

cdivision: divisors are ticks and lots, checked to be at least 1.
"""
from libc.stdint cimport uint32_t

from lmax.rules._chains cimport Chain, chain_instrument
from lmax.rules._phases cimport accept_setting, check_known
from lmax.rules._places cimport end_chain
from lmax.rules._protection cimport after_setting
from lmax.state._state cimport SPECIAL_STATUS, SPECIAL_TICKS, emit
from lmax.state.ticktables cimport TickRow, TickTables, row_follows, row_set
from lmax.wire cimport (
    EVT_CANCELLED, EVT_PHASE, LOTS_NO_ODD_LOTS, LOTS_ROUND_LOTS_ONLY, REASON_DELISTED,
    REASON_INVALID_SETTING, REASON_NONE, REASON_QUANTITY_LOT, STATUS_ACTIVE, STATUS_DELISTED,
    Event,
)


# -- status -------------------------------------------------------------------------------


cdef void end_all_orders(State *state, Instrument *instrument, uint8_t reason) noexcept nogil:
    """Cancel every open order of an instrument, in order of arrival."""
    cdef Chain chain
    chain.first = chain.last = 0
    chain_instrument(state, &chain, instrument)
    end_chain(state, &chain, EVT_CANCELLED, reason, 0)


cdef uint8_t set_status(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument
    cdef Event *event
    cdef uint8_t reason = check_known(state, command.instrument)
    if reason:
        return reason
    instrument = &state.instruments[command.instrument]
    if command.status > STATUS_DELISTED or (
        instrument.status == STATUS_DELISTED and command.status != STATUS_DELISTED
    ):
        return REASON_INVALID_SETTING
    instrument.status = command.status
    instrument.special &= ~<uint32_t>SPECIAL_STATUS
    if command.status != STATUS_ACTIVE:
        instrument.special |= SPECIAL_STATUS
    event = emit(state, EVT_PHASE)
    event.instrument = instrument.id
    event.phase = instrument.phase
    event.status = instrument.status
    if command.status == STATUS_DELISTED:
        end_all_orders(state, instrument, REASON_DELISTED)
    elif command.status == STATUS_ACTIVE:
        after_setting(state, instrument)
    return REASON_NONE


# -- ticks --------------------------------------------------------------------------------


cdef uint8_t set_tick_row(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument
    cdef TickTables *tables
    cdef TickRow row
    cdef uint8_t reason = check_known(state, command.instrument)
    if reason:
        return reason
    instrument = &state.instruments[command.instrument]
    tables = &state.ticks[command.instrument]
    row.start = command.price
    row.tick = command.tick_size
    if not row_follows(tables, command.row, command.rows, row.start):
        return REASON_INVALID_SETTING
    if row.tick < 1 or row.tick % instrument.tick_size or row.start % row.tick:
        return REASON_INVALID_SETTING
    row_set(tables, command.row, command.rows, &row, command.effective_time, state.now)
    instrument.special |= SPECIAL_TICKS
    accept_setting(state, command)
    return REASON_NONE


# -- lots ---------------------------------------------------------------------------------


cdef uint8_t check_lots(Instrument *instrument, int64_t quantity) noexcept nogil:
    """Whether the instrument takes an order of so much, which is a multiple of its lot."""
    if instrument.lot_policy == LOTS_NO_ODD_LOTS and quantity < instrument.round_lot:
        return REASON_QUANTITY_LOT
    if instrument.lot_policy == LOTS_ROUND_LOTS_ONLY and quantity % instrument.round_lot:
        return REASON_QUANTITY_LOT
    return REASON_NONE
