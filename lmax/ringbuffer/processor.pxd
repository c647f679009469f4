"""A batch event processor: gives a handler whatever its barrier lets through, in batches.

The handler gets the ring and the first and last number of a run of messages, reads them with
`ring_slot`, and returns 0, or a negative number to stop the processor there. Batches grow by
themselves when the handler is slow, which is how it catches up. `end_of_batch` says that
nothing more was readable when the batch was cut: the moment to write, send or sync.
"""

from libc.stdint cimport int32_t, int64_t

from lmax.ringbuffer.barrier cimport Barrier, SequenceBarrier
from lmax.ringbuffer.ring cimport Ring
from lmax.ringbuffer.sequence cimport RingSequence, Sequence
from lmax.ringbuffer.wait cimport Wait

ctypedef int (*Handler)(
    void *context, Ring *ring, int64_t lo, int64_t hi, bint end_of_batch
) noexcept nogil


cdef struct Processor:
    Barrier *barrier
    Sequence *sequence      # its own; the last number it is done with
    Handler handler
    void *context
    Wait *wait
    int64_t max_batch
    int32_t halting         # atomic
    int32_t error           # what the handler returned, if negative


# `max_batch`: the most messages of one call, so that a laggard still shows progress.
cdef void processor_init(
    Processor *processor,
    Barrier *barrier,
    Sequence *sequence,
    Handler handler,
    void *context,
    Wait *wait,
    int64_t max_batch,
) noexcept nogil

# Gives the handler at most one batch and returns how many messages it held, never waiting.
#
# What the handler returned, if negative: its batch then counts as not done. This is the
# duty cycle of an agent.
cdef int processor_step(Processor *processor) noexcept nogil

# Runs until halted and everything published was handled: 0. Or until the handler fails.
cdef int processor_run(Processor *processor) noexcept nogil

# Asks the processor to end once it has drained. From any thread, any number of times.
cdef void processor_halt(Processor *processor) noexcept nogil


cdef class BatchProcessor:
    """Runs a Python callable on a thread of its own; for tests and slow consumers."""

    cdef Processor processor
    cdef Wait wait
    cdef readonly RingSequence sequence
    cdef readonly SequenceBarrier barrier
    cdef readonly object error
    cdef object _handler
    cdef object _thread
