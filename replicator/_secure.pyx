"""Frames between two nodes: encrypted, in order, each taken once. See _secure.pxd."""
from cpython.bytearray cimport PyByteArray_AS_STRING
from libc.stdint cimport INT64_MAX, uint8_t
from libc.string cimport memcpy, memset

from journal._openssl cimport (
    NONCE_BYTES, TAG_BYTES, aes_free, aes_new, aes_open, aes_seal,
)
from lmax.ringbuffer.atomics cimport load_acquire_i64, store_release_i64


cdef struct Head:
    uint32_t kind
    uint32_t zero
    uint64_t connection
    uint64_t counter


cdef inline void nonce_of(uint8_t *nonce, uint64_t counter) noexcept nogil:
    memset(nonce, 0, NONCE_BYTES)
    memcpy(nonce + NONCE_BYTES - sizeof(counter), &counter, sizeof(counter))


cdef inline void count(int64_t *reason) noexcept nogil:
    store_release_i64(reason, reason[0] + 1)


cdef int64_t secure_seal(
    Secure *secure, uint32_t kind, char *frame, int64_t body_bytes
) noexcept nogil:
    cdef Head head
    cdef uint8_t nonce[NONCE_BYTES]
    cdef uint8_t *body = <uint8_t *>frame + FRAME_HEAD
    if not 0 <= body_bytes <= MOST_BODY or secure.sent == INT64_MAX:
        return -1
    # Counted before it is used: should OpenSSL fail half-way, this nonce is gone.
    store_release_i64(&secure.sent, secure.sent + 1)
    head.kind, head.zero = kind, 0
    head.connection, head.counter = secure.connection, <uint64_t>secure.sent
    memcpy(frame, &head, FRAME_HEAD)
    nonce_of(nonce, head.counter)
    if aes_seal(
        secure.sending, nonce, frame, FRAME_HEAD, body, <int>body_bytes, body + body_bytes
    ):
        return -1
    return FRAME_OVERHEAD + body_bytes


cdef int64_t secure_open(
    Secure *secure, char *frame, int64_t size, uint32_t *kind
) noexcept nogil:
    cdef Head head
    cdef uint8_t nonce[NONCE_BYTES]
    cdef uint8_t *body = <uint8_t *>frame + FRAME_HEAD
    cdef int64_t body_bytes = size - FRAME_OVERHEAD
    if not 0 <= body_bytes <= MOST_BODY:
        count(&secure.short_frames)
        return -1
    memcpy(&head, frame, FRAME_HEAD)
    if head.connection != secure.connection:
        count(&secure.foreign)
        return -1
    if head.counter <= <uint64_t>secure.received:
        count(&secure.old)
        return -1
    nonce_of(nonce, head.counter)
    # No honest peer comes beyond INT64_MAX, and `received` holds no more.
    if head.counter > <uint64_t>INT64_MAX or aes_open(
        secure.receiving, nonce, frame, FRAME_HEAD, body, <int>body_bytes, body + body_bytes
    ):
        count(&secure.forged)
        return -1
    store_release_i64(&secure.received, <int64_t>head.counter)
    kind[0] = head.kind
    return body_bytes


cdef class SecureLink:
    """One end of one connection: its keys and its numbers.

    sending, receiving: 32 bytes each, one for each direction, that no other connection has;
    connection: its number, the same at both ends.
    """

    def __cinit__(self, bytes sending not None, bytes receiving not None, uint64_t connection):
        if len(sending) != 32 or len(receiving) != 32:
            raise ValueError("a key is 32 bytes")
        if sending == receiving:
            raise ValueError("each direction has a key of its own")
        self.secure.connection = connection
        self.secure.sending = aes_new(<const uint8_t *><const char *>sending)
        self.secure.receiving = aes_new(<const uint8_t *><const char *>receiving)
        if self.secure.sending == NULL or self.secure.receiving == NULL:
            raise MemoryError("no memory for a key")

    def __dealloc__(self):
        if self.secure.sending != NULL:
            aes_free(self.secure.sending)
        if self.secure.receiving != NULL:
            aes_free(self.secure.receiving)

    def __repr__(self):
        return (
            f"<SecureLink {self.connection:016x}: sent {self.sent}, received {self.received}>"
        )

    def seal(self, uint32_t kind, const unsigned char[::1] body not None) -> bytes:
        """A frame for the other end. OverflowError when the counters are used up."""
        cdef int64_t body_bytes = body.shape[0]
        cdef int64_t size
        if kind < FIRST_SEALED_KIND:
            raise ValueError(f"kind {kind} is one of clear frames")
        if body_bytes > MOST_BODY:
            raise ValueError(f"a body of {body_bytes} bytes is too long")
        if self.secure.sent == INT64_MAX:
            raise OverflowError("the connection's counters are used up; make a new one")
        cdef bytearray frame = bytearray(FRAME_OVERHEAD + body_bytes)
        cdef char *place = PyByteArray_AS_STRING(frame)
        if body_bytes:
            memcpy(place + FRAME_HEAD, &body[0], body_bytes)
        with nogil:
            size = secure_seal(&self.secure, kind, place, body_bytes)
        if size < 0:
            raise MemoryError("no memory to encrypt with")
        return bytes(frame)

    def open(self, const unsigned char[::1] frame not None):
        """(kind, body) of a frame from the other end; None when it is dropped and counted."""
        cdef bytearray copy = bytearray(frame)
        cdef char *place = PyByteArray_AS_STRING(copy)
        cdef int64_t size = frame.shape[0]
        cdef uint32_t kind = 0
        with nogil:
            size = secure_open(&self.secure, place, size, &kind)
        if size < 0:
            return None
        return kind, bytes(copy[FRAME_HEAD:FRAME_HEAD + size])

    def skip_to(self, int64_t counter):
        """Leave out counters: the last that was used is this one. Never backwards."""
        if counter < self.secure.sent:
            raise ValueError(f"counter {counter} was used before")
        store_release_i64(&self.secure.sent, counter)

    @property
    def connection(self) -> int:
        return self.secure.connection

    @property
    def sent(self) -> int:
        """Counter of the last frame sealed; 0: none was."""
        return load_acquire_i64(&self.secure.sent)

    @property
    def received(self) -> int:
        """Counter of the last frame accepted; 0: the connection has not proven itself."""
        return load_acquire_i64(&self.secure.received)

    @property
    def dropped(self) -> dict:
        """Frames that were dropped, by reason: short, foreign, old, forged."""
        return {
            "short": load_acquire_i64(&self.secure.short_frames),
            "foreign": load_acquire_i64(&self.secure.foreign),
            "old": load_acquire_i64(&self.secure.old),
            "forged": load_acquire_i64(&self.secure.forged),
        }


HEAD_BYTES = FRAME_HEAD
OVERHEAD_BYTES = FRAME_OVERHEAD
assert sizeof(Head) == FRAME_HEAD and <int>TAG_BYTES == <int>FRAME_TAG
