"""KILL_SWITCH. Rules: docs/matching.md.

What a switch stops is told by a flag of each account (its own, its firm's) and a bit of each
instrument (its own, the venue's), so that an order is not asked for more than those.
"""
from libc.stdint cimport uint32_t

from lmax.rules._chains cimport Chain, chain_account, chain_instrument
from lmax.rules._mass cimport cancel_chain
from lmax.rules._phases cimport accept_setting, check_known
from lmax.state._state cimport SPECIAL_KILLED, SPECIAL_VENUE, Instrument
from lmax.state.funds cimport (
    ACCOUNT_FIRM_KILLED, ACCOUNT_KILLED, ACCOUNT_OPEN, account_flag,
)
from lmax.base.idbits cimport bit_clear, bit_set
from lmax.wire cimport (
    MAX_ACCOUNT, REASON_INVALID_SETTING, REASON_KILLED, REASON_NONE, REASON_UNKNOWN_ACCOUNT,
)

cdef enum:
    MAX_FIRM = 65_535


cdef uint8_t check_kill_switch(State *state, Command *command) noexcept nogil:
    cdef int named = (command.account != 0) + (command.firm != 0) + (command.instrument != 0)
    if command.account and (
        command.account > MAX_ACCOUNT
        or not state.funds.accounts[command.account].flags & ACCOUNT_OPEN
    ):
        return REASON_UNKNOWN_ACCOUNT
    if command.instrument and check_known(state, command.instrument):
        return check_known(state, command.instrument)
    if command.firm > MAX_FIRM or named > 1 or command.enabled > 1:
        return REASON_INVALID_SETTING
    return REASON_NONE


cdef void turn_instrument(
    State *state, Instrument *instrument, uint32_t bit, bint on, Chain *chain
) noexcept nogil:
    instrument.special &= ~bit
    if on:
        instrument.special |= bit
        chain_instrument(state, chain, instrument)


cdef void turn_account(
    State *state, uint32_t account, bint on, Chain *chain
) noexcept nogil:
    account_flag(&state.funds, account, ACCOUNT_KILLED, on)
    if on:
        chain_account(state, chain, account)


cdef void turn_firm(State *state, uint32_t firm, bint on, Chain *chain) noexcept nogil:
    """Accounts know their firm, not the other way round: all of them are looked at."""
    cdef uint32_t account
    if on:
        bit_set(&state.killed_firms, firm)
    else:
        bit_clear(&state.killed_firms, firm)
    for account in range(1, state.funds.highest_account + 1):
        if state.funds.accounts[account].firm == firm:
            account_flag(&state.funds, account, ACCOUNT_FIRM_KILLED, on)
            if on:
                chain_account(state, chain, account)


cdef void turn_venue(State *state, bint on, Chain *chain) noexcept nogil:
    cdef uint32_t id
    state.venue_killed = on
    for id in range(1, state.highest_instrument + 1):
        if state.instruments[id].defined:
            turn_instrument(state, &state.instruments[id], SPECIAL_VENUE, on, chain)


cdef uint8_t kill_switch(State *state, Command *command) noexcept nogil:
    cdef Chain chain
    cdef bint on = command.enabled == 1
    cdef uint8_t reason = check_kill_switch(state, command)
    if reason:
        return reason
    chain.first = chain.last = 0
    accept_setting(state, command)
    if command.account:
        turn_account(state, command.account, on, &chain)
    elif command.firm:
        turn_firm(state, command.firm, on, &chain)
    elif command.instrument:
        turn_instrument(
            state, &state.instruments[command.instrument], SPECIAL_KILLED, on, &chain
        )
    else:
        turn_venue(state, on, &chain)
    if on:
        cancel_chain(state, &chain, REASON_KILLED)
    return REASON_NONE
