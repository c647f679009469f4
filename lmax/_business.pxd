# The business logic as an agent between two rings.
#
#     input ring ──(journal, replicator: done)──▶ Business ──▶ output ring
#
# It is gated on whatever makes commands safe: those agents' sequences are dependencies of its
# barrier, one or more. Its own position gates the input ring: a slot is free once it is applied.
#
# Output slots are claimed ahead in contiguous runs and published as they are written. When the
# output ring is full the logic first hands over what it has; then it leaves behind the
# consumers that allow it (they read history from disk instead) and waits only for the others.
from libc.stdint cimport int32_t, int64_t

from lmax.state._state cimport State
from lmax.ringbuffer.agent cimport Agent, AgentBase
from lmax.ringbuffer.barrier cimport Barrier
from lmax.ringbuffer.ring cimport Ring, RingBuffer
from lmax.ringbuffer.sequence cimport RingSequence, Sequence
from lmax.wire cimport Event

cdef enum:
    MAX_PUMPS = 8


cdef struct Logic:
    State state
    Barrier barrier
    Sequence *applied
    Ring *output
    int64_t written  # number of the last event that was published
    int64_t run_start  # number of the first slot of the claimed run
    int64_t run_end  # … and of the last
    int32_t *abandon  # atomic: not 0 when nobody will ever read the output again
    bint dropping  # output was abandoned: events go to `scrap` from now on
    Event scrap
    # called while the output is full, where one thread runs everything
    int pumps
    Agent *pump[MAX_PUMPS]


cdef class Business(AgentBase):
    cdef Logic logic
    cdef int32_t abandoned
    cdef readonly RingBuffer input
    cdef readonly RingBuffer output
    cdef readonly RingSequence position
    cdef list dependencies
    cdef list pumps
