"""SET_ACCOUNT, MASS_CANCEL and SESSION_ENDED. Rules: docs/matching.md."""
from libc.stdint cimport uint32_t, uint64_t

from lmax.rules._chains cimport Chain, chain_account, chain_add, chain_instrument
from lmax.rules._lists cimport chain_session
from lmax.rules._mass cimport cancel_chain
from lmax.rules._phases cimport accept_setting, check_known
from lmax.state._state cimport SPECIAL_WAITING, Order, emit, set_timed, slot_of
from lmax.state.funds cimport (
    ACCOUNT_FIRM_KILLED, ACCOUNT_OF_HAND, ACCOUNT_OPEN, Account, account_flag, account_hash,
)
from lmax.wire cimport (
    EVT_ACCEPTED, INSTRUCTION_CANCEL_ON_DISCONNECT, MAX_ACCOUNT, REASON_DISCONNECTED,
    REASON_INVALID_SETTING, REASON_MASS_CANCELLED, REASON_NONE, REASON_UNKNOWN_ACCOUNT,
    SIDES_BOTH, SIDES_BUYS, SIDES_SELLS, SIDE_BUY, STP_DECREMENT,
)

cdef enum:
    MAX_FIRM = 65_535
    MAX_SESSION = 65_535


cdef inline bint is_open(State *state, uint32_t account) noexcept nogil:
    return account <= MAX_ACCOUNT and (
        state.funds.accounts[account].flags & ACCOUNT_OPEN
    ) != 0


cdef void look_again(State *state, uint32_t account) noexcept nogil:
    """An order that waited, of this account or for one of its, may have met orders of one hand
    only, which they are no more: TIMER looks."""
    cdef uint32_t index = state.funds.accounts[account].first
    while index:
        if state.instruments[state.orders[index].instrument].special & SPECIAL_WAITING:
            set_timed(state, state.orders[index].instrument)
        index = state.orders[index].account_next


cdef uint8_t set_account(State *state, Command *command) noexcept nogil:
    cdef Account *account = &state.funds.accounts[command.account % (MAX_ACCOUNT + 1)]
    cdef uint64_t before
    if not is_open(state, command.account):
        return REASON_UNKNOWN_ACCOUNT
    if command.firm > MAX_FIRM or command.self_trade > STP_DECREMENT:
        return REASON_INVALID_SETTING
    before = account_hash(command.account, account)
    account.firm = command.firm
    account.group = command.group
    account.self_trade = command.self_trade
    state.funds.digest += account_hash(command.account, account) - before
    account_flag(
        &state.funds, command.account, ACCOUNT_OF_HAND,
        command.group != 0 or command.self_trade != 0,
    )
    account_flag(
        &state.funds, command.account, ACCOUNT_FIRM_KILLED,
        (state.killed_firms.words[command.firm >> 6] >> (command.firm & 63) & 1) != 0,
    )
    look_again(state, command.account)
    emit(state, EVT_ACCEPTED).account = command.account
    return REASON_NONE


# -- cancelling many ------------------------------------------------------------------------


cdef bint matches(State *state, Command *command, uint32_t index) noexcept nogil:
    """Whether a mass cancel is about that order."""
    cdef Order *order = &state.orders[index]
    if command.account and command.account != order.account:
        return False
    if command.instrument and command.instrument != order.instrument:
        return False
    if command.session and command.session != order.session:
        return False
    if command.firm and command.firm != state.funds.accounts[order.account].firm:
        return False
    if command.sides == SIDES_BOTH:
        return True
    return (command.sides == SIDES_BUYS) == (slot_of(state, index).side == SIDE_BUY)


cdef void chain_scope(State *state, Command *command, Chain *chain) noexcept nogil:
    """Add what a mass cancel may be about, by what it names."""
    cdef uint32_t id
    if command.account:
        chain_account(state, chain, command.account)
    elif command.session:
        chain_session(state, chain, command.session)
    elif command.instrument:
        chain_instrument(state, chain, &state.instruments[command.instrument])
    else:
        for id in range(1, state.funds.highest_account + 1):
            if command.firm == 0 or command.firm == state.funds.accounts[id].firm:
                chain_account(state, chain, id)


cdef uint8_t mass_cancel(State *state, Command *command) noexcept nogil:
    cdef Chain all
    cdef Chain chosen
    cdef uint32_t index, following
    if command.account and not is_open(state, command.account):
        return REASON_UNKNOWN_ACCOUNT
    if command.instrument and check_known(state, command.instrument):
        return check_known(state, command.instrument)
    if (
        command.firm > MAX_FIRM
        or command.session > MAX_SESSION
        or command.sides > SIDES_SELLS
    ):
        return REASON_INVALID_SETTING
    accept_setting(state, command)
    all.first = all.last = chosen.first = chosen.last = 0
    chain_scope(state, command, &all)
    index = all.first
    while index:
        following = state.orders[index].chain
        if matches(state, command, index):
            chain_add(state, &chosen, index)
        index = following
    cancel_chain(state, &chosen, REASON_MASS_CANCELLED)
    return REASON_NONE


cdef uint8_t session_ended(State *state, Command *command) noexcept nogil:
    cdef Chain all
    cdef Chain chosen
    cdef uint32_t index, following
    if not 1 <= command.session <= MAX_SESSION:
        return REASON_INVALID_SETTING
    accept_setting(state, command)
    all.first = all.last = chosen.first = chosen.last = 0
    chain_session(state, &all, command.session)
    index = all.first
    while index:
        following = state.orders[index].chain
        if state.orders[index].instructions & INSTRUCTION_CANCEL_ON_DISCONNECT:
            chain_add(state, &chosen, index)
        index = following
    cancel_chain(state, &chosen, REASON_DISCONNECTED)
    return REASON_NONE
