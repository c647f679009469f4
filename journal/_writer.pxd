# The journaler: a consumer of the input ring that makes commands durable.
#
# Each round it takes all commands that are available (at most 1 MiB), lays them behind a
# batch header, writes them with one call and makes sure they are on the disk; then, and only
# then, it moves its sequence, on which the business logic is gated. While it waits for the
# disk the ring fills, so the next batch is larger: the batching follows the load by itself.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from lmax.ringbuffer.agent cimport AgentBase
from lmax.ringbuffer.barrier cimport Barrier
from lmax.ringbuffer.ring cimport RingBuffer
from lmax.ringbuffer.sequence cimport RingSequence, Sequence


cdef enum SyncMode:
    SYNC_DIRECT = 0  # O_DIRECT | O_DSYNC: the write returns when it is on the disk
    SYNC_BUFFERED = 1  # a write to the page cache, then fdatasync


cdef struct Writer:
    Barrier barrier
    Sequence *synced  # the journaler's position: everything up to it is on the disk
    char *buffer  # a header block, then the largest batch; aligned for O_DIRECT
    int fd
    int32_t spare_fd  # the next segment, ready to be written; -1 none (atomic)
    int32_t mode  # SyncMode
    int32_t error  # errno of the write that failed; the writer is finished then
    uint32_t epoch
    uint32_t checksum  # of the last batch
    uint64_t segment  # number of the one being written
    int64_t offset  # where the next batch goes
    int64_t segment_bytes
    # counters
    uint64_t batches
    uint64_t bytes
    uint64_t starved  # rounds in which no segment was ready


cdef class Journaler(AgentBase):
    cdef Writer writer
    cdef readonly RingBuffer ring
    cdef readonly RingSequence position
