# The small interface through which the journaler reaches the disk.
#
# A disk is three functions. The real ones are here; a simulated disk is a Python object
# (`ForeignDisk`). All return what the system calls do, but -errno instead of -1 and errno.
from libc.stdint cimport int32_t, int64_t


cdef struct Disk:
    void *state
    # Bytes written at `offset`, perhaps fewer than asked for.
    int64_t (*write)(
        void *state, int32_t handle, const char *data, int64_t size, int64_t offset
    ) noexcept nogil
    # 0 once everything written before is safe. Never called again after it failed.
    int (*sync)(void *state, int32_t handle) noexcept nogil
    void (*close)(void *state, int32_t handle) noexcept nogil
    # Begin a write; `finish`, called soon after, tells what `write` would have. NULL where this
    # disk cannot. One at a time; `data` stays as it is meanwhile.
    int (*begin)(
        void *state, int32_t handle, const char *data, int64_t size, int64_t offset
    ) noexcept nogil
    # -EAGAIN while it goes on, unless `wait`.
    int64_t (*finish)(void *state, bint wait) noexcept nogil


cdef class DiskBase:
    cdef Disk disk
