"""The loops of bench.journal: the journaler step by step, and bare writes of the same sizes."""
from libc.errno cimport errno
from libc.stdint cimport int64_t
from libc.stdlib cimport free
from libc.string cimport memset

import os

from bench._clock cimport monotonic_ns
from journal.format cimport batch_bytes
from lmax.histogram cimport Histogram, record
from lmax.ringbuffer.agent cimport AgentBase, agent_do_work
from lmax.ringbuffer.ring cimport Ring, RingBuffer, ring_publish, ring_slot, ring_try_claim
from lmax.ringbuffer.sequence cimport RingSequence, sequence_get
from lmax.ringbuffer.wait cimport sleep_ns
from lmax.wire cimport RECORD_BYTES, Command

cdef extern from "<stdlib.h>" nogil:
    int posix_memalign(void **memory, size_t alignment, size_t size)

cdef extern from "<unistd.h>" nogil:
    ssize_t pwrite(int fd, const void *data, size_t size, long offset)


def one_in_flight(RingBuffer ring, AgentBase agent, RingSequence synced, Histogram into,
                  int64_t count):
    """Publish one command, step the journaler until it is safe, and again; ns of each."""
    cdef Ring *target = ring.ring
    cdef int64_t _turn, last, begun
    cdef int worked = 0
    cdef Command *slot
    with nogil:
        for _turn in range(count):
            begun = monotonic_ns()
            last = ring_try_claim(target, 1)
            slot = <Command *>ring_slot(target, last)
            memset(slot, 7, RECORD_BYTES)
            slot.sequence = last
            ring_publish(target, last, last)
            while sequence_get(synced.sequence) < last:
                worked = agent_do_work(&agent.agent)
                if worked < 0:
                    break
                if worked == 0:
                    sleep_ns(50_000)  # no segment is ready
            if worked < 0:
                break
            record(&into.counts, monotonic_ns() - begun)
    if worked < 0:
        raise OSError("the journaler failed")


def drain(AgentBase agent, RingSequence synced, int64_t ns, int64_t[::1] sizes):
    """Step the journaler for so long; (batches, ns). sizes: takes the bytes of each batch."""
    cdef int64_t begun = monotonic_ns()
    cdef int64_t end = begun + ns
    cdef int64_t before = sequence_get(synced.sequence)
    cdef int64_t found = 0
    cdef int64_t now_at
    cdef int worked = 0
    with nogil:
        while worked >= 0 and found < sizes.shape[0] and monotonic_ns() < end:
            worked = agent_do_work(&agent.agent)
            now_at = sequence_get(synced.sequence)
            if now_at > before:
                sizes[found] = batch_bytes(now_at - before)
                found += 1
                before = now_at
            elif worked == 0:
                sleep_ns(20_000)
    if worked < 0:
        raise OSError("the journaler failed")
    return found, monotonic_ns() - begun


def raw_writes(int fd, const int64_t[::1] sizes, int64_t file_bytes, Histogram into):
    """Write those sizes one after the other, round and round in the file; ns for all.

    fd: opened so that a write comes back when it is safe. into: takes the ns of each.
    """
    cdef int64_t offset = 0
    cdef int64_t begun, one, i
    cdef ssize_t written = 0
    cdef void *data = NULL
    if posix_memalign(&data, 4096, 2 << 20):
        raise MemoryError("no memory for a buffer")
    memset(data, 7, 2 << 20)
    begun = monotonic_ns()
    with nogil:
        for i in range(sizes.shape[0]):
            if offset + sizes[i] > file_bytes:
                offset = 0
            one = monotonic_ns()
            written = pwrite(fd, data, sizes[i], offset)
            if written != sizes[i]:
                break
            record(&into.counts, monotonic_ns() - one)
            offset += sizes[i]
    begun = monotonic_ns() - begun
    free(data)
    if written != sizes[sizes.shape[0] - 1]:
        raise OSError(errno, os.strerror(errno))
    return begun
