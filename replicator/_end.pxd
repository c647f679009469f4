# One end of a link between two nodes: frames in and out, and the mailboxes of its control.
#
# The agent that owns the link, a replicator or a receiver, sends and receives in its duty cycle
# without the GIL. What it does not know itself goes to the *inbox*, from where control, which is
# Python and may take its time, reads it; what control wants sent, or wants to tell the agent
# itself, goes through the *outbox*, in order. So channel and keys are one thread's alone.
from libc.stdint cimport int32_t, int64_t, uint32_t

from lmax.ringbuffer.agent cimport AgentBase
from lmax.ringbuffer.ring cimport Ring, RingBuffer
from lmax.ringbuffer.sequence cimport RingSequence, Sequence
from replicator._secure cimport Secure
from replicator.channel cimport Channel, ChannelBase

cdef enum:
    MAILS = 8  # messages in a mailbox
    MAIL_BYTES = 131072
    CLEAR_NS = 20000000  # clear frames: one in this time,
    CLEAR_BURST = 16  # and so many at once
    MOST_NOISE = 64  # frames dropped in one call of link_receive


cdef struct Mail:
    uint32_t kind
    uint32_t size  # of the body behind it


cdef struct Link:
    Channel *channel
    Secure *keys  # of the connection in use; NULL: none yet
    Secure *pending  # of one that has yet to prove itself
    char *out  # the frame that is to be sent next
    int64_t out_bytes  # 0: nothing waits for the channel
    char *into
    Ring *inbox
    Ring *outbox
    Sequence *told  # of the outbox: what the agent has taken
    int64_t heard_ns  # atomic: when the last good frame came
    int64_t sent_ns
    int64_t connections  # atomic: how many have proven themselves
    int64_t full  # messages that were dropped because nobody emptied the inbox
    int64_t clear_ns  # when all clear frames that came would have been due, at their rate
    int64_t limited  # atomic: clear frames that were dropped because too many came


# The next good frame, decrypted: its body's size, 0 when there is none; `body` and `kind` are set.
# 0 also behind a lot of bad ones, so that whoever floods the port holds nobody up.
cdef int64_t link_receive(Link *link, int64_t now, uint32_t *kind, char **body) noexcept nogil

# Where a body of up to MAX_MESSAGE - FRAME_OVERHEAD bytes goes; NULL while the last frame waits.
cdef char *link_room(Link *link) noexcept nogil

# Send what was put there; whether the channel has it, or will be asked again by `link_flush`.
cdef bint link_send(Link *link, int64_t now, uint32_t kind, int64_t body_bytes) noexcept nogil

# Ask the channel again; whether nothing waits any more.
cdef bint link_flush(Link *link) noexcept nogil

# To control.
cdef void link_deliver(Link *link, uint32_t kind, const char *body, int64_t size) noexcept nogil

# The oldest mail from control, NULL when there is none; `link_done` after it was dealt with.
cdef Mail *link_mail(Link *link) noexcept nogil
cdef void link_done(Link *link) noexcept nogil

# Deal with a mail that is not the agent's own: send it; False while there is no room.
cdef bint link_post(Link *link, int64_t now, Mail *mail) noexcept nogil


cdef class LinkEnd:
    cdef Link link
    cdef readonly ChannelBase channel
    cdef RingBuffer _inbox
    cdef RingBuffer _outbox
    cdef RingSequence _read
    cdef RingSequence _told
    cdef list _keys  # (number of the mail that told of it, SecureLink)
    cdef _forget_keys(self)
