"""Wait strategies: what a thread does while there is nothing for it to do.

| strategy  | while idle                                         | costs           | wakes within |
|-----------|----------------------------------------------------|-----------------|--------------|
| BUSY_SPIN | spins                                              | a core          | 0.1 µs       |
| YIELD     | spins a little, then `sched_yield`                 | an idle core    | 0.5 µs       |
| BACKOFF   | spins, yields, sleeps 1, 2, 4, … µs to a bound     | little          | the bound    |
| BLOCKING  | spins a little, sleeps in the kernel until woken   | nothing         | 20-50 µs     |
"""

from libc.stdint cimport int32_t, int64_t

from lmax.ringbuffer.atomics cimport cpu_pause
from lmax.ringbuffer.signal cimport Signal, signal_cancel

cdef enum WaitKind:
    BUSY_SPIN = 0
    YIELD = 1
    BACKOFF = 2
    BLOCKING = 3

cdef enum:
    SPIN_ROUNDS = 64            # rounds of spinning before anything slower
    YIELD_ROUNDS = 128          # rounds, from the first, before BACKOFF sleeps
    CLOCK_ROUNDS = 64           # a spinning wait looks at the clock once in so many rounds


cdef struct Wait:
    int32_t strategy            # WaitKind
    int32_t rounds              # idle rounds in a row
    int64_t sleep_ns            # BACKOFF: how long the next sleep is
    int64_t max_sleep_ns        # BACKOFF, and BLOCKING agents: the longest sleep
    int64_t timeout_ns          # barrier_wait: gives up after this long
    Signal *signal              # BLOCKING: what wakes it
    int32_t generation          # BLOCKING: of the signal when it was armed
    int32_t armed               # BLOCKING: announced as a sleeper


# BLOCKING needs the signal of the ring it waits for; the others may give NULL.
cdef void wait_init(
    Wait *wait, int strategy, int64_t timeout_ns, int64_t max_sleep_ns, Signal *signal
) noexcept nogil

# One idle round.
cdef void wait_pause(Wait *wait) noexcept nogil

# Monotonic clock, nanoseconds.
cdef int64_t now_ns() noexcept nogil

cdef void sleep_ns(int64_t span) noexcept nogil


cdef inline void wait_reset(Wait *wait) noexcept nogil:
    """There was work: the next idle round starts from the cheapest step."""
    if wait.rounds != 0:
        wait.rounds = 0
        wait.sleep_ns = 0
    if wait.armed:
        wait.armed = 0
        signal_cancel(wait.signal)


cdef inline void wait_idle(Wait *wait, int work_done) noexcept nogil:
    """After each round of an agent's duty cycle, with what the round returned."""
    if work_done > 0:
        wait_reset(wait)
    elif wait.strategy == BUSY_SPIN:
        cpu_pause()
    else:
        wait_pause(wait)
