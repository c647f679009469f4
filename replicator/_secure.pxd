from libc.stdint cimport int64_t, uint32_t, uint64_t
cdef enum:
    FRAME_HEAD = 24
    FRAME_TAG = 16
    FRAME_OVERHEAD = 40
cdef struct Secure:
    void *sending
    void *receiving
    uint64_t connection
    uint64_t sent
    uint64_t last
    uint64_t dropped
cdef int64_t secure_seal(Secure *s, uint32_t kind, char *frame, int64_t body_bytes) noexcept nogil
cdef int64_t secure_open(Secure *s, char *frame, int64_t size, uint32_t *kind) noexcept nogil
cdef class SecureLink:
    cdef Secure secure
