"""The processor's loop, and processors from Python."""

import threading

from lmax.ringbuffer.atomics cimport store_release_i32
from lmax.ringbuffer.barrier cimport (
    WAIT_ALERTED,
    WAIT_TIMED_OUT,
    barrier_available,
    barrier_wait,
)
from lmax.ringbuffer.sequence cimport sequence_get, sequence_set
from lmax.ringbuffer.signal cimport signal_raise
from lmax.ringbuffer.wait cimport BACKOFF, BLOCKING, wait_init

cdef enum:
    LOOK_AROUND_NS = 1_000_000_000
    LONGEST_SLEEP_NS = 1_000_000
    HANDLER_RAISED = -1


cdef void processor_init(
    Processor *processor,
    Barrier *barrier,
    Sequence *sequence,
    Handler handler,
    void *context,
    Wait *wait,
    int64_t max_batch,
) noexcept nogil:
    processor.barrier = barrier
    processor.sequence = sequence
    processor.handler = handler
    processor.context = context
    processor.wait = wait
    processor.max_batch = max_batch
    processor.halting = 0
    processor.error = 0


cdef int processor_step(Processor *processor) noexcept nogil:
    cdef int64_t lo = sequence_get(processor.sequence) + 1
    cdef int64_t hi = barrier_available(processor.barrier, lo)
    if hi < lo:
        return 0
    return handle(processor, lo, hi)


cdef inline int handle(Processor *processor, int64_t lo, int64_t available) noexcept nogil:
    cdef int64_t hi = min(available, lo + processor.max_batch - 1)
    cdef Ring *ring = processor.barrier.ring
    cdef int result = processor.handler(processor.context, ring, lo, hi, hi == available)
    if result < 0:
        processor.error = result
        return result
    sequence_set(processor.sequence, hi)
    if ring.blocking:
        signal_raise(&ring.signal)      # consumers behind this one may be asleep
    return <int>(hi - lo + 1)


cdef int processor_run(Processor *processor) noexcept nogil:
    cdef int64_t lo, hi
    while True:
        lo = sequence_get(processor.sequence) + 1
        hi = barrier_wait(processor.barrier, processor.wait, lo, &processor.halting)
        if hi == WAIT_ALERTED:
            return drain(processor)
        if hi != WAIT_TIMED_OUT and handle(processor, lo, hi) < 0:
            return processor.error


cdef int drain(Processor *processor) noexcept nogil:
    """Handles all that is readable; 0, or what the handler failed with."""
    cdef int done = 1
    while done > 0:
        done = processor_step(processor)
    return done


cdef void processor_halt(Processor *processor) noexcept nogil:
    store_release_i32(&processor.halting, 1)
    signal_raise(&processor.barrier.ring.signal)


cdef int call_python(
    void *context, Ring *ring, int64_t lo, int64_t hi, bint end_of_batch
) noexcept with gil:
    cdef BatchProcessor owner = <BatchProcessor>context
    try:
        owner._handler(lo, hi, end_of_batch)
    except BaseException as error:
        owner.error = error
        return HANDLER_RAISED
    return 0


cdef class BatchProcessor:
    """Calls `handler(lo, hi, end_of_batch)` on a thread of its own for what `barrier` lets by.

    `sequence` is the processor's own: make it a gate of the ring, or a dependency of the
    consumers behind it, before `start`. A handler that raises stops the processor, keeps the
    exception in `error`, and leaves `sequence` before the batch that failed.
    """

    def __cinit__(
        self,
        SequenceBarrier barrier not None,
        handler,
        *,
        RingSequence sequence=None,
        strategy=BACKOFF,
        int64_t max_batch=1 << 16,
        str name="processor",
    ):
        if max_batch < 1:
            raise ValueError(f"a batch has at least one message, max_batch={max_batch} is none")
        if strategy == BLOCKING and not barrier.barrier.ring.blocking:
            raise ValueError("nobody would wake it: build the ring with blocking=True")
        self.barrier = barrier
        self.sequence = RingSequence() if sequence is None else sequence
        self._handler = handler
        wait_init(
            &self.wait, strategy, LOOK_AROUND_NS, LONGEST_SLEEP_NS, &barrier.barrier.ring.signal
        )
        processor_init(
            &self.processor, &barrier.barrier, self.sequence.sequence, call_python,
            <void *>self, &self.wait, max_batch,
        )
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def _run(self):
        with nogil:
            processor_run(&self.processor)

    def step(self) -> int:
        """Handles at most one batch on the caller's thread; the number of messages."""
        cdef int done
        with nogil:
            done = processor_step(&self.processor)
        if done < 0:
            raise self.error
        return done

    def start(self):
        """Starts the thread."""
        self._thread.start()
        return self

    def halt(self):
        """Asks it to end when everything published is handled; returns at once."""
        processor_halt(&self.processor)

    def join(self, double timeout=10.0):
        """Waits for the end. Raises TimeoutError after `timeout` seconds."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(
                f"{self._thread.name} still runs after {timeout} s at sequence"
                f" {self.sequence.value}: halt it first, or look at what its handler waits for"
            )

    @property
    def running(self) -> bool:
        return self._thread.is_alive()
