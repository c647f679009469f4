# Pools of fixed-size items, addressed by 32-bit index; index 0 means none.
#
# The address space of a full pool is reserved once and the kernel backs a page when it is
# first touched. So a pool grows without a call, never moves an item, and costs only what
# was once in use. Freed items are linked through their first four bytes and used again first.
from libc.stdint cimport uint32_t

cdef extern from *:
    """
    /* The asm keeps the compiler from taking a function that only fetches for one that does
       nothing, and leaving its calls out. */
    static inline void lmax_prefetch(const void *place)
    {
        __builtin_prefetch(place);
        __asm__ volatile("");
    }

    /* Under AddressSanitizer an item that was given back must not be touched, but for the
       link in its first eight bytes; elsewhere these are nothing. */
    #ifdef __SANITIZE_ADDRESS__
    #include <sanitizer/asan_interface.h>
    #define lmax_poison(item, size) ASAN_POISON_MEMORY_REGION((char *)(item) + 8, (size) - 8)
    #define lmax_unpoison(item, size) ASAN_UNPOISON_MEMORY_REGION(item, size)
    #define LMAX_POISONS 1
    #else
    #define lmax_poison(item, size) ((void)(item))
    #define lmax_unpoison(item, size) ((void)(item))
    #define LMAX_POISONS 0
    #endif
    """
    const bint POISONS "LMAX_POISONS"
    void prefetch "lmax_prefetch" (const void *place) noexcept nogil
    void poison "lmax_poison" (void *item, size_t size_bytes) noexcept nogil
    void unpoison "lmax_unpoison" (void *item, size_t size_bytes) noexcept nogil


cdef struct Pool:
    char *base
    size_t item_bytes
    uint32_t capacity  # indexes 1 .. capacity - 1
    uint32_t used  # highest index ever taken
    uint32_t free  # head of the list of returned items
    uint32_t live


cdef int pool_open(Pool *pool, size_t item_bytes, uint32_t capacity) noexcept nogil
cdef void pool_close(Pool *pool) noexcept nogil
cdef void *reserve(size_t size_bytes) noexcept nogil
cdef object refused(str whose, int gib)
cdef void release(void *memory, size_t size_bytes) noexcept nogil


cdef inline void *pool_at(Pool *pool, uint32_t index) noexcept nogil:
    return pool.base + index * pool.item_bytes


cdef inline uint32_t pool_room(Pool *pool) noexcept nogil:
    """How many more items fit."""
    return pool.capacity - 1 - pool.live


cdef inline uint32_t take_sized(Pool *pool, size_t item_bytes) noexcept nogil:
    """pool_take where the compiler knows the size."""
    cdef uint32_t index = pool.free
    pool.live += 1
    if index:
        pool.free = (<uint32_t *>(pool.base + index * item_bytes))[0]
        unpoison(pool.base + index * item_bytes, item_bytes)
        return index
    pool.used += 1
    return pool.used


cdef inline void give_sized(Pool *pool, uint32_t index, size_t item_bytes) noexcept nogil:
    """pool_give where the compiler knows the size."""
    (<uint32_t *>(pool.base + index * item_bytes))[0] = pool.free
    poison(pool.base + index * item_bytes, item_bytes)
    pool.free = index
    pool.live -= 1


cdef inline uint32_t pool_take(Pool *pool) noexcept nogil:
    """Index of an item with undefined content. The caller made sure there is room."""
    return take_sized(pool, pool.item_bytes)


cdef inline void pool_give(Pool *pool, uint32_t index) noexcept nogil:
    give_sized(pool, index, pool.item_bytes)
