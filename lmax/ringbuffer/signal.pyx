"""Sleeping and waking by futex, Linux's wait on the value of one word."""

from posix.time cimport timespec

cdef extern from "<linux/futex.h>" nogil:
    int FUTEX_WAIT_PRIVATE
    int FUTEX_WAKE_PRIVATE

cdef extern from "<sys/syscall.h>" nogil:
    int SYS_futex

cdef extern from "<unistd.h>" nogil:
    long syscall(long number, ...)

cdef extern from "<limits.h>" nogil:
    int INT_MAX


cdef void signal_wake(Signal *signal) noexcept nogil:
    fetch_add_i32(&signal.generation, 1)
    syscall(SYS_futex, &signal.generation, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0)


cdef void signal_sleep(Signal *signal, int32_t generation, int64_t timeout_ns) noexcept nogil:
    cdef timespec span
    span.tv_sec = timeout_ns // 1_000_000_000
    span.tv_nsec = timeout_ns - span.tv_sec * 1_000_000_000
    syscall(SYS_futex, &signal.generation, FUTEX_WAIT_PRIVATE, generation, &span, NULL, 0)
