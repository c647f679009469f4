"""Sealing and opening frames of the link, and the bare cipher on the same bytes."""
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from bench._clock cimport monotonic_ns
from journal._openssl cimport NONCE_BYTES, TAG_BYTES, aes_free, aes_new, aes_open, aes_seal
from replicator._secure cimport FRAME_HEAD, FRAME_OVERHEAD, SecureLink, secure_open, secure_seal


def frames(SecureLink one not None, SecureLink other not None, int64_t body_bytes, int64_t count):
    """Nanoseconds for a frame to be sealed by one end and opened by the other, `count` times."""
    cdef char *frame = <char *>malloc(body_bytes + FRAME_OVERHEAD)
    cdef int64_t begin, _, size, failed = 0
    cdef uint32_t kind
    if frame == NULL:
        raise MemoryError("no memory for a frame")
    memset(frame, 7, body_bytes + FRAME_OVERHEAD)
    with nogil:
        begin = monotonic_ns()
        for _ in range(count):
            size = secure_seal(&one.secure, 12, frame, body_bytes)
            failed += secure_open(&other.secure, frame, size, &kind) != body_bytes
        begin = monotonic_ns() - begin
    free(frame)
    if failed:
        raise AssertionError(f"{failed} frames were dropped")
    return begin / count


def bare(int64_t body_bytes, int64_t count):
    """The same with the cipher alone, one nonce for all: no frame, no counter, nothing known."""
    cdef uint8_t key[32]
    cdef uint8_t nonce[NONCE_BYTES]
    cdef uint8_t tag[TAG_BYTES]
    cdef char *room = <char *>malloc(body_bytes + FRAME_OVERHEAD)
    cdef uint8_t *data = <uint8_t *>room + FRAME_HEAD  # aligned as a frame's body is
    cdef void *sealing
    cdef void *opening
    cdef int64_t begin, _
    cdef int failed = 0
    memset(key, 1, sizeof(key))
    memset(nonce, 0, sizeof(nonce))
    sealing, opening = aes_new(key), aes_new(key)
    if room == NULL or sealing == NULL or opening == NULL:
        raise MemoryError("no memory for a cipher")
    memset(data, 7, body_bytes)
    with nogil:
        begin = monotonic_ns()
        for _ in range(count):
            failed |= aes_seal(sealing, nonce, nonce, 0, data, <int>body_bytes, tag)
            failed |= aes_open(opening, nonce, nonce, 0, data, <int>body_bytes, tag)
        begin = monotonic_ns() - begin
    aes_free(sealing)
    aes_free(opening)
    free(room)
    if failed:
        raise AssertionError("the cipher failed")
    return begin / count
