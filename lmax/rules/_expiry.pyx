"""Orders that end because their time has come. Rules: docs/matching.md."""
from libc.stdint cimport uint32_t

from lmax.rules._chains cimport Chain, chain_sort
from lmax.rules._lists cimport chain_due
from lmax.rules._places cimport end_open_order
from lmax.wire cimport EVT_EXPIRED, REASON_TIME_REACHED


cdef void expire_due(State *state, Instrument *instrument) noexcept nogil:
    """GTD orders expire in order of arrival; what follows is the caller's business."""
    cdef Chain chain
    cdef uint32_t index, following
    chain.first = chain.last = 0
    chain_due(state, &chain, instrument)
    chain_sort(state, &chain)
    index = chain.first
    while index:
        following = state.orders[index].chain
        end_open_order(state, index, EVT_EXPIRED, REASON_TIME_REACHED)
        index = following
