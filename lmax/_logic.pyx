"""The dispatch of commands.

The logic is a function of the commands alone: it reads no clock, draws no random number and
calls nobody. What a command needs is made sure of before its first change; when the system
refuses the memory for it, the logic stops for good (``State.fault``) with the command undone.
"""
from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax._checkpoint cimport checkpoint
from lmax.rules._admin cimport define_instrument, deposit, end_of_day, open_account, withdraw
from lmax.rules._orders cimport cancel_order, new_order, reduce_order, replace_order
from lmax.rules._special cimport after_command, venue_command
from lmax.state._state cimport (
    AFTER, FAULT_MEMORY, FAULT_NONE, FAULT_SEQUENCE, MAX_OPEN_ORDERS, Instrument, Order, reject,
    slot_of,
)
from lmax.state.funds cimport funds_make_room, position_at, position_home
from lmax.state.idmap cimport ID_CLOSED, IdTable, id_home, idmap_make_room
from lmax.book.levels cimport level_at
from lmax.base.memory cimport prefetch
from lmax.book.orders cimport Slot
from lmax.wire cimport (
    CMD_CANCEL, CMD_CHECKPOINT, CMD_DEFINE_INSTRUMENT, CMD_DEPOSIT, CMD_END_OF_DAY, CMD_NEW_ORDER,
    CMD_OPEN_ACCOUNT, CMD_REPLACE, CMD_WITHDRAW, FLAG_LAST, MAX_ACCOUNT,
    REASON_NONE,
)

cdef extern from *:
    # 2^62 ns is the year 2116: a later timestamp counts as that, so that time cannot overflow
    const int64_t LATEST "((int64_t)1 << 62)"


cdef inline uint8_t dispatch(State *state, Command *command) noexcept nogil:
    """Commands about one order of one account."""
    if command.type == CMD_NEW_ORDER:
        return new_order(state, command)
    if command.type == CMD_CANCEL:
        return cancel_order(state, command)
    if command.type == CMD_REPLACE:
        return replace_order(state, command)
    return reduce_order(state, command)


cdef uint8_t dispatch_other(State *state, Command *command) noexcept nogil:
    """All other commands."""
    if command.type == CMD_DEPOSIT:
        return deposit(state, command)
    if command.type == CMD_WITHDRAW:
        return withdraw(state, command)
    if command.type == CMD_OPEN_ACCOUNT:
        return open_account(state, command)
    if command.type == CMD_DEFINE_INSTRUMENT:
        return define_instrument(state, command)
    if command.type == CMD_END_OF_DAY:
        end_of_day(state)
        return REASON_NONE
    if command.type == CMD_CHECKPOINT:
        return checkpoint(state, command)
    return venue_command(state, command)


cdef inline uint8_t perform(State *state, Command *command) noexcept nogil:
    """Do what a command asks; the reason if it is refused."""
    cdef Instrument *instrument
    cdef uint8_t reason
    if not CMD_NEW_ORDER <= command.type <= CMD_REPLACE:
        return dispatch_other(state, command)
    reason = dispatch(state, command)
    if reason == REASON_NONE:
        instrument = &state.instruments[command.instrument]
        if instrument.special & AFTER:
            after_command(state, instrument)
    return reason


# -- looking ahead ----------------------------------------------------------------------
#
# What a command needs lies anywhere in hundreds of megabytes: the entry of its id, then the
# order. Fetching each when it is wanted would cost more than all the rest. Whoever has several
# commands at hand tells of them before their turn, three times: their ids are fetched, then, when
# those are there, their orders, and then what those are linked to. Nothing is decided here.


cdef inline uint64_t id_sought(Command *command) noexcept nogil:
    if command.type == CMD_NEW_ORDER:
        return command.client_order_id
    return command.orig_client_order_id


cdef void logic_expect(State *state, Command *command) noexcept nogil:
    """AHEAD commands before its turn."""
    cdef IdTable *ids = &state.ids.now
    cdef IdTable *old = &state.ids.old
    cdef uint64_t home
    prefetch(&ids.entries[id_home(ids, command.account, id_sought(command))])
    if old.entries != NULL:  # an id that is new is looked for there as well
        home = id_home(old, command.account, id_sought(command))
        prefetch(&old.entries[max(home, state.ids.swept)])
    prefetch(&state.funds.accounts[command.account & MAX_ACCOUNT])
    if command.type == CMD_NEW_ORDER:
        prefetch(position_home(&state.funds, command.account, command.instrument))
    elif command.type == CMD_REPLACE:
        prefetch(&ids.entries[id_home(ids, command.account, command.client_order_id)])


cdef inline uint32_t likely_order(State *state, Command *command) noexcept nogil:
    """What the first entry looked at for its id leads to: nearly always the order it is about."""
    cdef IdTable *ids = &state.ids.now
    cdef uint32_t value = ids.entries[
        id_home(ids, command.account, command.orig_client_order_id)
    ].value
    return 0 if value & ID_CLOSED else value % MAX_OPEN_ORDERS


cdef void logic_expect_soon(State *state, Command *command) noexcept nogil:
    """AHEAD_SOON commands before its turn."""
    cdef uint32_t index
    if command.type == CMD_NEW_ORDER:
        index = position_home(&state.funds, command.account, command.instrument).index
        prefetch(position_at(&state.funds, index))
        return
    index = likely_order(state, command)
    prefetch(slot_of(state, index))
    prefetch(&state.orders[index])


cdef void logic_expect_next(State *state, Command *command) noexcept nogil:
    """AHEAD_NEXT commands before its turn."""
    cdef uint32_t index
    cdef Slot *slot
    cdef Order *order
    if command.type == CMD_NEW_ORDER:
        return
    index = likely_order(state, command)
    slot = slot_of(state, index)
    order = &state.orders[index]
    prefetch(level_at(&state.levels, slot.level))
    prefetch(slot_of(state, slot.next))
    prefetch(slot_of(state, slot.prev))
    prefetch(&state.orders[order.account_next])
    prefetch(&state.orders[order.account_prev])
    prefetch(position_at(&state.funds, order.position))


cdef void logic_apply_all(State *state, Command *first, size_t count) noexcept nogil:
    """Apply commands that lie one behind the other."""
    cdef size_t i
    for i in range(count):
        if i + AHEAD < count:
            logic_expect(state, first + i + AHEAD)
            logic_expect_soon(state, first + i + AHEAD_SOON)
            logic_expect_next(state, first + i + AHEAD_NEXT)
        logic_apply(state, first + i)


cdef void logic_apply(State *state, Command *command) noexcept nogil:
    """Apply the next command and write its events; at a fault write nothing."""
    cdef uint8_t reason
    if state.fault != FAULT_NONE:
        return
    if command.sequence != state.sequence + 1:
        state.fault = FAULT_SEQUENCE
        return
    if idmap_make_room(&state.ids) < 0 or funds_make_room(&state.funds) < 0:
        state.fault = FAULT_MEMORY
        return
    state.sequence += 1
    state.now = max(state.now + 1, min(command.timestamp, <int64_t>LATEST))
    state.command = command
    state.index = 0
    reason = perform(state, command)
    if reason == REASON_NONE:
        state.accepted += 1
    else:
        reject(state, reason)
    (state.sink.next - 1).flags |= FLAG_LAST
