"""Many orders cancelled at once. Rules: docs/matching.md."""
from libc.stdint cimport uint32_t

from lmax.rules._chains cimport chain_sort
from lmax.rules._places cimport end_open_order
from lmax.rules._special cimport after_command
from lmax.state._state cimport AFTER
from lmax.base.idbits cimport bit_clear, bit_next, bit_set
from lmax.wire cimport EVT_CANCELLED


cdef void cancel_chain(State *state, Chain *chain, uint8_t reason) noexcept nogil:
    """Cancel the orders of a chain by arrival; then what that brings, instrument by instrument."""
    cdef uint32_t index, following, id
    chain_sort(state, chain)
    index = chain.first
    while index:
        following = state.orders[index].chain
        bit_set(&state.touched, state.orders[index].instrument)
        end_open_order(state, index, EVT_CANCELLED, reason)
        index = following
    id = bit_next(&state.touched, 0)
    while id:
        bit_clear(&state.touched, id)
        if state.instruments[id].special & AFTER:
            after_command(state, &state.instruments[id])
        id = bit_next(&state.touched, id)
