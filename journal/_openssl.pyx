"""Functions of OpenSSL's libcrypto by their addresses. See _openssl.pxd."""
from libc.stddef cimport size_t
from libc.stdint cimport uint8_t

from journal.libcrypto import libcrypto_path

cdef extern from "<dlfcn.h>" nogil:
    int RTLD_NOW
    void *dlopen(const char *path, int flags)
    void *dlsym(void *library, const char *name)
    char *dlerror()


cdef struct Functions:
    void *(*md_fetch)(void *, const char *, const char *) noexcept nogil
    void *(*md_new)() noexcept nogil
    void (*md_free)(void *) noexcept nogil
    int (*md_begin)(void *, const void *, const void *) noexcept nogil
    int (*md_add)(void *, const void *, size_t) noexcept nogil
    int (*md_end)(void *, uint8_t *, unsigned int *) noexcept nogil
    void *(*cipher_fetch)(void *, const char *, const char *) noexcept nogil
    void *(*cipher_new)() noexcept nogil
    void (*cipher_free)(void *) noexcept nogil
    int (*cipher_begin)(
        void *, const void *, const uint8_t *, const uint8_t *, int, const void *
    ) noexcept nogil
    int (*cipher_add)(void *, uint8_t *, int *, const uint8_t *, int) noexcept nogil
    int (*cipher_end)(void *, uint8_t *, int *) noexcept nogil
    int (*cipher_control)(void *, int, int, void *) noexcept nogil

cdef enum:  # of EVP_CIPHER_CTX_ctrl
    GET_TAG = 0x10
    SET_TAG = 0x11

NAMES = (
    "EVP_MD_fetch", "EVP_MD_CTX_new", "EVP_MD_CTX_free", "EVP_DigestInit_ex2", "EVP_DigestUpdate",
    "EVP_DigestFinal_ex", "EVP_CIPHER_fetch", "EVP_CIPHER_CTX_new", "EVP_CIPHER_CTX_free",
    "EVP_CipherInit_ex2", "EVP_CipherUpdate", "EVP_CipherFinal_ex", "EVP_CIPHER_CTX_ctrl",
)

cdef Functions openssl
cdef void *sha256
cdef void *aes256gcm


cdef load(path):
    """Fill in the addresses. ImportError names the library and what it lacks."""
    global sha256, aes256gcm
    cdef void *library = dlopen(path.encode(), RTLD_NOW)
    cdef void **slots = <void **>&openssl
    if library == NULL:
        raise ImportError(f"{path} cannot be loaded: {dlerror().decode()}")
    for index, name in enumerate(NAMES):
        slots[index] = dlsym(library, name.encode())
        if slots[index] == NULL:
            raise ImportError(f"{path} has no {name}: OpenSSL 3.0 or later is needed")
    sha256 = openssl.md_fetch(NULL, b"SHA2-256", NULL)
    aes256gcm = openssl.cipher_fetch(NULL, b"AES-256-GCM", NULL)
    if sha256 == NULL or aes256gcm == NULL:
        raise ImportError(f"{path} offers no SHA2-256 or no AES-256-GCM")


LIBRARY = libcrypto_path()
load(LIBRARY)


cdef void *sha256_new() noexcept nogil:
    return openssl.md_new()


cdef void sha256_free(void *context) noexcept nogil:
    openssl.md_free(context)


cdef int sha256_begin(void *context) noexcept nogil:
    return openssl.md_begin(context, sha256, NULL) - 1


cdef int sha256_add(void *context, const void *data, size_t size) noexcept nogil:
    return openssl.md_add(context, data, size) - 1


cdef int sha256_end(void *context, uint8_t *hash) noexcept nogil:
    return openssl.md_end(context, hash, NULL) - 1


cdef void *aes_new(const uint8_t *key) noexcept nogil:
    cdef void *context = openssl.cipher_new()
    # The key is expanded once, here; a batch sets only its nonce.
    if context != NULL and openssl.cipher_begin(context, aes256gcm, key, NULL, 1, NULL) != 1:
        openssl.cipher_free(context)
        return NULL
    return context


cdef void aes_free(void *context) noexcept nogil:
    openssl.cipher_free(context)


cdef int aes_pass(
    void *context, int sealing, const uint8_t *nonce, const void *known, int known_size,
    uint8_t *data, int size
) noexcept nogil:
    """Everything up to the tag; 0 when it is done."""
    cdef int done
    if openssl.cipher_begin(context, NULL, NULL, nonce, sealing, NULL) != 1:
        return -1
    if openssl.cipher_add(context, NULL, &done, <const uint8_t *>known, known_size) != 1:
        return -1
    return openssl.cipher_add(context, data, &done, data, size) - 1


cdef int aes_seal(
    void *context, const uint8_t *nonce, const void *known, int known_size,
    uint8_t *data, int size, uint8_t *tag
) noexcept nogil:
    cdef int done
    cdef uint8_t rest[TAG_BYTES]
    if aes_pass(context, 1, nonce, known, known_size, data, size):
        return -1
    if openssl.cipher_end(context, rest, &done) != 1:
        return -1
    return openssl.cipher_control(context, GET_TAG, TAG_BYTES, tag) - 1


cdef int aes_open(
    void *context, const uint8_t *nonce, const void *known, int known_size,
    uint8_t *data, int size, const uint8_t *tag
) noexcept nogil:
    cdef int done
    cdef uint8_t rest[TAG_BYTES]
    if aes_pass(context, 0, nonce, known, known_size, data, size):
        return -1
    if openssl.cipher_control(context, SET_TAG, TAG_BYTES, <void *>tag) != 1:
        return -1
    return openssl.cipher_end(context, rest, &done) - 1
