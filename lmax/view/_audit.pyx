"""Everything that is kept twice, compared: queues, levels, totals, lists, ids, reservations.

Every function raises AssertionError at the first contradiction, and says where it is.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t

from lmax.rules._chains cimport Chain, chain_account, chain_instrument
from lmax.view._dayaudit cimport check_day
from lmax.state._state cimport (
    PLACE_NONE, PLACE_SHOWN, Instrument, Order, leaves_of, order_hash, slot_of,
)
from lmax.state.funds cimport Account, Position, position_at, position_find
from lmax.state.idmap cimport idmap_find
from lmax.book.levels cimport (
    Level, LevelTree, key_price, level_at, level_key, level_next, levels_check,
)
from lmax.base.money cimport notional
from lmax.book.orders cimport Slot
from lmax.wire cimport PHASE_CONTINUOUS, SIDE_BUY, SIDE_SELL


cdef int check_state(State *state) except -1:
    cdef uint32_t id
    count = 0
    for id in range(1, state.highest_instrument + 1):
        if state.instruments[id].defined:
            count += check_instrument(state, &state.instruments[id])
    if count != state.slots.live:
        raise AssertionError(f"{state.slots.live} orders are in use, {count} are open")
    listed = 0
    for id in range(1, state.funds.highest_account + 1):
        if state.funds.accounts[id].flags:
            listed += check_account(state, id)
    if listed != count:
        raise AssertionError(f"{count} orders are open, {listed} are in lists of accounts")
    check_positions(state)
    return 0


# -- one instrument -------------------------------------------------------------------------


cdef int check_instrument(State *state, Instrument *instrument) except -1:
    """How many orders are open in it."""
    cdef Chain chain
    cdef uint32_t index
    cdef uint8_t side
    cdef int count = 0
    open_by_side = [0, 0]
    for side in range(2):
        check_tree(state, instrument, &instrument.shown[side], side, "displayed")
        check_tree(state, instrument, &instrument.hidden[side], side, "hidden")
        check_tree(state, instrument, &instrument.stops[side], side, "stops")
    check_crossed(state, instrument)
    check_day(state, instrument)
    chain.first = chain.last = 0
    chain_instrument(state, &chain, instrument)
    index = chain.first
    while index:
        check_order(state, instrument, index)
        open_by_side[slot_of(state, index).side] += leaves_of(state, index)
        count += 1
        index = state.orders[index].chain
    for side in range(2):
        if instrument.open[side] != open_by_side[side]:
            raise AssertionError(
                f"instrument {instrument.id} counts {instrument.open[side]} open on side {side};"
                f" its orders have {open_by_side[side]}"
            )
    return count


cdef int check_crossed(State *state, Instrument *instrument) except -1:
    cdef LevelTree *bids = &instrument.shown[SIDE_BUY]
    cdef LevelTree *asks = &instrument.shown[SIDE_SELL]
    if instrument.phase != PHASE_CONTINUOUS or bids.best == 0 or asks.best == 0:
        return 0
    bid = key_price(SIDE_BUY, bids.best_key)
    ask = key_price(SIDE_SELL, asks.best_key)
    if bid >= ask:
        raise AssertionError(f"book {instrument.id} is crossed: bid {bid}, ask {ask} (in ticks)")
    return 0


cdef int check_tree(
    State *state, Instrument *instrument, LevelTree *tree, uint8_t side, str name
) except -1:
    cdef uint32_t index = tree.best
    if levels_check(&state.levels, tree) < 0:
        raise AssertionError(f"the {name} levels of side {side} of {instrument.id} are damaged")
    while index:
        where = f"the {name} level of side {side} of {instrument.id} with key" \
                f" {level_key(&state.levels, index)}"
        if tree == &instrument.stops[side]:
            check_stops_at(state, index, side, where)
        else:
            check_level(state, index, side, where)
        index = level_next(&state.levels, tree, index)
    return 0


cdef int check_stops_at(State *state, uint32_t number, uint8_t side, str where) except -1:
    """Stops at a trigger price: in any order, and their quantities are not added up."""
    cdef uint32_t index = level_at(&state.levels, number).head
    cdef uint32_t count = 0
    while index:
        if slot_of(state, index).level != number or slot_of(state, index).side != side:
            raise AssertionError(f"{where}: order {slot_of(state, index).id} is linked wrongly")
        if state.extras[index].trigger_price != key_price(
            1 - side, level_key(&state.levels, number)
        ):
            raise AssertionError(f"{where}: {slot_of(state, index).id} is triggered elsewhere")
        count += 1
        index = slot_of(state, index).next
    if count != level_at(&state.levels, number).count:
        raise AssertionError(f"{where} counts {level_at(&state.levels, number).count} orders")
    return 0


cdef int check_level(State *state, uint32_t number, uint8_t side, str where) except -1:
    """A level against its queue."""
    cdef Level *level = level_at(&state.levels, number)
    cdef uint32_t index = level.head
    cdef uint32_t prev = 0
    cdef Slot *slot
    shown = reserve = count = 0
    arrival = 0
    while index:
        slot = slot_of(state, index)
        if slot.prev != prev or slot.level != number or slot.side != side:
            raise AssertionError(f"{where}: order {slot.id} is linked wrongly")
        if state.orders[index].arrival <= arrival:
            raise AssertionError(f"{where}: order {slot.id} stands before an older one")
        if slot.leaves < 1:
            raise AssertionError(f"{where}: order {slot.id} has {slot.leaves} left")
        arrival = state.orders[index].arrival
        shown += slot.leaves
        reserve += leaves_of(state, index) - slot.leaves
        count += 1
        prev = index
        index = slot.next
    if prev != level.tail or (shown, reserve, count) != (
        level.quantity, level.reserve, level.count
    ):
        raise AssertionError(
            f"{where} says {level.quantity} + {level.reserve} in {level.count} orders;"
            f" they have {shown} + {reserve} in {count}"
        )
    return 0


cdef int check_order(State *state, Instrument *instrument, uint32_t index) except -1:
    """An order against its id, its level's price and its hash."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef Position *position = position_at(&state.funds, order.position)
    where = f"order {slot.id} of account {order.account}"
    if order.instrument != instrument.id or order.place == PLACE_NONE:
        raise AssertionError(f"{where} is on the wrong instrument, or nowhere")
    if idmap_find(&state.ids, order.account, slot.id).value != index:
        raise AssertionError(f"{where} is not found by its id")
    if order.hash != order_hash(state, index):
        raise AssertionError(f"the hash of {where} is stale")
    if position.account != order.account or position.instrument != order.instrument:
        raise AssertionError(f"{where} points to the position of another")
    if not 0 < leaves_of(state, index) <= order.quantity or order.arrival > state.arrivals:
        raise AssertionError(f"{where} has {leaves_of(state, index)} of {order.quantity} left")
    if order.place == PLACE_SHOWN:
        key = level_key(&state.levels, slot.level)
        if key_price(slot.side, key) * instrument.tick_size != order.price:
            raise AssertionError(f"{where} does not stand at its price")
    return 0


# -- one account ----------------------------------------------------------------------------


cdef int check_account(State *state, uint32_t id) except -1:
    """How many orders are in its list."""
    cdef Account *account = &state.funds.accounts[id]
    cdef Chain chain
    cdef uint32_t index
    cdef uint32_t prev = 0
    cdef int64_t cost
    cdef int count = 0
    reserved = 0
    chain.first = chain.last = 0
    chain_account(state, &chain, id)
    index = chain.first
    while index:
        if state.orders[index].account != id or state.orders[index].account_prev != prev:
            raise AssertionError(f"the list of orders of account {id} is damaged")
        if slot_of(state, index).side == SIDE_BUY:
            cost = 0
            notional(
                state.orders[index].price, leaves_of(state, index),
                state.instruments[state.orders[index].instrument].unit, &cost,
            )
            reserved += cost
        count += 1
        prev = index
        index = state.orders[index].chain
    if account.last != prev or not 0 <= account.reserved <= account.cash:
        raise AssertionError(
            f"account {id}: the list of its orders, or its funds, are damaged: {account.cash},"
            f" {account.reserved} of it reserved"
        )
    if reserved != account.reserved:
        raise AssertionError(
            f"account {id} has {account.reserved} reserved; its orders need {reserved}"
        )
    return count


cdef int check_positions(State *state) except -1:
    """What sells have reserved, and what there is of each instrument."""
    cdef Position *position
    cdef uint32_t i, id
    owned = {}
    reserved = open_sells(state)
    for i in range(1, state.funds.positions.used + 1):
        position = position_at(&state.funds, i)
        key = position.account, position.instrument
        if position_find(&state.funds, position.account, position.instrument) != i:
            raise AssertionError(f"position {key} is not found by its key")
        if position.reserved != reserved.pop(i, 0) or position.reserved > position.shares:
            raise AssertionError(
                f"position {key} has {position.reserved} of {position.shares} reserved; its"
                " orders say otherwise"
            )
        owned[position.instrument] = owned.get(position.instrument, 0) + position.shares
    for id in range(1, state.highest_instrument + 1):
        if state.instruments[id].total_shares != owned.get(id, 0):
            raise AssertionError(
                f"there are {owned.get(id, 0)} shares of {id}, but"
                f" {state.instruments[id].total_shares} were brought in"
            )
    return 0


cdef dict open_sells(State *state):
    """Leaves of the open sells by position."""
    cdef uint32_t id, index
    found = {}
    for id in range(1, state.funds.highest_account + 1):
        index = state.funds.accounts[id].first
        while index:
            if slot_of(state, index).side == SIDE_SELL:
                position = state.orders[index].position
                found[position] = found.get(position, 0) + leaves_of(state, index)
            index = state.orders[index].account_next
    return found
