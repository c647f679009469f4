# One client of a media driver, and its links: the C side of AeronClient and AeronChannel.
#
# A client's conductor talks to the driver. Aeron gives a client up when the driver, or the process
# itself, has stood still for too long; then all that belonged to it is dead. Here it is replaced
# by a new one, and its links get new publications and subscriptions, when a driver is there again.
#
# Guards: `client_work`, closing and joining hold the client's; whoever uses or changes the
# publication and subscription of a link holds the link's. The client's is taken first.
from libc.stdint cimport int32_t, int64_t, uint8_t

from replicator.aeronc cimport cbool

cdef enum:
    MAX_LINKS = 64
    ERROR_BYTES = 512


cdef struct Client:
    int32_t guard
    int32_t count               # of links
    int32_t replaced            # how often a new client had to be made
    bint ended                  # closed for good
    void *client                # NULL while there is none
    void *context
    char *directory
    int64_t driver_timeout_ms
    int64_t retry_ns            # when to try again
    Link *links[MAX_LINKS]
    char error[ERROR_BYTES]


cdef struct Link:
    int32_t guard
    bint complete               # has publication and subscription
    bint exhausted              # the publication has come to its end
    Client *client
    char *out_uri
    char *in_uri
    int32_t out_stream
    int32_t in_stream
    void *adding_publication    # requests on their way
    void *adding_subscription
    void *publication
    void *subscription
    int64_t retry_ns
    # What a poll is doing
    char *into                  # where the caller wants the message
    int64_t room
    int64_t size                # of the whole message in there
    # A message of several fragments: `gathered` bytes are in `gathering`, which is `into` while the
    # poll goes on in which it began, and `held` after that. NULL: none has begun.
    char *gathering
    char *held
    int64_t gathered
    int32_t session
    int64_t dropped             # fragments and messages that could not be made whole, or too long
    char error[ERROR_BYTES]


# Connects to the driver, which must be there within the time. Aeron's last words on failure.
cdef bint client_connect(Client *self) noexcept nogil
# The duty cycle, also after the end.
cdef int client_work(void *state) noexcept nogil
# All that belongs to it goes; `ended` first for good.
cdef void client_end(Client *self) noexcept nogil

# False: the client has as many as it can.
cdef bint link_join(Link *self) noexcept nogil
cdef void link_leave(Link *self) noexcept nogil
cdef int64_t link_send(void *state, const char *data, int64_t size) noexcept nogil
cdef int64_t link_receive(void *state, char *into, int64_t room) noexcept nogil
cdef bint link_connected(Link *self) noexcept nogil
