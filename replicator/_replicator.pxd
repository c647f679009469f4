# The primary's end: a consumer of the input ring beside the journaler, for all standbys at once.
#
# The journaler's sealed ring says which batches there are. Each is sent to each *live* peer as one
# message, from the input ring's slots. A peer's gates, one in either ring, stand at what it has
# acknowledged as received; so whatever it may ask for again is still there, and a standby
# that is slow is felt at the way in. Who is not live is served by control, from the journal.
#
# `permitted` is what the logic waits for besides the journal: it moves to what every peer that is
# *counted* has received (or synced), and only while the lease runs. Those that are counted are in
# the witness's record, so whoever takes over has everything up to there. With nobody counted it
# stands still, unless the primary may go on alone.
from libc.stdint cimport int32_t, int64_t, uint64_t

from lmax.ringbuffer.agent cimport AgentBase
from lmax.ringbuffer.ring cimport Ring, RingBuffer
from lmax.ringbuffer.sequence cimport RingSequence, Sequence
from replicator._end cimport Link, LinkEnd
from replicator.messages cimport Ack

cdef enum:
    MAX_PEERS = 6


cdef struct Peer:
    Link *link
    int32_t live  # atomic
    int32_t counted  # atomic; set by control
    int32_t served  # atomic; set by control: it gets what it lacks
    int64_t sent  # number of the last batch that was sent
    int64_t acked  # of the last one that was received there
    int64_t base  # the sequence behind which it went live
    Sequence *gate  # in the input ring: what it has received
    Sequence *batch_gate  # in the sealed ring: `acked`
    int64_t connections  # when it went live
    int64_t beat_ns  # when the last heartbeat was sent
    Ack said  # the last one; its words are atomic


cdef struct Replicator:
    Peer peers[MAX_PEERS]
    int32_t count
    Ring *input
    Ring *sealed
    Sequence *synced  # of the journal here
    Sequence *permitted
    Sequence *clock  # NULL: the machine's
    int64_t epoch
    int64_t lease_until_ns  # atomic
    int32_t alone  # atomic: it may go on without a standby
    int32_t durable  # what counts is synced, not received
    int64_t period_ns  # between heartbeats
    int64_t looked_ns  # atomic: when the last round was
    int64_t lived_ns  # atomic: time that went by, of which no standstill is more than a little
    # counters
    uint64_t batches
    uint64_t resent
    uint64_t waits  # rounds in which a channel had no room


cdef class ReplicatorAgent(AgentBase):
    cdef Replicator replicator
    cdef readonly RingSequence permitted
    cdef readonly list ends
    cdef list _gates
    cdef tuple _kept
    cdef RingBuffer _input
    cdef RingBuffer _sealed
