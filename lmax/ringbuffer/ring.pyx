"""The ring's slower half: building it, its gates, and its use from Python."""

from libc.stdlib cimport free
from libc.string cimport memcpy

import numpy as np

from lmax.ringbuffer.atomics cimport cas_i32, full_fence, store_release_i32
from lmax.ringbuffer.sequence cimport RingSequence, cache_aligned, sequence_get, sequence_set

cdef extern from *:
    Sequence *load_sequence "__atomic_load_n"(Sequence **cell, int order) noexcept nogil
    void store_sequence "__atomic_store_n"(
        Sequence **cell, Sequence *value, int order
    ) noexcept nogil
    int ACQUIRE "__ATOMIC_ACQUIRE"
    int RELEASE "__ATOMIC_RELEASE"


cdef enum:
    MAX_SLOT_BYTES = 1 << 20
    MAX_CAPACITY = 1 << 30


# ---- the life of a ring ----------------------------------------------------------------

cdef bint is_power_of_two(int64_t value) noexcept nogil:
    return value > 0 and (value & (value - 1)) == 0


cdef Ring *ring_new(int64_t capacity, int64_t slot_bytes, bint multi, bint blocking) noexcept nogil:
    cdef Ring *ring
    if not is_power_of_two(capacity) or not is_power_of_two(slot_bytes):
        return NULL
    if slot_bytes > MAX_SLOT_BYTES or capacity > MAX_CAPACITY:
        return NULL
    ring = <Ring *>cache_aligned(sizeof(Ring))
    if ring == NULL:
        return NULL
    ring.capacity = capacity
    ring.mask = capacity - 1
    ring.slot_bytes = <int32_t>slot_bytes
    while (<int64_t>1 << ring.slot_shift) < slot_bytes:
        ring.slot_shift += 1
    ring.multi = multi
    ring.blocking = blocking
    ring.slots = <char *>cache_aligned(capacity * slot_bytes)
    ring.stamps = <int64_t *>cache_aligned(capacity * sizeof(int64_t)) if multi else NULL
    if ring.slots == NULL or (multi and ring.stamps == NULL):
        ring_free(ring)
        return NULL
    ring_reset(ring, 0)
    return ring


cdef void ring_free(Ring *ring) noexcept nogil:
    if ring != NULL:
        free(ring.slots)
        free(ring.stamps)
        free(ring)


cdef void ring_reset(Ring *ring, int64_t last) noexcept nogil:
    cdef int64_t number
    cdef int gate
    if ring.multi:
        for number in range(last - ring.capacity + 1, last + 1):
            ring.stamps[number & ring.mask] = number
    ring.claimed = last
    ring.cached_gate = last
    ring.announced_gate = last
    for gate in range(MAX_GATES):
        if ring.gates[gate].state != GATE_FREE:
            sequence_set(ring.gates[gate].sequence, last)
    sequence_set(&ring.cursor, last)


# ---- gates -----------------------------------------------------------------------------

cdef int64_t ring_slowest_gate(Ring *ring) noexcept nogil:
    cdef int64_t slowest = ring_cursor(ring)
    cdef int gate
    for gate in range(MAX_GATES):
        if load_acquire_i32(&ring.gates[gate].state) == GATE_ATTACHED:
            slowest = min(slowest, sequence_get(gate_sequence(ring, gate)))
    return slowest


cdef inline Sequence *gate_sequence(Ring *ring, int gate) noexcept nogil:
    return load_sequence(&ring.gates[gate].sequence, ACQUIRE)


cdef int64_t ring_refresh_gate(Ring *ring) noexcept nogil:
    cdef int64_t first = ring_slowest_gate(ring)
    announce(ring, first)
    full_fence()
    # A gate that joined before it could see the announcement is seen by this second look.
    cdef int64_t slowest = min(first, ring_slowest_gate(ring))
    store_release_i64(&ring.cached_gate, slowest)
    return slowest


cdef inline void announce(Ring *ring, int64_t position) noexcept nogil:
    """Only upwards: producers that look at the same time must not hide each other's look."""
    cdef int64_t before = load_relaxed_i64(&ring.announced_gate)
    while before < position and not cas_i64(&ring.announced_gate, before, position):
        before = load_relaxed_i64(&ring.announced_gate)


cdef int ring_add_gate(Ring *ring, Sequence *sequence, bint detachable) noexcept nogil:
    cdef int gate
    for gate in range(MAX_GATES):
        if cas_i32(&ring.gates[gate].state, GATE_FREE, GATE_JOINING):
            ring.gates[gate].detachable = detachable
            store_sequence(&ring.gates[gate].sequence, sequence, RELEASE)
            # A look never announces more than the cursor, so a newer cursor soon succeeds.
            while not ring_attach(ring, gate, ring_cursor(ring)):
                pass
            return gate
    return -1


cdef void ring_remove_gate(Ring *ring, int gate) noexcept nogil:
    store_release_i32(&ring.gates[gate].state, GATE_FREE)


cdef bint ring_attach(Ring *ring, int gate, int64_t position) noexcept nogil:
    sequence_set(gate_sequence(ring, gate), position)
    store_release_i32(&ring.gates[gate].state, GATE_ATTACHED)
    full_fence()
    if load_acquire_i64(&ring.announced_gate) <= position:
        return True
    store_release_i32(&ring.gates[gate].state, GATE_DETACHED)
    return False


cdef int ring_detach_slowest(Ring *ring, int64_t n) noexcept nogil:
    cdef int64_t needed = ring_last_claimed(ring) + n - ring.capacity
    cdef int gate, detached = 0
    for gate in range(MAX_GATES):
        if gate_blocks(ring, gate, needed) and not ring.gates[gate].detachable:
            return 0
    for gate in range(MAX_GATES):
        if gate_blocks(ring, gate, needed) and ring.gates[gate].detachable:
            detached += cas_i32(&ring.gates[gate].state, GATE_ATTACHED, GATE_DETACHED)
    release_fence()             # DETACHED is visible before any slot is overwritten: point 6
    return detached


cdef inline bint gate_blocks(Ring *ring, int gate, int64_t needed) noexcept nogil:
    return (
        load_acquire_i32(&ring.gates[gate].state) == GATE_ATTACHED
        and sequence_get(gate_sequence(ring, gate)) < needed
    )


# ---- copying ---------------------------------------------------------------------------

cdef inline int64_t before_the_end(Ring *ring, int64_t lo, int64_t n) noexcept nogil:
    """How many of the `n` slots from `lo` on lie before the array's end."""
    return min(n, ring.capacity - (lo & ring.mask))


cdef void ring_copy_in(Ring *ring, int64_t lo, const char *records, int64_t n) noexcept nogil:
    cdef int64_t first = before_the_end(ring, lo, n)
    memcpy(ring_slot(ring, lo), records, first * ring.slot_bytes)
    memcpy(ring.slots, records + first * ring.slot_bytes, (n - first) * ring.slot_bytes)


cdef void ring_copy_out(Ring *ring, int64_t lo, char *records, int64_t n) noexcept nogil:
    cdef int64_t first = before_the_end(ring, lo, n)
    memcpy(records, ring_slot(ring, lo), first * ring.slot_bytes)
    memcpy(records + first * ring.slot_bytes, ring.slots, (n - first) * ring.slot_bytes)


# ---- from Python -----------------------------------------------------------------------

class RingFull(Exception):
    """The ring has no room for the claim now; retry.

    taken: how many of several records were published before, the first ones; mostly 0.
    """

    taken = 0


cdef class RingBuffer:
    """A ring of `capacity` slots (a power of two) for records of `dtype` or `slot_bytes` bytes.

    producers: "single", one thread claims, or "multi". blocking: some consumer waits with
    `WaitStrategy.BLOCKING`, so publishing must look for sleepers. last: the sequence to go on
    after. Raises ValueError for sizes that are no powers of two, MemoryError without memory.

    Methods that claim or publish hold the GIL and never wait: threads in Cython use the
    functions of `ring.pxd` on `ring` instead.
    """

    def __cinit__(
        self,
        int64_t capacity,
        *,
        dtype=None,
        slot_bytes=None,
        str producers="single",
        bint blocking=False,
        int64_t last=0,
    ):
        if (dtype is None) == (slot_bytes is None):
            raise ValueError("give either dtype or slot_bytes, and not both")
        if producers not in ("single", "multi"):
            raise ValueError(f'producers is "single" or "multi", not {producers!r}')
        if last < 0:
            raise ValueError(f"a sequence is 0 or more, last={last} is not")
        self.dtype = np.dtype(f"V{slot_bytes}" if dtype is None else dtype)
        if self.dtype.hasobject:
            raise ValueError(f"Python objects cannot live in a ring: {self.dtype}")
        check_size("capacity", capacity, MAX_CAPACITY)
        check_size("slot_bytes (or the size of dtype)", self.dtype.itemsize, MAX_SLOT_BYTES)
        self.ring = ring_new(capacity, self.dtype.itemsize, producers == "multi", blocking)
        if self.ring == NULL:
            raise MemoryError(f"no memory for {capacity} slots of {self.dtype.itemsize} bytes")
        ring_reset(self.ring, last)
        self._sequences = []

    def __dealloc__(self):
        ring_free(self.ring)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        self._shape[0] = self.ring.capacity * self.ring.slot_bytes
        self._strides[0] = 1
        buffer.buf = self.ring.slots
        buffer.obj = self
        buffer.len = self._shape[0]
        buffer.itemsize = 1
        buffer.readonly = 0
        buffer.ndim = 1
        buffer.format = "B"
        buffer.shape = self._shape
        buffer.strides = self._strides
        buffer.suboffsets = NULL
        buffer.internal = NULL

    @property
    def capacity(self) -> int:
        """Slots."""
        return self.ring.capacity

    @property
    def slot_bytes(self) -> int:
        return self.ring.slot_bytes

    @property
    def view(self):
        """All slots as a NumPy array, not a copy: message `n` is at `n % capacity`."""
        return np.frombuffer(self, dtype=self.dtype)

    @property
    def cursor(self) -> int:
        """The last published sequence; with several producers, the last claimed."""
        return ring_cursor(self.ring)

    @property
    def remaining(self) -> int:
        """How many could be claimed now."""
        return ring_remaining(self.ring)

    def try_claim(self, int64_t n=1) -> int:
        """Claims `n` slots: the last of their sequences, or -1 when there is no room now."""
        if not 1 <= n <= self.ring.capacity:
            raise ValueError(f"a claim is of 1 to {self.ring.capacity} slots, not of {n}")
        return ring_try_claim(self.ring, n)

    def publish(self, int64_t lo, hi=None):
        """Shows the claimed sequences `lo` to `hi`, or `lo` alone, to the consumers."""
        cdef int64_t last = lo if hi is None else hi
        if not 0 < lo <= last <= ring_last_claimed(self.ring):
            raise ValueError(
                f"{lo}..{last} was not claimed; the last claimed is {ring_last_claimed(self.ring)}"
            )
        ring_publish(self.ring, lo, last)

    def publish_array(self, records) -> int:
        """Copies the records in and publishes them, all or none; their last sequence.

        Raises RingFull when there is no room now, ValueError for more than the capacity.
        """
        records = np.ascontiguousarray(records, dtype=self.dtype).reshape(-1)
        cdef int64_t n = len(records)
        cdef int64_t last = self.try_claim(n)
        if last < 0:
            raise RingFull(
                f"no room for {n} in a ring of {self.ring.capacity}"
                f" ({self.remaining} free): nothing was published, retry"
            )
        cdef const char[::1] source = records.view("b")
        ring_copy_in(self.ring, last - n + 1, &source[0], n)
        ring_publish(self.ring, last - n + 1, last)
        return last

    def read(self, int64_t lo, int64_t hi):
        """A copy of the messages `lo` to `hi`, at most the capacity, as a NumPy array."""
        cdef int64_t n = max(hi - lo + 1, 0)
        if n > self.ring.capacity:
            raise ValueError(f"{lo}..{hi} are {n} messages, the ring has {self.ring.capacity}")
        records = np.empty(n, dtype=self.dtype)
        cdef char[::1] target
        if n > 0:
            target = records.view("b")
            ring_copy_out(self.ring, lo, &target[0], n)
        return records

    def highest_published(self, int64_t lo, int64_t hi) -> int:
        """The end of the published run from `lo`, at most `hi`; `lo - 1` when there is none."""
        return ring_highest_published(self.ring, lo, min(hi, ring_cursor(self.ring)))

    def reset(self, int64_t last):
        """Goes on after `last`. Only while no thread uses the ring."""
        ring_reset(self.ring, last)

    def add_gate(self, RingSequence sequence, *, bint detachable=False) -> int:
        """Makes producers wait for `sequence`, which is set to the cursor; the gate's number."""
        # The ring keeps the sequence for its whole life: a producer may be looking at it.
        self._sequences.append(sequence)
        gate = ring_add_gate(self.ring, sequence.sequence, detachable)
        if gate < 0:
            raise ValueError(f"a ring has at most {MAX_GATES} gates: remove one first")
        return gate

    def remove_gate(self, int gate):
        """Producers no longer wait for it."""
        check_gate(self.ring, gate)
        ring_remove_gate(self.ring, gate)

    def is_attached(self, int gate) -> bool:
        """Whether what was copied so far from the slots above the gate's sequence is whole."""
        check_gate(self.ring, gate)
        return gate_is_attached(self.ring, gate)

    def attach(self, int gate, int64_t position) -> bool:
        """Puts a detached gate back at `position`; False when that is too far behind by now."""
        check_gate(self.ring, gate)
        return ring_attach(self.ring, gate, position)

    def detach_slowest(self, int64_t n=1) -> int:
        """Detaches the detachable gates that block a claim of `n`; how many that were."""
        return ring_detach_slowest(self.ring, n)

    def __repr__(self):
        return f"RingBuffer({self.ring.capacity} × {self.ring.slot_bytes} B at {self.cursor})"


cdef check_size(str name, int64_t value, int64_t most):
    if not is_power_of_two(value) or value > most:
        raise ValueError(f"{name} must be a power of two up to {most}, {value} is not")


cdef check_gate(Ring *ring, int gate):
    if not 0 <= gate < MAX_GATES or ring.gates[gate].state == GATE_FREE:
        raise ValueError(f"there is no gate {gate}: use the number that add_gate returned")
