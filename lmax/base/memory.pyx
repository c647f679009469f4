"""Address space reserved at once and backed by memory when touched."""

cdef extern from "sys/mman.h" nogil:
    int PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE
    void *MAP_FAILED
    void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset)
    int munmap(void *addr, size_t length)
    int MADV_HUGEPAGE
    int madvise(void *addr, size_t length, int advice)


cdef void *reserve(size_t size_bytes) noexcept nogil:
    """Zeroed memory of that size, or NULL when the system refuses the address space."""
    cdef void *memory = mmap(
        NULL, size_bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0,
    )
    if memory == MAP_FAILED:
        return NULL
    # Hardly two commands touch the same page: with pages of 2 MiB the translation of their
    # addresses costs a third less of the whole. Refused advice does no harm.
    madvise(memory, size_bytes, MADV_HUGEPAGE)
    return memory


cdef object refused(str whose, int gib):
    """The MemoryError to raise where `reserve` gave NULL."""
    return MemoryError(
        f"the system refused to reserve {gib} GiB of addresses for {whose}; memory is taken only as"
        " it is needed, so let it: raise the limit of addresses (ulimit -v), and leave"
        " vm.overcommit_memory at 0 or 1"
    )


cdef void release(void *memory, size_t size_bytes) noexcept nogil:
    if memory != NULL:
        munmap(memory, size_bytes)


cdef int pool_open(Pool *pool, size_t item_bytes, uint32_t capacity) noexcept nogil:
    """0, or -1 when the system refuses the address space."""
    pool.base = <char *>reserve(item_bytes * capacity)
    pool.item_bytes = item_bytes
    pool.capacity = capacity
    pool.used = pool.free = pool.live = 0
    return 0 if pool.base != NULL else -1


cdef void pool_close(Pool *pool) noexcept nogil:
    if pool.base != NULL:
        unpoison(pool.base, (pool.used + 1) * pool.item_bytes)
    release(pool.base, pool.item_bytes * pool.capacity)
    pool.base = NULL
