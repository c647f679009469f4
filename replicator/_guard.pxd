# A lock for C code that is nearly always free: one agent uses what it guards, and only who closes
# or replaces it comes in between. Never waited for while holding the GIL.
from libc.stdint cimport int32_t

from lmax.ringbuffer.atomics cimport cas_i32, store_release_i32

cdef extern from "<sched.h>" nogil:
    int sched_yield()


cdef inline bint guard_try(int32_t *guard) noexcept nogil:
    return cas_i32(guard, 0, 1)


cdef inline void guard_take(int32_t *guard) noexcept nogil:
    while not cas_i32(guard, 0, 1):
        sched_yield()


cdef inline void guard_leave(int32_t *guard) noexcept nogil:
    store_release_i32(guard, 0)
