"""Load for whole paths, without Python in the loop.

The commands are a recording that is played again and again. Each time round its client order
ids go up by `id_step`, so no id is used twice.
"""
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

import numpy as np

from lmax.histogram cimport Counts, Histogram, record
from lmax.ringbuffer.barrier cimport Barrier, barrier_available, barrier_init
from lmax.ringbuffer.ring cimport Ring, RingBuffer, ring_publish, ring_slot, ring_try_claim
from lmax.ringbuffer.sequence cimport RingSequence, Sequence, sequence_get, sequence_set
from lmax.ringbuffer.wait cimport sleep_ns
from lmax.wire cimport FLAG_LAST, RECORD_BYTES, Command, Event
from node.clock cimport wall_clock_ns

cdef extern from "<sys/prctl.h>" nogil:
    int prctl(int option, ...)
    int PR_SET_TIMERSLACK


cdef struct Recording:
    const Command *commands
    int64_t count
    int64_t next
    uint64_t shift  # of the ids, this time round
    uint64_t id_step


cdef void put(Ring *ring, int64_t number, Recording *recording, int64_t timestamp) noexcept nogil:
    """Write the next command of the recording into a claimed slot."""
    cdef Command *slot = <Command *>ring_slot(ring, number)
    memcpy(slot, &recording.commands[recording.next], RECORD_BYTES)
    slot.sequence = number
    slot.timestamp = timestamp
    if slot.client_order_id:
        slot.client_order_id += recording.shift
    if slot.orig_client_order_id:
        slot.orig_client_order_id += recording.shift
    recording.next += 1
    if recording.next == recording.count:
        recording.next = 0
        recording.shift += recording.id_step


cdef Recording recording_of(const unsigned char[::1] data, uint64_t id_step) noexcept:
    cdef Recording recording
    recording.commands = <const Command *>&data[0]
    recording.count = data.shape[0] // RECORD_BYTES
    recording.next = 0
    recording.shift = 0
    recording.id_step = id_step
    return recording


def feed(RingBuffer ring, commands, *, double seconds, uint64_t id_step, int64_t batch=64):
    """Publish as fast as the ring takes it; (commands, seconds)."""
    cdef const unsigned char[::1] data = commands.view(np.uint8)
    cdef Recording recording = recording_of(data, id_step)
    cdef Ring *target = ring.ring
    cdef int64_t begun = wall_clock_ns()
    cdef int64_t end = begun + <int64_t>(seconds * 1e9)
    cdef int64_t now = begun
    cdef int64_t sent = 0
    cdef int64_t last, number
    with nogil:
        while now < end:
            last = ring_try_claim(target, batch)
            now = wall_clock_ns()
            if last < 0:
                # The ring holds far more than is consumed meanwhile; leave the core to others.
                sleep_ns(100_000)
                continue
            for number in range(last - batch + 1, last + 1):
                put(target, number, &recording, now)
            ring_publish(target, last - batch + 1, last)
            sent += batch
    return sent, (now - begun) / 1e9


cdef int64_t collect_events(
    Barrier *output, Sequence *position, Counts *counts, int64_t measured_from
) noexcept nogil:
    """Record the latency of every command whose last event is readable; how many."""
    cdef int64_t first = sequence_get(position) + 1
    cdef int64_t last = barrier_available(output, first)
    cdef int64_t now, number
    cdef int64_t found = 0
    cdef Event *event
    if last < first:
        return 0
    now = wall_clock_ns()
    for number in range(first, last + 1):
        event = <Event *>ring_slot(output.ring, number)
        if event.flags & FLAG_LAST:
            found += 1
            if event.timestamp >= measured_from:
                record(counts, now - event.timestamp)
    sequence_set(position, last)
    return found


cdef int64_t collect_synced(
    Ring *ring, Sequence *synced, int64_t *seen, Counts *counts, int64_t measured_from
) noexcept nogil:
    """The same for what is on the disk: the slots still hold the commands."""
    cdef int64_t last = sequence_get(synced)
    cdef int64_t now, number
    cdef int64_t found = last - seen[0]
    cdef Command *command
    if found == 0:
        return 0
    now = wall_clock_ns()
    for number in range(seen[0] + 1, last + 1):
        command = <Command *>ring_slot(ring, number)
        if command.timestamp >= measured_from:
            record(counts, now - command.timestamp)
    seen[0] = last
    return found


cdef class Stages:
    """Latency in ns from the intended send time until a command was …

    sent: in the ring; synced: on the disk; readable: seen by a consumer of its events.
    """

    cdef readonly Histogram sent
    cdef readonly Histogram synced
    cdef readonly Histogram readable

    def __cinit__(self):
        self.sent = Histogram()
        self.synced = Histogram()
        self.readable = Histogram()


def feed_at_rate(
    RingBuffer ring, RingSequence synced, commands, Stages stages, *, double rate,
    double seconds, uint64_t id_step, RingBuffer output=None, double warm_up=0.5,
    int64_t nap_ns=10_000,
):
    """Publish at fixed times and measure, on this one thread.

    Command k is due at start + k / rate, and that is its timestamp however late it is sent: its
    latency counts from then. Between due times the thread looks at `synced` and, if there is
    one, at the ring of events, and naps: a thread that spins or only yields keeps the kernel's
    workers, which finish each sync, off its core for milliseconds. The first `warm_up` seconds are
    not recorded.
    """
    cdef const unsigned char[::1] data = commands.view(np.uint8)
    cdef Recording recording = recording_of(data, id_step)
    cdef Ring *target = ring.ring
    cdef Barrier events
    cdef RingSequence position = RingSequence()
    cdef double gap = 1e9 / rate
    cdef int64_t begun, now, last, got
    cdef int64_t seen = ring.cursor
    cdef int64_t sent = 0
    cdef int64_t on_disk = 0
    cdef int64_t readable = 0
    cdef int64_t total = <int64_t>((seconds + warm_up) * rate)
    cdef int64_t measured_from
    cdef bint by_events = output is not None
    gate = -1
    if by_events:
        gate = output.add_gate(position)
        barrier_init(&events, output.ring)
    prctl(PR_SET_TIMERSLACK, <unsigned long>1)
    begun = wall_clock_ns() + 1_000_000
    measured_from = begun + <int64_t>(warm_up * 1e9)
    with nogil:
        while on_disk < total or (by_events and readable < total):
            now = wall_clock_ns()
            while sent < total and begun + <int64_t>(sent * gap) <= now:
                last = ring_try_claim(target, 1)
                if last < 0:
                    break
                put(target, last, &recording, begun + <int64_t>(sent * gap))
                ring_publish(target, last, last)
                if begun + <int64_t>(sent * gap) >= measured_from:
                    record(&stages.sent.counts, now - begun - <int64_t>(sent * gap))
                sent += 1
            got = collect_synced(
                target, synced.sequence, &seen, &stages.synced.counts, measured_from
            )
            on_disk += got
            if by_events:
                got = collect_events(
                    &events, position.sequence, &stages.readable.counts, measured_from
                )
                readable += got
            if got == 0:
                sleep_ns(nap_ns)
    if by_events:
        output.remove_gate(gate)
