"""Producers and consumers in C that account for every message, for tests on real threads."""

from collections import namedtuple

from libc.stdint cimport int64_t, uint64_t

from lmax.ringbuffer.barrier cimport (
    Barrier,
    SequenceBarrier,
    barrier_available,
    barrier_init,
    barrier_wait,
)
from lmax.ringbuffer.ring cimport (
    Ring,
    RingBuffer,
    gate_is_attached,
    ring_attach,
    ring_cursor,
    ring_detach_slowest,
    ring_publish,
    ring_slot,
    ring_try_claim,
)
from lmax.ringbuffer.sequence cimport RingSequence, Sequence, sequence_get, sequence_set
from lmax.ringbuffer.signal cimport signal_raise
from lmax.ringbuffer.wait cimport (
    BACKOFF,
    BLOCKING,
    YIELD,
    Wait,
    now_ns,
    sleep_ns,
    wait_init,
    wait_pause,
    wait_reset,
)

cdef enum:
    MAX_PRODUCERS = 8
    COPIES = 32
    PAUSE_NS = 20_000
    NAP_EVERY = 64
    TIMED_OUT = -1
    NS = 1_000_000_000
    SLEEP_NS = 50_000


cdef struct Message:
    int64_t number          # its sequence
    int64_t producer
    int64_t index           # 0, 1, 2, … of that producer
    uint64_t check          # of the three


cdef struct Tally:
    int64_t messages
    int64_t total           # sum of the indexes
    int64_t misplaced       # a slot that held another message than its sequence says
    int64_t disordered      # a message of a producer before or after its turn
    int64_t torn            # accepted, and the check was wrong
    int64_t lost            # passed over by a detached consumer
    int64_t detached        # how often that happened


Counts = namedtuple("Counts", "messages total misplaced disordered torn lost detached")

MESSAGE_BYTES = sizeof(Message)


cdef inline uint64_t check_of(const Message *message) noexcept nogil:
    return (
        <uint64_t>message.number * 0x9E3779B97F4A7C15ULL
        ^ <uint64_t>message.producer * 0xC2B2AE3D27D4EB4FULL
        ^ <uint64_t>message.index * 0x165667B19E3779F9ULL
    )


def produce(
    RingBuffer ring, int64_t producer, int64_t count, int64_t batch=1, *,
    strategy=YIELD, double timeout=60.0, bint detach=False,
):
    """Publishes `count` messages, at most `batch` at once; how often the ring was full.

    detach: leaves detachable gates behind instead of waiting for them.
    """
    cdef Wait wait
    cdef int64_t refused
    wait_init(&wait, BACKOFF if strategy == BLOCKING else strategy, 0, SLEEP_NS, NULL)
    cdef int64_t deadline = now_ns() + <int64_t>(timeout * NS)
    with nogil:
        refused = produce_all(ring.ring, producer, count, batch, &wait, deadline, detach)
    if refused == TIMED_OUT:
        raise TimeoutError(f"producer {producer} could not publish {count} in {timeout} s")
    return refused


cdef int64_t produce_all(
    Ring *ring, int64_t producer, int64_t count, int64_t batch,
    Wait *wait, int64_t deadline, bint detach,
) noexcept nogil:
    cdef int64_t index = 0, refused = 0, n, last
    while index < count:
        n = min(batch, count - index)
        last = ring_try_claim(ring, n)
        if last < 0:
            refused += 1
            if detach and ring_detach_slowest(ring, n) > 0:
                continue
            wait_pause(wait)
            if refused % 64 == 0 and now_ns() > deadline:
                return TIMED_OUT
            continue
        wait_reset(wait)
        write_messages(ring, producer, index, last - n + 1, last)
        ring_publish(ring, last - n + 1, last)
        index += n
        if detach and index % ring.capacity < n:
            sleep_ns(PAUSE_NS)      # so that the consumer sometimes comes by within a lap
    return refused


cdef inline void write_messages(
    Ring *ring, int64_t producer, int64_t index, int64_t lo, int64_t hi
) noexcept nogil:
    cdef Message *message
    cdef int64_t number
    for number in range(lo, hi + 1):
        message = <Message *>ring_slot(ring, number)
        message.number = number
        message.producer = producer
        message.index = index + number - lo
        message.check = check_of(message)


def consume(
    SequenceBarrier barrier, RingSequence sequence, int64_t until, *,
    strategy=YIELD, double timeout=60.0,
):
    """Reads all messages up to `until` behind `barrier`; the Counts of what they were."""
    cdef Wait wait
    cdef Tally tally = [0, 0, 0, 0, 0, 0, 0]
    cdef bint done
    cdef Ring *ring = barrier.barrier.ring
    wait_init(&wait, strategy, <int64_t>(timeout * NS), SLEEP_NS, &ring.signal)
    with nogil:
        done = consume_all(&barrier.barrier, sequence.sequence, until, &wait, &tally)
    if not done:
        raise TimeoutError(f"only {sequence.value} of {until} messages came in {timeout} s")
    return counts(&tally)


cdef bint consume_all(
    Barrier *barrier, Sequence *sequence, int64_t until, Wait *wait, Tally *tally
) noexcept nogil:
    cdef int64_t expected[MAX_PRODUCERS]
    cdef int64_t number, available, done = sequence_get(sequence)
    cdef int producer
    for producer in range(MAX_PRODUCERS):
        expected[producer] = 0
    while done < until:
        available = barrier_wait(barrier, wait, done + 1, NULL)
        if available < 0:
            return False
        for number in range(done + 1, available + 1):
            account(<Message *>ring_slot(barrier.ring, number), number, expected, tally)
        sequence_set(sequence, available)
        if barrier.ring.blocking:
            signal_raise(&barrier.ring.signal)
        done = available
    return True


cdef inline void account(
    const Message *message, int64_t number, int64_t *expected, Tally *tally
) noexcept nogil:
    cdef int64_t producer = message.producer & (MAX_PRODUCERS - 1)
    tally.messages += 1
    tally.total += message.index
    tally.misplaced += message.number != number
    tally.torn += message.check != check_of(message)
    tally.disordered += message.index != expected[producer]
    expected[producer] = message.index + 1


def consume_detachable(
    RingBuffer ring, int gate, RingSequence sequence, int64_t until, *,
    int64_t slow=0, double timeout=60.0,
):
    """Reads up to `until` as a consumer that may be left behind, sleeping `slow` ns at times.

    It only believes copies that were made while attached. When it was left behind it
    gives up what it missed and goes on at the cursor.
    """
    cdef Wait wait
    cdef Tally tally = [0, 0, 0, 0, 0, 0, 0]
    cdef bint done
    cdef int64_t deadline = now_ns() + <int64_t>(timeout * NS)
    wait_init(&wait, YIELD, 0, SLEEP_NS, NULL)
    with nogil:
        done = consume_or_lose(
            ring.ring, gate, sequence.sequence, until, slow, &wait, deadline, &tally
        )
    if not done:
        raise TimeoutError(f"only {sequence.value} of {until} messages came in {timeout} s")
    return counts(&tally)


cdef bint consume_or_lose(
    Ring *ring, int gate, Sequence *sequence, int64_t until, int64_t slow,
    Wait *wait, int64_t deadline, Tally *tally,
) noexcept nogil:
    cdef Barrier barrier
    cdef Message copies[COPIES]
    cdef int64_t lo, hi, number, batches = 0
    barrier_init(&barrier, ring)
    while sequence_get(sequence) < until:
        lo = sequence_get(sequence) + 1
        hi = min(barrier_available(&barrier, lo), lo + COPIES - 1)
        for number in range(lo, hi + 1):
            copies[number - lo] = (<Message *>ring_slot(ring, number))[0]
        if not gate_is_attached(ring, gate):
            tally.detached += 1
            rejoin(ring, gate, lo - 1, tally)
        elif hi >= lo:
            accept(copies, lo, hi, tally)
            sequence_set(sequence, hi)
            batches += 1
            if batches % NAP_EVERY == 0 and slow > 0:
                sleep_ns(slow)
        else:
            wait_pause(wait)
        if now_ns() > deadline:
            return False
    return True


cdef void rejoin(Ring *ring, int gate, int64_t position, Tally *tally) noexcept nogil:
    cdef int64_t cursor = ring_cursor(ring)
    while not ring_attach(ring, gate, cursor):
        cursor = ring_cursor(ring)
    tally.lost += cursor - position


cdef void accept(Message *copies, int64_t lo, int64_t hi, Tally *tally) noexcept nogil:
    cdef int64_t number
    cdef int64_t expected[MAX_PRODUCERS]
    for number in range(lo, hi + 1):
        expected[0] = number - 1        # the only producer's indexes run with the numbers
        account(&copies[number - lo], number, expected, tally)


cdef object counts(Tally *tally):
    return Counts(
        tally.messages, tally.total, tally.misplaced, tally.disordered,
        tally.torn, tally.lost, tally.detached,
    )


def layout():
    """Bytes of the structs, and how many of a ring's parts are not on their own 128 bytes."""
    ring = RingBuffer(8, slot_bytes=128, producers="multi")
    cdef Ring *inside = (<RingBuffer>ring).ring
    parts = [
        <size_t>&inside.cursor, <size_t>&inside.claimed, <size_t>inside.gates,
        <size_t>&inside.signal, <size_t>inside.slots, <size_t>inside.stamps,
        <size_t>(<RingSequence>RingSequence()).sequence,
    ]
    return {
        "sequence": sizeof(Sequence),
        "ring": sizeof(Ring),
        "signal": sizeof(inside.signal),
        "misaligned": sum(part % 128 != 0 for part in parts),
    }
