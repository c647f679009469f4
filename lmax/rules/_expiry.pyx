"""Orders that end because their time has come. Rules: docs/matching.md."""
from lmax.rules._chains cimport Chain
from lmax.rules._lists cimport chain_due
from lmax.rules._places cimport end_chain
from lmax.wire cimport EVT_EXPIRED, REASON_TIME_REACHED


cdef void expire_due(State *state, Instrument *instrument) noexcept nogil:
    """GTD orders expire in order of arrival; what follows is the caller's business."""
    cdef Chain chain
    chain.first = chain.last = 0
    chain_due(state, &chain, instrument)
    end_chain(state, &chain, EVT_EXPIRED, REASON_TIME_REACHED, 0)
