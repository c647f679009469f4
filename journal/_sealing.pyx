"""AES-256-GCM of pieces of a file that are numbered, in place."""
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy, memset

from journal._openssl cimport NONCE_BYTES, TAG_BYTES, aes_free, aes_new, aes_open, aes_seal


cdef class Sealer:
    """secret: 32 bytes that no other file is encrypted with; so a piece's number is its nonce."""

    cdef void *aes

    def __cinit__(self, bytes secret not None):
        if len(secret) != 32:
            raise ValueError("a key is 32 bytes")
        self.aes = aes_new(<const uint8_t *><const char *>secret)
        if self.aes == NULL:
            raise MemoryError("no memory for a key")

    def __dealloc__(self):
        if self.aes != NULL:
            aes_free(self.aes)

    def seal(self, unsigned char[::1] data not None, uint64_t number, bytes known not None):
        """Encrypt a piece in place, once for each number; the tag, which covers `known` too."""
        cdef uint8_t nonce[NONCE_BYTES]
        cdef uint8_t tag[TAG_BYTES]
        cdef const char *text = known
        cdef int text_size = <int>len(known)
        cdef int size = <int>data.shape[0]
        cdef int failed
        nonce_of(nonce, number)
        with nogil:
            failed = aes_seal(self.aes, nonce, text, text_size, &data[0], size, tag)
        if failed:
            raise MemoryError("no memory to encrypt with")
        return bytes(tag[:TAG_BYTES])

    def open(self, unsigned char[::1] data not None, uint64_t number, bytes known not None,
             bytes tag not None):
        """Decrypt a piece in place: whether it and `known` are what was sealed."""
        cdef uint8_t nonce[NONCE_BYTES]
        cdef const char *text = known
        cdef const uint8_t *given = <const uint8_t *><const char *>tag
        cdef int text_size = <int>len(known)
        cdef int size = <int>data.shape[0]
        cdef int failed
        if len(tag) != TAG_BYTES:
            return False
        nonce_of(nonce, number)
        with nogil:
            failed = aes_open(self.aes, nonce, text, text_size, &data[0], size, given)
        return not failed


cdef void nonce_of(uint8_t *nonce, uint64_t number) noexcept nogil:
    memset(nonce, 0, NONCE_BYTES)
    memcpy(nonce, &number, sizeof(number))
