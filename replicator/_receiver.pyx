"""The standby's end of a link. See _receiver.pxd."""
from libc.string cimport memcmp, memcpy, memset

from journal.format cimport are_numbered
from journal.layout cimport BATCH_MAGIC, HASH_BYTES, MAX_BATCH, BatchHeader
from lmax.ringbuffer.atomics cimport (
    load_acquire_i32, load_acquire_i64, store_release_i32, store_release_i64,
)
from lmax.ringbuffer.ring cimport (
    ring_copy_in, ring_publish, ring_remaining, ring_slot, ring_try_claim,
)
from lmax.ringbuffer.sequence cimport sequence_get, sequence_set
from lmax.wire cimport RECORD_BYTES
from replicator._end cimport (
    Mail, link_deliver, link_done, link_flush, link_mail, link_post, link_receive, link_room,
    link_send,
)
from replicator.clock cimport look
from replicator.messages cimport (
    ACK, BATCHES, HEARTBEAT, RESEND, TELL_BEGIN, TELL_STOP, UNFIT, WAITED, Ack,
)

from replicator.common import Place

cdef enum:
    ROUND = 16  # messages received in one round


cdef bint fits(Receiver *receiver, BatchHeader *header, int64_t left) noexcept nogil:
    """Whether that is the batch that comes next, and all of it is there."""
    cdef Begin *at = &receiver.at
    if left < <int64_t>sizeof(BatchHeader) or header.magic != BATCH_MAGIC:
        return False
    if not 0 < header.count <= MAX_BATCH or left < batch_size(header):
        return False
    if header.first_sequence != <uint64_t>(at.sequence + 1):
        return False
    if not at.epoch <= header.epoch <= at.leader_epoch:
        return False
    return memcmp(header.previous, at.hash, HASH_BYTES) == 0 and are_numbered(
        <char *>header + sizeof(BatchHeader), header.first_sequence, header.count
    )


cdef inline int64_t batch_size(BatchHeader *header) noexcept nogil:
    return sizeof(BatchHeader) + header.count * <int64_t>RECORD_BYTES


cdef bint keep(Receiver *receiver, BatchHeader *header) noexcept nogil:
    """Put it into the rings; False while they have no room."""
    cdef Begin *at = &receiver.at
    cdef int64_t last, number
    if ring_remaining(receiver.sealed) < 1:
        return False
    last = ring_try_claim(receiver.input, header.count)
    if last < 0:
        return False
    ring_copy_in(
        receiver.input, last - header.count + 1, <char *>header + sizeof(BatchHeader),
        header.count,
    )
    ring_publish(receiver.input, last - header.count + 1, last)
    number = ring_try_claim(receiver.sealed, 1)
    memcpy(ring_slot(receiver.sealed, number), header, sizeof(BatchHeader))
    ring_publish(receiver.sealed, number, number)
    at.sequence = last
    at.epoch = header.epoch
    memcpy(at.hash, header.hash, HASH_BYTES)
    sequence_set(receiver.received, last)
    receiver.batches += 1
    return True


cdef int take_held(Receiver *receiver, int64_t now) noexcept nogil:
    """Batches of the last message, in order, as far as there is room; how many commands."""
    cdef BatchHeader *header
    cdef int taken = 0
    while receiver.held_bytes > 0:
        header = <BatchHeader *>receiver.held
        if not fits(receiver, header, receiver.held_bytes):
            if is_whole(header, receiver.held_bytes) and is_old(receiver, header):
                receiver.held += batch_size(header)
                receiver.held_bytes -= batch_size(header)
                continue
            receiver.refused += 1
            receiver.held_bytes = 0
            ask_again(receiver, now)
            return taken
        if not keep(receiver, header):
            return taken
        taken += <int>header.count
        receiver.held += batch_size(header)
        receiver.held_bytes -= batch_size(header)
    return taken


cdef bint is_whole(BatchHeader *header, int64_t left) noexcept nogil:
    return (
        left >= <int64_t>sizeof(BatchHeader)
        and 0 < header.count <= MAX_BATCH and left >= batch_size(header)
    )


cdef bint is_old(Receiver *receiver, BatchHeader *header) noexcept nogil:
    """Sent twice: it was taken before."""
    return header.first_sequence <= <uint64_t>receiver.at.sequence


cdef void ask_again(Receiver *receiver, int64_t now) noexcept nogil:
    """A batch is missing; once in a period, for what was sent after it comes as well."""
    cdef char *room = link_room(receiver.link)
    cdef int64_t missing = receiver.at.sequence + 1
    if room == NULL or now - receiver.asked_ns < receiver.period_ns:
        return
    receiver.asked_ns = now
    receiver.resends += 1
    memcpy(room, &missing, 8)
    link_send(receiver.link, now, RESEND, 8)


cdef void hear(Receiver *receiver, Heartbeat *said, int64_t now) noexcept nogil:
    cdef Heartbeat *leader = &receiver.leader
    store_release_i64(<int64_t *>&leader.epoch, said.epoch)
    store_release_i64(&leader.sent, said.sent)
    store_release_i64(&leader.permitted, said.permitted)
    store_release_i64(&leader.clock_ns, said.clock_ns)
    store_release_i32(<int32_t *>&leader.flags, said.flags)
    if receiver.active and said.sent > receiver.at.sequence:
        ask_again(receiver, now)


cdef bint acknowledge(Receiver *receiver, int64_t now) noexcept nogil:
    """Say how far we are, if somebody waits for that or it is time.

    What is only synced meanwhile is said at once where the primary waits for it; else it would be
    a second message for each batch, with nobody who needs it.
    """
    cdef Ack *ack
    cdef int64_t received = receiver.at.sequence
    cdef int64_t synced = sequence_get(receiver.synced)
    cdef bint waited
    cdef char *room
    if not receiver.active:
        return False
    waited = receiver.leader.flags & WAITED and synced != receiver.told_synced
    if received == receiver.told_received and not waited:
        if now - receiver.link.sent_ns < receiver.period_ns:
            return False
    room = link_room(receiver.link)
    if room == NULL:
        return False
    ack = <Ack *>room
    memset(ack, 0, sizeof(Ack))
    ack.epoch = receiver.at.leader_epoch
    ack.received = received
    ack.synced = synced
    ack.applied = sequence_get(receiver.applied)
    ack.flags = UNFIT if load_acquire_i32(&receiver.unfit) else 0
    if not link_send(receiver.link, now, ACK, sizeof(Ack)):
        return False
    receiver.told_received, receiver.told_synced = received, synced
    return True


cdef bint obey(Receiver *receiver, Mail *mail, int64_t now) noexcept nogil:
    """A mail from control; False while it has to wait."""
    if mail.kind == TELL_BEGIN:
        memcpy(&receiver.at, <char *>mail + sizeof(Mail), sizeof(Begin))
        sequence_set(receiver.received, receiver.at.sequence)
        receiver.begun = True
        receiver.held_bytes = 0
        receiver.told_received = receiver.told_synced = -1
        receiver.active = True
        return True
    if mail.kind == TELL_STOP:
        receiver.active = False
        receiver.held_bytes = 0
        return True
    return link_post(receiver.link, now, mail)


cdef int receiver_work(void *state) noexcept nogil:
    cdef Receiver *receiver = <Receiver *>state
    cdef Link *link = receiver.link
    cdef int64_t now = look(receiver.clock)
    cdef int64_t size
    cdef uint32_t kind
    cdef char *body
    cdef Mail *mail
    cdef int done = take_held(receiver, now)
    cdef int _round
    link_flush(link)
    for _round in range(ROUND):
        if receiver.held_bytes:
            break
        size = link_receive(link, now, &kind, &body)
        if size <= 0:
            break
        done += 1
        if kind == BATCHES:
            if receiver.active:
                receiver.held, receiver.held_bytes = body, size
                take_held(receiver, now)
        elif kind == HEARTBEAT and size == sizeof(Heartbeat):
            hear(receiver, <Heartbeat *>body, now)
        else:
            link_deliver(link, kind, body, size)
    mail = link_mail(link)
    while mail != NULL and obey(receiver, mail, now):
        done += 1
        link_done(link)
        mail = link_mail(link)
    if acknowledge(receiver, now):
        done += 1
    return done


cdef class ReceiverAgent(AgentBase):
    """Takes batches from `end` onto `input` and `sealed`, of which it is the only producer.

    synced, applied: how far the node's journal and logic are, for acknowledgements; period_ns:
    how often one is sent when there is nothing new; clock: a simulated one.
    """

    def __cinit__(self, LinkEnd end, RingBuffer input, RingBuffer sealed, RingSequence synced,
                  RingSequence applied, *, int64_t period_ns=10_000_000, RingSequence clock=None):
        cdef Receiver *receiver = &self.receiver
        self.end = end
        self.received = RingSequence()
        self._kept = input, sealed, synced, applied, clock
        receiver.link = &end.link
        receiver.input, receiver.sealed = input.ring, sealed.ring
        receiver.synced, receiver.applied = synced.sequence, applied.sequence
        receiver.received = self.received.sequence
        receiver.period_ns = period_ns
        receiver.asked_ns = -period_ns
        if clock is not None:
            receiver.clock = clock.sequence
        self.agent.do_work = receiver_work
        self.agent.state = receiver

    def begin(self, int64_t sequence, bytes digest, *, uint32_t epoch, uint32_t leader_epoch):
        """Take batches from now on that go on from there; False while the mailbox is full."""
        cdef Begin at
        if len(digest) != HASH_BYTES:
            raise ValueError("a hash has 32 bytes")
        at.sequence, at.epoch, at.leader_epoch = sequence, epoch, leader_epoch
        memcpy(at.hash, <const char *>digest, HASH_BYTES)
        return self.end.post(TELL_BEGIN, (<char *>&at)[:sizeof(Begin)])

    @property
    def place(self):
        """Behind the last batch that was taken; None before `begin`. Exact while stopped."""
        cdef Begin *at = &self.receiver.at
        if self.receiver.begun == 0:
            return None
        return Place(at.epoch, at.sequence, (<const char *>at.hash)[:HASH_BYTES])

    @property
    def held_bytes(self):
        """Of the last message, what had no room in the rings yet: never of more than one."""
        return self.receiver.held_bytes

    def unfit(self, bint unfit):
        """Whether the primary is told that its lead is better not given to this node."""
        store_release_i32(&self.receiver.unfit, unfit)

    def stop(self):
        """Take none; False while the mailbox is full."""
        return self.end.post(TELL_STOP, b"")

    @property
    def leader(self):
        """(epoch, sent, permitted, flags) of the last heartbeat."""
        cdef Heartbeat *said = &self.receiver.leader
        return (
            load_acquire_i64(<int64_t *>&said.epoch), load_acquire_i64(&said.sent),
            load_acquire_i64(&said.permitted), load_acquire_i32(<int32_t *>&said.flags),
        )

    @property
    def counters(self):
        """Batches taken, messages refused, gaps asked for."""
        return {
            "batches": self.receiver.batches,
            "refused": self.receiver.refused,
            "resends": self.receiver.resends,
        }
