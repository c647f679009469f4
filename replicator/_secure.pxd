# Frames between two nodes: encrypted, in order, each taken once.
#
#     u32 kind, u32 zero, u64 connection, u64 counter │ body, AES-256-GCM │ tag, 16 bytes
#
# The 24 bytes of the head are clear and covered by the tag. Each direction of each connection has
# a key of its own (replicator/handshake.py), the nonce is the counter, and a counter is used once:
# so no nonce meets a key twice. docs/link.md draws it.
#
# One thread at a time uses a Secure; its numbers can be read by others.
from libc.stdint cimport int64_t, uint32_t, uint64_t


cdef enum:
    FRAME_HEAD = 24
    FRAME_TAG = 16
    FRAME_OVERHEAD = 40         # of both together
    MOST_BODY = 1 << 30         # bytes of a body; channels take less

cdef enum:
    FIRST_SEALED_KIND = 10      # the kinds before it are those of clear frames


cdef struct Secure:
    void *sending               # contexts of journal._openssl, one a direction
    void *receiving
    uint64_t connection
    int64_t sent                # counter of the last frame sealed, the first is 1
    int64_t received            # counter of the last frame accepted
    # Frames that were dropped, by reason; all atomic as the two above
    int64_t short_frames        # shorter than an empty frame, or longer than MOST_BODY
    int64_t foreign             # of another connection
    int64_t old                 # the counter was accepted before, or a later one was
    int64_t forged              # the tag does not fit: changed on its way, or another key


# Encrypt in place the body that stands behind the head's place; the size of the whole frame. -1
# when the counters are used up (after 2^63 - 1), the body is too long, or there is no memory:
# then the frame must not be sent. `frame` has room for FRAME_OVERHEAD more than the body.
cdef int64_t secure_seal(
    Secure *secure, uint32_t kind, char *frame, int64_t body_bytes
) noexcept nogil

# Decrypt in place: the size of the body, which then stands behind the head. -1 when the frame is
# dropped and counted; a frame whose tag is wrong is worth nothing afterwards, others are untouched.
cdef int64_t secure_open(
    Secure *secure, char *frame, int64_t size, uint32_t *kind
) noexcept nogil


cdef class SecureLink:
    cdef Secure secure
