# The standby's end: batches from the primary go onto its own input ring, under their sequences.
#
# A batch is taken only if it goes on from the last one by sequence *and* hash, in an epoch that is
# neither over nor later than that of who sends. So nothing that is lost, doubled, late or from
# another history gets in; a gap is asked for again. What has no place in the ring yet is kept,
# and nothing more is received meanwhile: the primary feels it, nothing grows.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from lmax.ringbuffer.ring cimport Ring, RingBuffer
from lmax.ringbuffer.sequence cimport RingSequence, Sequence
from replicator._end cimport Link, LinkEnd
from replicator.messages cimport Begin, Heartbeat
from lmax.ringbuffer.agent cimport AgentBase


cdef struct Receiver:
    Link *link
    Ring *input
    Ring *sealed
    Sequence *synced
    Sequence *applied
    Sequence *clock  # NULL: the machine's
    Sequence *received  # everything up to it is in the ring
    int32_t active  # whether batches are taken
    int32_t begun
    Begin at  # behind the last batch
    char *held  # batches of a message that are not in the ring yet
    int64_t held_bytes
    int64_t told_received  # in the last acknowledgement
    int64_t told_synced
    int32_t unfit  # atomic; set by control: it is not to be given the lead
    int64_t period_ns  # between acknowledgements that say nothing new
    int64_t asked_ns  # when something was asked for again
    Heartbeat leader  # the last one; its words are atomic
    # counters
    uint64_t batches
    uint64_t refused
    uint64_t resends


cdef class ReceiverAgent(AgentBase):
    cdef Receiver receiver
    cdef readonly LinkEnd end
    cdef readonly RingSequence received
    cdef tuple _kept
