"""One end of a link. See _end.pxd."""
cimport cython
from libc.stdint cimport uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from lmax.ringbuffer.atomics cimport load_acquire_i64, store_release_i64
from lmax.ringbuffer.ring cimport (
    ring_cursor, ring_publish, ring_slot, ring_try_claim,
)
from lmax.ringbuffer.sequence cimport sequence_get, sequence_set
from replicator._secure cimport FRAME_HEAD, FRAME_OVERHEAD, SecureLink, secure_open, secure_seal
from replicator.channel cimport MAX_MESSAGE
from replicator.messages cimport HELLO, JOIN, TELL_KEYS

MOST_MAILS = MAILS
"""Messages in a mailbox."""


cdef int64_t link_receive(Link *link, int64_t now, uint32_t *kind, char **body) noexcept nogil:
    cdef int64_t size, found
    cdef int _noise
    for _noise in range(MOST_NOISE):
        size = link.channel.receive(link.channel.state, link.into, MAX_MESSAGE)
        if size <= 0:
            return 0
        body[0] = link.into + FRAME_HEAD
        if size >= 4:
            memcpy(kind, link.into, 4)
            if HELLO <= kind[0] < JOIN:
                if not may_be_clear(link, now):
                    continue
                body[0] = link.into
                return size
        if link.pending != NULL:
            found = opened(link.pending, link, size, kind)
            if found > 0:
                link.keys = link.pending
                store_release_i64(<int64_t *>&link.pending, 0)  # see LinkEnd._forget_keys
                store_release_i64(&link.connections, link.connections + 1)
                store_release_i64(&link.heard_ns, now)
                return found
        if link.keys != NULL:
            found = opened(link.keys, link, size, kind)
            if found > 0:
                store_release_i64(&link.heard_ns, now)
                return found
    return 0


cdef inline bint may_be_clear(Link *link, int64_t now) noexcept nogil:
    """A token bucket: anybody can send such frames, and each costs control a signature."""
    if link.clear_ns - now > (CLEAR_BURST - 1) * <int64_t>CLEAR_NS:
        store_release_i64(&link.limited, link.limited + 1)
        return False
    link.clear_ns = max(link.clear_ns, now) + CLEAR_NS
    return True


cdef inline int64_t opened(
    Secure *keys, Link *link, int64_t size, uint32_t *kind
) noexcept nogil:
    """A frame of another connection is told by its number, before it is touched."""
    cdef uint64_t connection
    if size < FRAME_OVERHEAD:
        return -1
    memcpy(&connection, link.into + 8, 8)
    if connection != keys.connection:
        return -1
    return secure_open(keys, link.into, size, kind)


cdef char *link_room(Link *link) noexcept nogil:
    return NULL if link.out_bytes else link.out + FRAME_HEAD


cdef bint link_send(Link *link, int64_t now, uint32_t kind, int64_t body_bytes) noexcept nogil:
    cdef int64_t size
    if link.keys == NULL:
        return False
    size = secure_seal(link.keys, kind, link.out, body_bytes)
    if size < 0:
        return False
    link.out_bytes = size
    link.sent_ns = now
    link_flush(link)
    return True


cdef bint link_flush(Link *link) noexcept nogil:
    cdef int64_t taken
    if link.out_bytes == 0:
        return True
    taken = link.channel.send(link.channel.state, link.out, link.out_bytes)
    if taken == 0:
        return False
    # Nobody there: what is lost is asked for again by who comes back.
    link.out_bytes = 0
    return True


cdef void link_deliver(Link *link, uint32_t kind, const char *body, int64_t size) noexcept nogil:
    cdef int64_t number
    cdef Mail *mail
    if size > MAIL_BYTES - <int64_t>sizeof(Mail):
        link.full += 1
        return
    number = ring_try_claim(link.inbox, 1)
    if number < 0:
        link.full += 1
        return
    mail = <Mail *>ring_slot(link.inbox, number)
    mail.kind = kind
    mail.size = <uint32_t>size
    memcpy(<char *>mail + sizeof(Mail), body, size)
    ring_publish(link.inbox, number, number)


cdef Mail *link_mail(Link *link) noexcept nogil:
    cdef int64_t number = sequence_get(link.told) + 1
    if ring_cursor(link.outbox) < number:
        return NULL
    return <Mail *>ring_slot(link.outbox, number)


cdef void link_done(Link *link) noexcept nogil:
    sequence_set(link.told, sequence_get(link.told) + 1)


cdef bint link_post(Link *link, int64_t now, Mail *mail) noexcept nogil:
    cdef char *body = <char *>mail + sizeof(Mail)
    cdef uint64_t address
    cdef uint32_t proves
    if mail.kind == TELL_KEYS:
        memcpy(&address, body, 8)
        memcpy(&proves, body + 8, 4)
        if proves:
            link.pending = <Secure *>address
        else:
            link.keys, link.pending = <Secure *>address, NULL
            store_release_i64(&link.connections, link.connections + 1)
        return True
    if link_room(link) == NULL:
        return False
    if mail.kind < JOIN:
        memcpy(link.out, body, mail.size)
        link.out_bytes = mail.size
        link_flush(link)
        return True
    memcpy(link.out + FRAME_HEAD, body, mail.size)
    link_send(link, now, mail.kind, mail.size)
    return True


@cython.no_gc_clear
cdef class LinkEnd:
    """What control holds of a link: its mailboxes, and what is known of the other end.

    channel: to the other node. An agent (replicator._replicator, replicator._receiver) runs it.
    """

    def __cinit__(self, ChannelBase channel):
        self.channel = channel
        self.link.channel = &channel.channel
        self._inbox = RingBuffer(MAILS, slot_bytes=MAIL_BYTES)
        self._outbox = RingBuffer(MAILS, slot_bytes=MAIL_BYTES)
        self._read = RingSequence()
        self._told = RingSequence()
        self._inbox.add_gate(self._read)
        self._outbox.add_gate(self._told)
        self._keys = []
        self.link.inbox = self._inbox.ring
        self.link.outbox = self._outbox.ring
        self.link.told = self._told.sequence
        self.link.out = <char *>malloc(MAX_MESSAGE)
        self.link.into = <char *>malloc(MAX_MESSAGE)
        if self.link.out == NULL or self.link.into == NULL:
            raise MemoryError("no memory for a link")

    def __dealloc__(self):
        free(self.link.out)
        free(self.link.into)

    def post(self, uint32_t kind, const unsigned char[::1] body) -> bool:
        """Have a message sent, or the agent told; False while its mailbox is full."""
        if body.shape[0] > MAX_MESSAGE - FRAME_OVERHEAD:
            raise ValueError(f"a message of {body.shape[0]} bytes is too long")
        cdef int64_t number = ring_try_claim(self._outbox.ring, 1)
        cdef Mail *mail
        if number < 0:
            return False
        mail = <Mail *>ring_slot(self._outbox.ring, number)
        mail.kind = kind
        mail.size = <uint32_t>body.shape[0]
        if body.shape[0]:
            memcpy(<char *>mail + sizeof(Mail), &body[0], body.shape[0])
        ring_publish(self._outbox.ring, number, number)
        return True

    def install(self, SecureLink keys, *, bint pending) -> bool:
        """From now on with these keys; `pending`: once a frame under them came.

        False while the mailbox is full.
        """
        cdef uint64_t address = <uint64_t>&keys.secure
        self._forget_keys()
        body = address.to_bytes(8, "little") + int(pending).to_bytes(4, "little")
        if not self.post(TELL_KEYS, body):
            return False
        self._keys.append((ring_cursor(self._outbox.ring), keys))
        return True

    cdef _forget_keys(self):
        """Keep those that the agent has not been told of yet, or may be looking at.

        Pending is read first: when it proves itself the agent makes it the one in use before it is
        pending no more, so it is seen in one place or the other.
        """
        cdef int64_t told = sequence_get(self._told.sequence)
        cdef int64_t pending = load_acquire_i64(<int64_t *>&self.link.pending)
        cdef int64_t current = load_acquire_i64(<int64_t *>&self.link.keys)
        cdef list kept = []
        cdef SecureLink known
        for number, known in self._keys:
            if number > told or <int64_t>&known.secure in (pending, current):
                kept.append((number, known))
        self._keys = kept

    def take(self):
        """(kind, body) of the oldest message that the agent left to control; None."""
        cdef int64_t number = sequence_get(self._read.sequence) + 1
        cdef Mail *mail
        if ring_cursor(self._inbox.ring) < number:
            return None
        mail = <Mail *>ring_slot(self._inbox.ring, number)
        found = mail.kind, (<const char *>mail + sizeof(Mail))[:mail.size]
        sequence_set(self._read.sequence, number)
        return found

    @property
    def waiting(self) -> tuple[int, int, int]:
        """Messages left to control, messages left by it, keys that are kept.

        There are at most MOST_MAILS of either, and two keys more than that.
        """
        return (
            ring_cursor(self._inbox.ring) - sequence_get(self._read.sequence),
            ring_cursor(self._outbox.ring) - sequence_get(self._told.sequence),
            len(self._keys),
        )

    @property
    def idle(self) -> bool:
        """Whether the agent has done all that it was told."""
        return sequence_get(self._told.sequence) == ring_cursor(self._outbox.ring)

    @property
    def heard_ns(self) -> int:
        """When the last good frame came, by the agent's clock; 0: never."""
        return load_acquire_i64(&self.link.heard_ns)

    @property
    def connections(self) -> int:
        """How many connections have proven themselves."""
        return load_acquire_i64(&self.link.connections)

    @property
    def limited(self) -> int:
        """How many first frames of a handshake were dropped because too many came at a time."""
        return load_acquire_i64(&self.link.limited)
