"""The primary's end of its links. See _replicator.pxd."""
from libc.stdint cimport INT64_MAX, uint32_t
from libc.string cimport memcpy, memset

from journal.layout cimport BatchHeader
from lmax.ringbuffer.atomics cimport (
    load_acquire_i32, load_acquire_i64, store_release_i32, store_release_i64,
)
from lmax.ringbuffer.ring cimport ring_copy_out, ring_cursor, ring_slot
from lmax.ringbuffer.sequence cimport sequence_get, sequence_set
from lmax.wire cimport RECORD_BYTES
from replicator._end cimport (
    Mail, link_deliver, link_done, link_flush, link_mail, link_post, link_receive, link_room,
    link_send,
)
from replicator.clock cimport look
from replicator.messages cimport (
    ACK, BATCHES, COUNTED, HEARTBEAT, RESEND, SERVED, TELL_COUNT, TELL_LIVE,
    TELL_STOP, WAITED, Ack, Heartbeat,
)

cdef enum:
    ROUND = 16  # messages received, and batches sent, in one round
    STANDSTILL = 4  # heartbeats: of a longer gap between two rounds the rest is not reckoned


cdef inline BatchHeader *batch(Replicator *all, int64_t number) noexcept nogil:
    return <BatchHeader *>ring_slot(all.sealed, number)


cdef void hear(Replicator *all, Peer *peer, Ack *said) noexcept nogil:
    """What it has received need not be kept for it any longer."""
    cdef BatchHeader *header
    if <int64_t>said.epoch != all.epoch or not peer.live:
        return
    if said.received >= peer.said.received:
        store_release_i64(&peer.said.received, said.received)
    if said.synced >= peer.said.synced:
        store_release_i64(&peer.said.synced, said.synced)
    store_release_i64(&peer.said.applied, said.applied)
    store_release_i32(<int32_t *>&peer.said.flags, said.flags)
    while peer.acked < peer.sent:
        header = batch(all, peer.acked + 1)
        if <int64_t>(header.first_sequence + header.count) - 1 > peer.said.received:
            break
        peer.acked += 1
    if peer.said.received > sequence_get(peer.gate):
        sequence_set(peer.gate, peer.said.received)
    sequence_set(peer.batch_gate, peer.acked)


cdef bint rewind(Replicator *all, Peer *peer, const char *body, int64_t size) noexcept nogil:
    """Send again what is still in the ring; False if what is missing went before, to control."""
    cdef int64_t missing
    if size != 8 or not peer.live:
        return False
    memcpy(&missing, body, 8)
    if missing <= peer.said.received:
        return True  # it has come meanwhile
    if peer.sent <= peer.acked or missing < <int64_t>batch(all, peer.acked + 1).first_sequence:
        return False
    all.resent += peer.sent - peer.acked
    peer.sent = peer.acked
    return True


cdef bint send_batch(Replicator *all, Peer *peer, int64_t now) noexcept nogil:
    """The next one; False when there is none, or no room for it."""
    cdef BatchHeader *header
    cdef char *room
    if peer.sent >= ring_cursor(all.sealed):
        return False
    room = link_room(peer.link)
    if room == NULL:
        all.waits += 1
        return False
    header = batch(all, peer.sent + 1)
    memcpy(room, header, sizeof(BatchHeader))
    ring_copy_out(
        all.input, header.first_sequence, room + sizeof(BatchHeader), header.count
    )
    if not link_send(
        peer.link, now, BATCHES, sizeof(BatchHeader) + header.count * <int64_t>RECORD_BYTES
    ):
        return False
    peer.sent += 1
    all.batches += 1
    return True


cdef int64_t last_sent(Replicator *all, Peer *peer) noexcept nogil:
    cdef BatchHeader *header
    if peer.sent <= peer.acked:
        return max(peer.base, peer.said.received)
    header = batch(all, peer.sent)
    return header.first_sequence + header.count - 1


cdef bint beat(Replicator *all, Peer *peer, int64_t now) noexcept nogil:
    """A heartbeat, if it is time; among batches, too: it says what they do not."""
    cdef Heartbeat *said
    if now - peer.beat_ns < all.period_ns or peer.link.keys == NULL:
        return False
    said = <Heartbeat *>link_room(peer.link)
    if said == NULL:
        return False
    memset(said, 0, sizeof(Heartbeat))
    said.epoch = all.epoch
    said.sent = last_sent(all, peer) if peer.live else 0
    said.permitted = sequence_get(all.permitted)
    said.clock_ns = now
    said.flags = COUNTED if load_acquire_i32(&peer.counted) else 0
    if load_acquire_i32(&peer.served):
        said.flags |= SERVED
    if all.durable:
        said.flags |= WAITED
    peer.beat_ns = now
    return link_send(peer.link, now, HEARTBEAT, sizeof(Heartbeat))


cdef bint obey(Replicator *all, Peer *peer, Mail *mail, int64_t now) noexcept nogil:
    """A mail from control; False while it has to wait."""
    cdef int64_t numbers[2]
    if mail.kind == TELL_LIVE:
        memcpy(numbers, <char *>mail + sizeof(Mail), sizeof(numbers))
        peer.sent = peer.acked = numbers[0] - 1
        peer.base = numbers[1]
        peer.connections = peer.link.connections
        memset(&peer.said, 0, sizeof(Ack))
        store_release_i32(&peer.live, 1)
        return True
    if mail.kind == TELL_STOP:
        store_release_i32(&peer.live, 0)
        return True
    if mail.kind == TELL_COUNT:
        memcpy(numbers, <char *>mail + sizeof(Mail), 8)
        store_release_i32(&peer.counted, <int32_t>numbers[0])
        return True
    return link_post(peer.link, now, mail)


cdef int peer_work(Replicator *all, Peer *peer, int64_t now) noexcept nogil:
    cdef Link *link = peer.link
    cdef int64_t size
    cdef uint32_t kind
    cdef char *body
    cdef Mail *mail
    cdef int done = 0
    cdef int _round
    link_flush(link)
    for _round in range(ROUND):
        size = link_receive(link, now, &kind, &body)
        if size <= 0:
            break
        done += 1
        if peer.live and link.connections != peer.connections:
            store_release_i32(&peer.live, 0)  # it came anew: control begins again with it
        if kind == ACK and size == sizeof(Ack):
            hear(all, peer, <Ack *>body)
        elif kind == RESEND and rewind(all, peer, body, size):
            continue
        else:
            link_deliver(link, kind, body, size)
    mail = link_mail(link)
    while mail != NULL and obey(all, peer, mail, now):
        done += 1
        link_done(link)
        mail = link_mail(link)
    if peer.live and mail == NULL:
        for _round in range(ROUND):
            if not send_batch(all, peer, now):
                break
            done += 1
    done += beat(all, peer, now)
    return done


cdef int64_t allowed(Replicator *all) noexcept nogil:
    """Up to where everybody that is counted has it."""
    cdef int64_t lowest = INT64_MAX
    cdef int64_t has
    cdef Peer *peer
    cdef int index
    for index in range(all.count):
        peer = &all.peers[index]
        if load_acquire_i32(&peer.counted):
            has = peer.said.synced if all.durable else peer.said.received
            lowest = min(lowest, has if peer.live else <int64_t>0)
    if lowest == INT64_MAX:
        return sequence_get(all.synced) if load_acquire_i32(&all.alone) else 0
    return lowest


cdef inline void live(Replicator *all, int64_t now) noexcept nogil:
    """Reckon how long this agent could hear its peers: not while a write held up its thread."""
    cdef int64_t gap = now - all.looked_ns if all.looked_ns else 0
    store_release_i64(&all.lived_ns, all.lived_ns + min(gap, STANDSTILL * all.period_ns))
    store_release_i64(&all.looked_ns, now)


cdef int64_t sealed_last(Replicator *all) noexcept nogil:
    cdef BatchHeader *header = batch(all, ring_cursor(all.sealed))
    return <int64_t>(header.first_sequence + header.count) - 1


cdef int replicator_work(void *state) noexcept nogil:
    cdef Replicator *all = <Replicator *>state
    cdef int64_t now = look(all.clock)
    cdef int64_t limit
    cdef int done = 0
    cdef int index
    live(all, now)
    for index in range(all.count):
        done += peer_work(all, &all.peers[index], now)
    if now < load_acquire_i64(&all.lease_until_ns):
        limit = allowed(all)
        if limit > sequence_get(all.permitted):
            sequence_set(all.permitted, limit)
    return done


cdef class ReplicatorAgent(AgentBase):
    """Sends the batches of `sealed`, whose commands are in `input`, to the peers at `ends`.

    synced: of the journal here; epoch: of this primary; durable: whether peers have to have
    synced; period_ns: between heartbeats; clock: a simulated one. `permitted` begins at `synced`
    as it is: what was there before it led is everybody's.
    """

    def __cinit__(self, RingBuffer input, RingBuffer sealed, RingSequence synced, ends, *,
                  int64_t epoch, RingSequence permitted, bint durable=False,
                  int64_t period_ns=10_000_000, RingSequence clock=None):
        cdef Replicator *all = &self.replicator
        cdef LinkEnd end
        cdef RingSequence gate, batch_gate
        if len(ends) > MAX_PEERS:
            raise ValueError(f"at most {MAX_PEERS} standbys")
        self.ends = list(ends)
        self.permitted = permitted
        self._input, self._sealed = input, sealed
        self._kept = synced, clock
        self._gates = []
        all.input, all.sealed = input.ring, sealed.ring
        all.synced, all.permitted = synced.sequence, permitted.sequence
        all.epoch, all.durable, all.period_ns = epoch, durable, period_ns
        if clock is not None:
            all.clock = clock.sequence
        for index, end in enumerate(self.ends):
            gate, batch_gate = RingSequence(), RingSequence()
            self._gates.append([gate, batch_gate, -1, -1])
            all.peers[index].link = &end.link
            all.peers[index].gate = gate.sequence
            all.peers[index].batch_gate = batch_gate.sequence
        all.count = len(self.ends)
        self.agent.do_work = replicator_work
        self.agent.state = all

    def is_near(self, int64_t sequence):
        """Whether what comes behind it is but a small part of the ring."""
        return ring_cursor(self._input.ring) - sequence <= self._input.ring.capacity // 4

    def is_half_full(self, int index):
        """Whether what is kept for that peer takes half of a ring.

        What is not sealed yet waits for the journal here, and not for a peer.
        """
        cdef Peer *peer = &self.replicator.peers[index]
        cdef Ring *input = self._input.ring
        cdef Ring *sealed = self._sealed.ring
        cdef int64_t batches = ring_cursor(sealed) - sequence_get(peer.batch_gate)
        if batches <= 0:
            return False
        return (
            sealed_last(&self.replicator) - sequence_get(peer.gate) >= input.capacity // 2
            or batches >= sealed.capacity // 2
        )

    def hold(self, int index):
        """Keep from now on what comes, for that peer: the sequence behind which it is kept.

        Everything up to there has to be sent from the journal, then `go_live`.
        """
        gates = self._gates[index]
        self.release(index)
        # The batches first: none of those that begin behind the sequence is missed.
        gates[3] = self._sealed.add_gate(gates[1])
        gates[2] = self._input.add_gate(gates[0])
        return gates[0].value

    def release(self, int index):
        """Keep nothing for that peer, which is not live any more."""
        gates = self._gates[index]
        if gates[2] >= 0:
            self._input.remove_gate(gates[2])
        if gates[3] >= 0:
            self._sealed.remove_gate(gates[3])
        gates[2] = gates[3] = -1

    def go_live(self, int index, int64_t sequence):
        """Go on with the batch behind that sequence; False if it is not there yet.

        Everything up to `sequence`, which is not below what `hold` gave, was put in the mailbox
        before. ValueError if no batch ends there.
        """
        cdef int64_t number = self._gates[index][1].value + 1
        cdef int64_t last = ring_cursor(self._sealed.ring)
        cdef BatchHeader *header
        while number <= last:
            header = batch(&self.replicator, number)
            if <int64_t>header.first_sequence > sequence:
                break
            number += 1
        if number <= last and <int64_t>batch(&self.replicator, number).first_sequence != (
            sequence + 1
        ):
            raise ValueError(f"no batch begins behind {sequence}")
        cdef LinkEnd end = self.ends[index]
        cdef int64_t[2] numbers = [number, sequence]
        return end.post(TELL_LIVE, (<char *>numbers)[:sizeof(numbers)])

    def stop_peer(self, int index):
        """Send it no more batches; False while its mailbox is full. Then `release`."""
        cdef LinkEnd end = self.ends[index]
        return end.post(TELL_STOP, b"")

    def is_live(self, int index):
        return bool(load_acquire_i32(&self.replicator.peers[index].live))

    def count(self, int index, bint counts):
        """Have acknowledgements wait for that peer; False while its mailbox is full.

        To be set before it is recorded, and cleared after it was taken out of the record.
        """
        cdef LinkEnd end = self.ends[index]
        cdef int64_t value = counts
        return end.post(TELL_COUNT, (<char *>&value)[:8])

    def is_counted(self, int index):
        """Whether `permitted` waits for it: what is permitted after this said so, it has."""
        return bool(load_acquire_i32(&self.replicator.peers[index].counted))

    def serve(self, int index, bint served):
        """Whether that peer gets batches; it is told, and joins again if it does not."""
        store_release_i32(&self.replicator.peers[index].served, served)

    def may_go_alone(self, bint alone):
        """Whether it acknowledges without any standby: the witness has recorded that."""
        store_release_i32(&self.replicator.alone, alone)

    def lease(self, int64_t until_ns):
        """Acknowledge until then, by the agent's clock."""
        store_release_i64(&self.replicator.lease_until_ns, until_ns)

    def has(self, int index):
        """Up to where that peer has it: received or, where that is asked for, synced."""
        cdef Ack *ack = &self.replicator.peers[index].said
        return load_acquire_i64(&ack.synced if self.replicator.durable else &ack.received)

    def has_all(self, int index):
        """Whether that peer has everything that is permitted."""
        return self.has(index) >= sequence_get(self.replicator.permitted)

    def acknowledged(self, int index):
        """The sequence up to which that peer has received everything, as it grows."""
        return self._gates[index][0]

    def said(self, int index):
        """(received, synced, applied, flags) of the last acknowledgement since it went live."""
        cdef Ack *ack = &self.replicator.peers[index].said
        return (
            load_acquire_i64(&ack.received), load_acquire_i64(&ack.synced),
            load_acquire_i64(&ack.applied), load_acquire_i32(<int32_t *>&ack.flags),
        )

    @property
    def looked_ns(self):
        """When its last round was, by its clock; 0: there was none."""
        return load_acquire_i64(&self.replicator.looked_ns)

    @property
    def lived_ns(self):
        """How long it could hear its peers, in all: what silence is measured by.

        Where its thread was held up, by a write say, little of that is in it.
        """
        return load_acquire_i64(&self.replicator.lived_ns)

    @property
    def counters(self):
        """Batches sent, sent again, and rounds in which a channel had no room."""
        return {
            "batches": self.replicator.batches,
            "resent": self.replicator.resent,
            "waits": self.replicator.waits,
        }
