# SHA-256 and AES-256-GCM from OpenSSL's libcrypto, callable without the GIL.
#
# The library is opened when the module is imported (journal/libcrypto.py says which one), so
# nothing has to be installed to compile this, and no header of a certain version is needed.
# A context belongs to one thread at a time.
from libc.stdint cimport uint8_t


cdef enum:
    TAG_BYTES = 16
    NONCE_BYTES = 12


cdef void *sha256_new() noexcept nogil
cdef void sha256_free(void *context) noexcept nogil
# 0 when it is done; it fails only without memory.
cdef int sha256_begin(void *context) noexcept nogil
cdef int sha256_add(void *context, const void *data, size_t size) noexcept nogil
cdef int sha256_end(void *context, uint8_t *hash) noexcept nogil

# A context for one key of 32 bytes; NULL without memory.
cdef void *aes_new(const uint8_t *key) noexcept nogil
cdef void aes_free(void *context) noexcept nogil
# In place; `known` is not encrypted but covered by the tag. 0 when it is done.
cdef int aes_seal(
    void *context, const uint8_t *nonce, const void *known, int known_size,
    uint8_t *data, int size, uint8_t *tag
) noexcept nogil
# The same back: 0 when the tag is right, so that data and `known` are what was sealed.
cdef int aes_open(
    void *context, const uint8_t *nonce, const void *known, int known_size,
    uint8_t *data, int size, const uint8_t *tag
) noexcept nogil
