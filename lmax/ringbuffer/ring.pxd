"""The ring: a fixed array of slots that producers fill and consumers read, without a lock.

Messages are numbered 1, 2, 3, …; message `n` lives in slot `n & mask`. A producer *claims*
the next numbers, writes the slots, and *publishes* them. A consumer keeps a sequence, the
last number it is done with. The producer may not claim a number whose slot still holds a
message that some *gate*, a consumer it must not overtake, has not passed. So nobody waits on
a lock, nothing is allocated, and a full ring is an answer (-1) that the caller may retry.

Why it is correct, in the order things happen:

1. Write, then publish. The producer writes a slot and then store-releases its number: into
   `cursor` (one producer), or into the slot's own `stamp` (several, who finish in any order).
   A consumer load-acquires that number and then reads the slot, so it sees the whole message.
2. Read, then pass. A consumer reads a slot and then store-releases its sequence. A producer
   load-acquires it before it claims the slot again, so it cannot overwrite what is being read.
3. Looking at every gate for each claim would drag their cache lines across. `cached_gate`
   remembers the slowest gate of the last look. Gates only move forward, so an old look can
   only be too careful. Only when it says "full" is there a new look (`ring_refresh_gate`).
4. Several producers claim by compare-and-swap on `cursor`, after the room was checked, so
   a full ring never over-claims and a refused producer leaves nothing behind.
5. A gate may join while the producer runs. The producer may rely on a look for a whole lap
   without seeing the newcomer. So a look is announced (`announced_gate`), a full fence follows,
   then the gates are looked at again. A newcomer shows itself, fences, and then reads the
   announcement: at least one of the two sees the other. If the announcement is ahead of
   the newcomer's position, the newcomer steps back and tries again further on.
6. A *detachable* gate may be left behind by the producer (`ring_detach_slowest`), so that a slow
   ledger never stops matching. It works like a seqlock. The producer stores DETACHED, a release
   fence follows, and only then are slots overwritten. The consumer copies a slot, an acquire
   fence follows, and only then does it load the state. If it copied even one overwritten
   word, the two fences make it see DETACHED too, and it throws the copy away. The copy itself may
   be torn: use it only after `gate_is_attached` said yes. The consumer then reads history
   elsewhere, and comes back by `ring_attach`, which follows 5.
"""

from libc.stdint cimport int32_t, int64_t

from lmax.ringbuffer.atomics cimport (
    acquire_fence,
    cas_i64,
    load_acquire_i32,
    load_acquire_i64,
    load_relaxed_i32,
    load_relaxed_i64,
    release_fence,
    store_relaxed_i64,
    store_release_i64,
)
from lmax.ringbuffer.sequence cimport Sequence
from lmax.ringbuffer.signal cimport Signal, signal_raise

cdef enum:
    MAX_GATES = 16

cdef enum GateState:
    GATE_FREE = 0           # nobody's
    GATE_JOINING = 1        # taken, not yet in force
    GATE_ATTACHED = 2       # the producer waits for it
    GATE_DETACHED = 3       # the producer left it behind


cdef struct Gate:
    Sequence *sequence      # of the consumer; must live as long as the ring
    int32_t state           # GateState
    int32_t detachable


cdef struct Ring:
    # Set once, read by all.
    char *slots
    int64_t *stamps         # several producers: the number published last in each slot
    int64_t capacity
    int64_t mask
    int32_t slot_bytes
    int32_t slot_shift      # log2 of slot_bytes
    int32_t multi           # several producers
    int32_t blocking        # some consumer sleeps in the kernel: publishing looks for it
    char padding0[80]
    # Written by producers, read by consumers: the last published number (one producer),
    # the last claimed number (several).
    Sequence cursor
    # Producers' own: claimed and not yet published (one producer), and the looks at the gates.
    int64_t claimed
    int64_t cached_gate
    int64_t announced_gate
    char padding1[104]
    Gate gates[MAX_GATES]
    Signal signal


# ---- the life of a ring ----------------------------------------------------------------

# A ring of `capacity` slots, both powers of two; NULL when they are not, or without memory.
#
# `multi`: several threads claim. `blocking`: some consumer waits BLOCKING. Its pages are
# touched here, so that no first message pays for them.
cdef Ring *ring_new(int64_t capacity, int64_t slot_bytes, bint multi, bint blocking) noexcept nogil

cdef void ring_free(Ring *ring) noexcept nogil

# Goes on after `last`, as if everything up to it had been published and consumed.
#
# Before any thread runs; sets the sequences of the gates that exist, too.
cdef void ring_reset(Ring *ring, int64_t last) noexcept nogil

# ---- gates -----------------------------------------------------------------------------

# Makes producers wait for `sequence`, which is set to the cursor; the gate's index, or -1.
#
# May be called while producers run. The consumer sees every number above `sequence`.
# The sequence must live as long as the ring, for a producer may be looking at it.
cdef int ring_add_gate(Ring *ring, Sequence *sequence, bint detachable) noexcept nogil

# Producers no longer wait for it. May be called while they run.
cdef void ring_remove_gate(Ring *ring, int gate) noexcept nogil

# Puts a detached gate back, its consumer being done with `position`.
#
# True: everything above `position` is in the ring, or will be, until the gate passes it.
# False: the producer is too far ahead. Catch up further and try again.
cdef bint ring_attach(Ring *ring, int gate, int64_t position) noexcept nogil

# Detaches the gates that stand in the way of a claim of `n`; how many.
#
# 0 and nothing changed if one of them is not detachable. To be called by a producer.
cdef int ring_detach_slowest(Ring *ring, int64_t n) noexcept nogil

# The position of the slowest attached gate; the cursor if there is none.
cdef int64_t ring_slowest_gate(Ring *ring) noexcept nogil

# A new look at the gates, safe against newcomers; also kept in `cached_gate`.
cdef int64_t ring_refresh_gate(Ring *ring) noexcept nogil


cdef inline bint gate_is_attached(Ring *ring, int gate) noexcept nogil:
    """After copying slots: whether the copy is whole. Point 6 above."""
    acquire_fence()
    return load_relaxed_i32(&ring.gates[gate].state) == GATE_ATTACHED


# ---- producing -------------------------------------------------------------------------

cdef inline int64_t ring_try_claim(Ring *ring, int64_t n) noexcept nogil:
    """The last of `n` consecutive numbers, now the caller's to write; -1 when full.

    `n` is 1 to the capacity. What was claimed must be published.
    """
    cdef int64_t last
    if ring.multi:
        return ring_try_claim_multi(ring, n)
    last = load_relaxed_i64(&ring.claimed) + n
    if last - ring.capacity > load_relaxed_i64(&ring.cached_gate):
        if last - ring.capacity > ring_refresh_gate(ring):
            return -1
    store_relaxed_i64(&ring.claimed, last)
    return last


cdef inline int64_t ring_try_claim_multi(Ring *ring, int64_t n) noexcept nogil:
    cdef int64_t before, last
    while True:
        before = load_acquire_i64(&ring.cursor.value)
        last = before + n
        # Acquire: another producer may have looked, and seen what the gates released.
        if last - ring.capacity > load_acquire_i64(&ring.cached_gate):
            if last - ring.capacity > ring_refresh_gate(ring):
                return -1
        if not ring_lap_is_published(ring, before + 1, last):
            if load_acquire_i64(&ring.cursor.value) == before:
                return -1
        elif cas_i64(&ring.cursor.value, before, last):
            release_fence()     # a gate that another producer detached: point 6
            return last


cdef inline bint ring_lap_is_published(Ring *ring, int64_t lo, int64_t hi) noexcept nogil:
    """Whether the messages that `lo` to `hi` will overwrite have been published.

    Gates see to that, except where all were detached, or there are none: there a producer
    that sleeps between claim and publish must not be lapped.
    """
    cdef int64_t number
    for number in range(lo, hi + 1):
        if load_acquire_i64(&ring.stamps[number & ring.mask]) != number - ring.capacity:
            return False
    return True


cdef inline void ring_publish(Ring *ring, int64_t lo, int64_t hi) noexcept nogil:
    """Shows the claimed and written numbers `lo` to `hi` to the consumers."""
    cdef int64_t number
    if ring.multi:
        for number in range(lo, hi + 1):
            store_release_i64(&ring.stamps[number & ring.mask], number)
    else:
        store_release_i64(&ring.cursor.value, hi)
    if ring.blocking:
        signal_raise(&ring.signal)


cdef inline void *ring_slot(Ring *ring, int64_t number) noexcept nogil:
    """Where message `number` lives; `slot_bytes` bytes."""
    return ring.slots + ((number & ring.mask) << ring.slot_shift)


# Copies `n` records into the slots from `lo` on, which the caller has claimed.
cdef void ring_copy_in(Ring *ring, int64_t lo, const char *records, int64_t n) noexcept nogil

# Copies the `n` messages from `lo` on to `records`.
cdef void ring_copy_out(Ring *ring, int64_t lo, char *records, int64_t n) noexcept nogil


# ---- looking ---------------------------------------------------------------------------

cdef inline int64_t ring_cursor(Ring *ring) noexcept nogil:
    """The last published number; with several producers, the last claimed."""
    return load_acquire_i64(&ring.cursor.value)


cdef inline int64_t ring_highest_published(Ring *ring, int64_t lo, int64_t hi) noexcept nogil:
    """The end of the published run that starts at `lo`, at most `hi`; `lo - 1` if none.

    `hi` is a value of `ring_cursor`, and `lo` no further than a lap behind it.
    """
    cdef int64_t number
    if not ring.multi:
        return hi
    number = lo
    while number <= hi and load_acquire_i64(&ring.stamps[number & ring.mask]) == number:
        number += 1
    return number - 1


cdef inline int64_t ring_last_claimed(Ring *ring) noexcept nogil:
    if ring.multi:
        return load_acquire_i64(&ring.cursor.value)
    return load_relaxed_i64(&ring.claimed)


cdef inline int64_t ring_remaining(Ring *ring) noexcept nogil:
    """How many numbers could be claimed now; a new look at the gates.

    The gates first: what moves in between makes the answer smaller, never too large.
    """
    cdef int64_t slowest = ring_slowest_gate(ring)
    return max(<int64_t>0, ring.capacity - (ring_last_claimed(ring) - slowest))


cdef class RingBuffer:
    """A ring that Python owns; the rest of the code takes its `ring`."""

    cdef Ring *ring
    cdef readonly object dtype
    cdef list _sequences
    cdef Py_ssize_t _shape[1]
    cdef Py_ssize_t _strides[1]
