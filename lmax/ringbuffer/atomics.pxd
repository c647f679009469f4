"""The few atomic operations the ring needs, named after their memory order.

*Acquire* load: nothing that follows it in the program moves above it.
*Release* store: nothing that precedes it in the program moves below it.
*Relaxed*: atomic, but orders nothing around it.

On x86-64 all loads and stores here are plain `mov`; only `full_fence`, `fetch_add` and `cas`
cost anything (about 20 cycles). The names still matter: they stop the compiler from
reordering, and they are what AArch64 and ThreadSanitizer go by.
"""

from libc.stdint cimport int32_t, int64_t


cdef extern from *:
    """
    #ifndef LMAX_ATOMICS
    #define LMAX_ATOMICS
    #ifdef LMAX_TEST_PLAIN_STORE  /* a deliberate bug: ThreadSanitizer must report it */
    #define lmax_store_release(p, v) (*(p) = (v))
    #else
    #define lmax_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    #endif
    #if defined(__x86_64__)
    #define lmax_cpu_pause() __builtin_ia32_pause()
    #elif defined(__aarch64__)
    #define lmax_cpu_pause() __asm__ __volatile__("yield" ::: "memory")
    #else
    #define lmax_cpu_pause() __asm__ __volatile__("" ::: "memory")
    #endif
    #endif
    """
    enum:
        RELAXED "__ATOMIC_RELAXED"
        ACQUIRE "__ATOMIC_ACQUIRE"
        RELEASE "__ATOMIC_RELEASE"
        ACQ_REL "__ATOMIC_ACQ_REL"
        SEQ_CST "__ATOMIC_SEQ_CST"

    int64_t _load_i64 "__atomic_load_n"(const int64_t *cell, int order) noexcept nogil
    int32_t _load_i32 "__atomic_load_n"(const int32_t *cell, int order) noexcept nogil
    void _store_i64 "__atomic_store_n"(int64_t *cell, int64_t value, int order) noexcept nogil
    void _store_i32 "__atomic_store_n"(int32_t *cell, int32_t value, int order) noexcept nogil
    void _release_i64 "lmax_store_release"(int64_t *cell, int64_t value) noexcept nogil
    void _release_i32 "lmax_store_release"(int32_t *cell, int32_t value) noexcept nogil
    int32_t _add_i32 "__atomic_fetch_add"(int32_t *cell, int32_t by, int order) noexcept nogil
    bint _cas_i64 "__atomic_compare_exchange_n"(
        int64_t *cell, int64_t *expected, int64_t value, bint weak, int good, int bad
    ) noexcept nogil
    bint _cas_i32 "__atomic_compare_exchange_n"(
        int32_t *cell, int32_t *expected, int32_t value, bint weak, int good, int bad
    ) noexcept nogil
    void _fence "__atomic_thread_fence"(int order) noexcept nogil
    void _pause "lmax_cpu_pause"() noexcept nogil


cdef inline int64_t load_acquire_i64(const int64_t *cell) noexcept nogil:
    return _load_i64(cell, ACQUIRE)


cdef inline int64_t load_relaxed_i64(const int64_t *cell) noexcept nogil:
    return _load_i64(cell, RELAXED)


cdef inline void store_release_i64(int64_t *cell, int64_t value) noexcept nogil:
    _release_i64(cell, value)


cdef inline void store_relaxed_i64(int64_t *cell, int64_t value) noexcept nogil:
    _store_i64(cell, value, RELAXED)


cdef inline bint cas_i64(int64_t *cell, int64_t expected, int64_t value) noexcept nogil:
    """Stores `value` if the cell holds `expected`; acquire and release. True when it did."""
    return _cas_i64(cell, &expected, value, False, ACQ_REL, RELAXED)


cdef inline int32_t load_acquire_i32(const int32_t *cell) noexcept nogil:
    return _load_i32(cell, ACQUIRE)


cdef inline int32_t load_relaxed_i32(const int32_t *cell) noexcept nogil:
    return _load_i32(cell, RELAXED)


cdef inline void store_release_i32(int32_t *cell, int32_t value) noexcept nogil:
    _release_i32(cell, value)


cdef inline int32_t fetch_add_i32(int32_t *cell, int32_t by) noexcept nogil:
    """Adds, acquire and release; returns the value before."""
    return _add_i32(cell, by, ACQ_REL)


cdef inline bint cas_i32(int32_t *cell, int32_t expected, int32_t value) noexcept nogil:
    """Stores `value` if the cell holds `expected`; acquire and release. True when it did."""
    return _cas_i32(cell, &expected, value, False, ACQ_REL, RELAXED)


cdef inline void acquire_fence() noexcept nogil:
    """Loads before it are done before any load or store after it."""
    _fence(ACQUIRE)


cdef inline void release_fence() noexcept nogil:
    """Loads and stores before it are done before any store after it."""
    _fence(RELEASE)


cdef inline void full_fence() noexcept nogil:
    """The only fence that keeps an earlier store before a later load."""
    _fence(SEQ_CST)


cdef inline void cpu_pause() noexcept nogil:
    """Tells the core that this is a spin loop."""
    _pause()
