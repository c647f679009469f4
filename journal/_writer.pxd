# The journaler: a consumer of the input ring that makes commands durable.
#
# Each round it takes all commands that are available (at most 1 MiB), lays them behind a
# batch header, writes them with one call and makes sure they are on the disk; then, and only
# then, it moves its sequence, on which the business logic is gated. While it waits for the
# disk the ring fills, so the next batch is larger: the batching follows the load by itself.
#
# Where the disk can write in the background (io_uring), what comes meanwhile is copied and
# hashed already; there is one write in flight all the same.
#
# With standbys there is a *sealed ring* beside the input ring: one batch header a slot. A leading
# journaler puts the header of each batch there as it seals it, so that the replicator sends
# the same batches. A following one is told by it which batches to make: it writes those and no
# others, several with one write, and stops at one whose hash comes out differently.
from journal._disk cimport DiskBase
from journal._writing cimport Writer
from lmax.ringbuffer.agent cimport AgentBase
from lmax.ringbuffer.ring cimport RingBuffer
from lmax.ringbuffer.sequence cimport RingSequence


cdef class Journaler(AgentBase):
    cdef Writer writer
    cdef readonly RingBuffer ring
    cdef readonly RingSequence position
    cdef readonly DiskBase disk
    cdef readonly RingBuffer sealed
    cdef readonly RingSequence followed
