"""Gathering open orders. See _chains.pxd.

    cdef Chain chain
    chain.first = chain.last = 0
    chain_instrument(state, &chain, instrument)  # and more; unsorted
    chain_sort(state, &chain)                    # by arrival: a merge sort, O(k log k)
    index = chain.first
    while index:
        following = state.orders[index].chain
        ...
        index = following
"""
from libc.stdint cimport uint32_t

from lmax.state._state cimport slot_of
from lmax.rules._stops cimport chain_stops
from lmax.book.levels cimport Level, LevelTree, level_at, level_next


cdef void chain_add(State *state, Chain *chain, uint32_t index) noexcept nogil:
    """Put one order at the end."""
    state.orders[index].chain = 0
    if chain.last:
        state.orders[chain.last].chain = index
    else:
        chain.first = index
    chain.last = index


cdef void add_queue(State *state, Chain *chain, Level *queue) noexcept nogil:
    cdef uint32_t index = queue.head
    while index:
        chain_add(state, chain, index)
        index = slot_of(state, index).next


cdef void add_tree(State *state, Chain *chain, LevelTree *tree) noexcept nogil:
    cdef uint32_t level = tree.best
    while level:
        add_queue(state, chain, level_at(&state.levels, level))
        level = level_next(&state.levels, tree, level)


cdef void chain_instrument(State *state, Chain *chain, Instrument *instrument) noexcept nogil:
    """Add every open order of an instrument, wherever it is; unsorted."""
    cdef int side
    for side in range(2):
        add_tree(state, chain, &instrument.shown[side])
        add_tree(state, chain, &instrument.hidden[side])
        chain_stops(state, chain, instrument, side)
        add_queue(state, chain, &instrument.waiting[side])
    add_queue(state, chain, &instrument.held)
    add_queue(state, chain, &instrument.line)


cdef void chain_account(State *state, Chain *chain, uint32_t account) noexcept nogil:
    """Add every open order of an account; nearly sorted."""
    cdef uint32_t index = state.funds.accounts[account].first
    while index:
        chain_add(state, chain, index)
        index = state.orders[index].account_next


# -- sorting ----------------------------------------------------------------------------
#
# Natural runs first: a chain that is sorted already, as an account's nearly is, takes one pass.


cdef uint32_t cut_run(State *state, uint32_t first) noexcept nogil:
    """End the sorted run that begins there; what follows it."""
    cdef uint32_t following = state.orders[first].chain
    while following and state.orders[first].arrival < state.orders[following].arrival:
        first = following
        following = state.orders[first].chain
    state.orders[first].chain = 0
    return following


cdef uint32_t merge(State *state, uint32_t a, uint32_t b) noexcept nogil:
    """Two sorted runs as one; its first order."""
    cdef uint32_t first = 0
    cdef uint32_t last = 0
    cdef uint32_t taken
    while a and b:
        if state.orders[a].arrival < state.orders[b].arrival:
            taken = a
            a = state.orders[a].chain
        else:
            taken = b
            b = state.orders[b].chain
        if last:
            state.orders[last].chain = taken
        else:
            first = taken
        last = taken
    taken = a if a else b
    if last == 0:
        return taken
    state.orders[last].chain = taken
    return first


cdef void chain_sort(State *state, Chain *chain) noexcept nogil:
    """By arrival, the oldest first."""
    # runs[i]: a sorted run made of 2^i natural ones, or 0; so 33 are enough for 2^32 orders.
    cdef uint32_t[33] runs
    cdef uint32_t rest = chain.first
    cdef uint32_t run, following
    cdef int i
    for i in range(33):
        runs[i] = 0
    while rest:
        following = cut_run(state, rest)
        run = rest
        i = 0
        while runs[i]:
            run = merge(state, runs[i], run)
            runs[i] = 0
            i += 1
        runs[i] = run
        rest = following
    run = 0
    for i in range(33):
        if runs[i]:
            run = merge(state, runs[i], run)
    chain.first = run
    chain.last = 0 if run == 0 else last_of(state, run)


cdef uint32_t last_of(State *state, uint32_t index) noexcept nogil:
    while state.orders[index].chain:
        index = state.orders[index].chain
    return index
