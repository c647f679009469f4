"""A signal: lets a consumer sleep in the kernel until somebody publishes.

The sleeper raises `parked`, *then* looks once more for work, *then* sleeps. The publisher
stores its work, *then* looks at `parked`. A full fence between the two steps on both sides
makes sure that at least one of them sees the other: no wake-up is lost. The kernel goes to
sleep only if `generation` still is what the sleeper read before it looked for work.
"""

from libc.stdint cimport int32_t, int64_t

from lmax.ringbuffer.atomics cimport fetch_add_i32, full_fence, load_acquire_i32, load_relaxed_i32


cdef struct Signal:
    int32_t generation      # the futex word: one more at every wake-up
    int32_t parked          # how many are asleep or about to be
    char padding[120]


cdef inline void signal_raise(Signal *signal) noexcept nogil:
    """Wakes who sleeps, if anyone: a fence and a load when nobody does."""
    full_fence()
    if load_relaxed_i32(&signal.parked) != 0:
        signal_wake(signal)


cdef inline int32_t signal_prepare(Signal *signal) noexcept nogil:
    """Announces a sleeper; look for work after this, then `signal_sleep` or `signal_cancel`."""
    fetch_add_i32(&signal.parked, 1)
    full_fence()
    return load_acquire_i32(&signal.generation)


cdef inline void signal_cancel(Signal *signal) noexcept nogil:
    """The announced sleeper is awake again, or never slept."""
    fetch_add_i32(&signal.parked, -1)


# Wakes every sleeper: one system call.
cdef void signal_wake(Signal *signal) noexcept nogil

# Sleeps until the generation is no longer this one, or for `timeout_ns`, or less.
cdef void signal_sleep(Signal *signal, int32_t generation, int64_t timeout_ns) noexcept nogil
