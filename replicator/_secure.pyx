"""stand-in"""
from libc.string cimport memcpy, memset
from libc.stdint cimport uint8_t
from journal._openssl cimport aes_new, aes_seal, aes_open, aes_free, NONCE_BYTES

cdef void nonce_of(uint64_t counter, uint8_t *nonce) noexcept nogil:
    memset(nonce, 0, 12)
    memcpy(nonce + 4, &counter, 8)

cdef int64_t secure_seal(Secure *s, uint32_t kind, char *frame, int64_t body_bytes) noexcept nogil:
    cdef uint8_t nonce[12]
    cdef uint64_t counter = s.sent + 1
    s.sent = counter
    memset(frame, 0, 24)
    memcpy(frame, &kind, 4)
    memcpy(frame + 8, &s.connection, 8)
    memcpy(frame + 16, &counter, 8)
    nonce_of(counter, nonce)
    if aes_seal(s.sending, nonce, frame, 24, <uint8_t *>frame + 24, <int>body_bytes, <uint8_t *>frame + 24 + body_bytes):
        return -1
    return body_bytes + 40

cdef int64_t secure_open(Secure *s, char *frame, int64_t size, uint32_t *kind) noexcept nogil:
    cdef uint8_t nonce[12]
    cdef uint64_t counter, connection
    if size < 40:
        return -1
    memcpy(&connection, frame + 8, 8)
    memcpy(&counter, frame + 16, 8)
    if connection != s.connection or counter <= s.last:
        return -1
    nonce_of(counter, nonce)
    if aes_open(s.receiving, nonce, frame, 24, <uint8_t *>frame + 24, <int>(size - 40), <uint8_t *>frame + size - 16):
        return -1
    s.last = counter
    memcpy(kind, frame, 4)
    return size - 40

cdef class SecureLink:
    def __init__(self, bytes sending, bytes receiving, uint64_t connection):
        self.secure.sending = aes_new(<const uint8_t *><char *>sending)
        self.secure.receiving = aes_new(<const uint8_t *><char *>receiving)
        self.secure.connection = connection
    def __dealloc__(self):
        aes_free(self.secure.sending)
        aes_free(self.secure.receiving)
