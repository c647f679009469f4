"""Waiting at a barrier, and barriers from Python."""

from lmax.ringbuffer.atomics cimport store_release_i32
from lmax.ringbuffer.sequence cimport RingSequence
from lmax.ringbuffer.signal cimport Signal, signal_cancel, signal_prepare, signal_sleep
from lmax.ringbuffer.wait cimport (
    BACKOFF,
    BLOCKING,
    CLOCK_ROUNDS,
    SPIN_ROUNDS,
    now_ns,
    wait_init,
    wait_pause,
    wait_reset,
)

cdef enum:
    # A dependency may be moved by code that raises no signal, so this wait looks by itself.
    DEPENDENCY_SLEEP_NS = 1_000_000
    LONGEST_TIMEOUT_NS = 3_600_000_000_000


cdef void barrier_init(Barrier *barrier, Ring *ring) noexcept nogil:
    barrier.ring = ring
    barrier.count = 0


cdef int barrier_add(Barrier *barrier, Sequence *dependency) noexcept nogil:
    if barrier.count == MAX_DEPENDENCIES:
        return -1
    barrier.dependencies[barrier.count] = dependency
    store_release_i32(&barrier.count, barrier.count + 1)
    return 0


cdef int64_t barrier_wait(
    Barrier *barrier, Wait *wait, int64_t number, int32_t *alert
) noexcept nogil:
    cdef int64_t available = barrier_available(barrier, number)
    cdef int64_t deadline
    cdef int round = 0
    if available >= number:
        return available
    wait_reset(wait)
    deadline = now_ns() + wait.timeout_ns
    while available < number:
        if alert != NULL and load_acquire_i32(alert) != 0:
            available = WAIT_ALERTED
            break
        round += 1
        if (round % CLOCK_ROUNDS == 0 or wait.sleep_ns > 0) and now_ns() >= deadline:
            available = WAIT_TIMED_OUT
            break
        if wait.strategy == BLOCKING and round > SPIN_ROUNDS:
            park(barrier, number, alert, deadline - now_ns())
        else:
            wait_pause(wait)
        available = barrier_available(barrier, number)
    wait_reset(wait)
    return available


cdef void park(
    Barrier *barrier, int64_t number, int32_t *alert, int64_t left_ns
) noexcept nogil:
    """Sleeps in the kernel unless the number or the alert came while it prepared to."""
    cdef Signal *signal = &barrier.ring.signal
    cdef int32_t generation = signal_prepare(signal)
    if barrier.count > 0:
        left_ns = min(left_ns, DEPENDENCY_SLEEP_NS)
    if (
        left_ns > 0
        and barrier_available(barrier, number) < number
        and (alert == NULL or load_acquire_i32(alert) == 0)
    ):
        signal_sleep(signal, generation, left_ns)
    signal_cancel(signal)


cdef class SequenceBarrier:
    """How far a consumer of `ring` may read that comes after the `dependencies`."""

    def __cinit__(self, RingBuffer ring not None, *dependencies):
        barrier_init(&self.barrier, ring.ring)
        self._ring = ring
        self._dependencies = []
        for dependency in dependencies:
            self.add(dependency)

    def add(self, RingSequence dependency not None):
        """One more consumer that must come first."""
        if barrier_add(&self.barrier, dependency.sequence) < 0:
            raise ValueError(f"a barrier waits for at most {MAX_DEPENDENCIES} consumers")
        self._dependencies.append(dependency)

    def available(self, int64_t number) -> int:
        """The highest sequence that may be read; below `number` if that may not yet."""
        return barrier_available(&self.barrier, number)

    def wait(self, int64_t number, *, strategy=BACKOFF, double timeout=1.0) -> int:
        """The same, once `number` may be read. Raises TimeoutError after `timeout` seconds."""
        cdef Wait wait
        cdef int64_t available
        if strategy == BLOCKING and not self._ring.ring.blocking:
            raise ValueError("nobody would wake it: build the ring with blocking=True")
        cdef int64_t span = <int64_t>min(max(timeout, 0.0) * 1e9, <double>LONGEST_TIMEOUT_NS)
        wait_init(&wait, strategy, span, 1_000_000, &self._ring.ring.signal)
        with nogil:
            available = barrier_wait(&self.barrier, &wait, number, NULL)
        if available == WAIT_TIMED_OUT:
            raise TimeoutError(
                f"sequence {number} may not be read after {timeout} s:"
                f" the barrier is at {self.available(number)}"
            )
        return available
