# Memory that harnesses write into, again and again.
from libc.stdlib cimport malloc
from libc.string cimport memset

cdef extern from *:
    """
    /* For the compiler memory is read here: it leaves out nothing that was written into it. */
    static inline void bench_read(const void *memory)
    {
        __asm__ volatile("" : : "r"(memory) : "memory");
    }
    """
    void read_back "bench_read" (const void *memory) noexcept nogil


cdef inline void *touched(size_t size_bytes) except NULL:
    """From malloc, and written to once: no page faults later."""
    cdef void *memory = malloc(size_bytes)
    if memory == NULL:
        raise MemoryError(f"no memory for {size_bytes} bytes")
    return memset(memory, 255, size_bytes)
