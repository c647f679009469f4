"""How the strategies idle."""

from enum import IntEnum

from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from lmax.ringbuffer.signal cimport signal_prepare, signal_sleep

cdef extern from "<time.h>" nogil:
    int clock_nanosleep(int clock, int flags, const timespec *span, timespec *left)

cdef extern from "<sched.h>" nogil:
    int sched_yield()

cdef enum:
    FIRST_SLEEP_NS = 1_000


# Not a class statement: inside one, these names would mean the members themselves.
WaitStrategy = IntEnum(
    "WaitStrategy",
    {"BUSY_SPIN": BUSY_SPIN, "YIELD": YIELD, "BACKOFF": BACKOFF, "BLOCKING": BLOCKING},
    module=__name__,
)


cdef void wait_init(
    Wait *wait, int strategy, int64_t timeout_ns, int64_t max_sleep_ns, Signal *signal
) noexcept nogil:
    # Without a signal nobody could wake it: sleep in growing steps instead.
    wait.strategy = BACKOFF if strategy == BLOCKING and signal == NULL else strategy
    wait.rounds = 0
    wait.sleep_ns = 0
    wait.max_sleep_ns = max_sleep_ns
    wait.timeout_ns = timeout_ns
    wait.signal = signal
    wait.generation = 0
    wait.armed = 0


cdef void wait_pause(Wait *wait) noexcept nogil:
    if wait.rounds < SPIN_ROUNDS or wait.strategy == BUSY_SPIN:
        wait.rounds += wait.rounds < SPIN_ROUNDS
        cpu_pause()
    elif wait.strategy == BLOCKING:
        arm_or_sleep(wait)
    elif wait.strategy == YIELD or wait.rounds < YIELD_ROUNDS:
        wait.rounds += wait.rounds < YIELD_ROUNDS
        sched_yield()
    else:
        wait.sleep_ns = min(max(2 * wait.sleep_ns, FIRST_SLEEP_NS), wait.max_sleep_ns)
        sleep_ns(wait.sleep_ns)


cdef inline void arm_or_sleep(Wait *wait) noexcept nogil:
    """The round between arming and sleeping is the look for work that `signal.pxd` asks for.

    The sleep is bounded, for an agent may have inputs that raise no signal.
    """
    if not wait.armed:
        wait.generation = signal_prepare(wait.signal)
        wait.armed = 1
    else:
        signal_sleep(wait.signal, wait.generation, wait.max_sleep_ns)
        signal_cancel(wait.signal)
        wait.armed = 0


cdef int64_t now_ns() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <int64_t>now.tv_sec * 1_000_000_000 + now.tv_nsec


cdef void sleep_ns(int64_t span) noexcept nogil:
    cdef timespec wish
    wish.tv_sec = span // 1_000_000_000
    wish.tv_nsec = span - wish.tv_sec * 1_000_000_000
    clock_nanosleep(CLOCK_MONOTONIC, 0, &wish, NULL)
