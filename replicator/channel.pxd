# How messages get from one node to another.
#
# A channel is two functions. The real one is in `_aeron.pyx`; one of a simulation is a Python
# object (`ForeignChannel`). Messages may be lost, doubled or reordered: who uses a channel checks.
# One thread at a time uses a channel.
from libc.stdint cimport int64_t


cdef enum:
    MAX_MESSAGE = 128 << 10     # bytes of the longest message
    NO_ROOM = 0                 # of send: try again later
    NOBODY = -1                 # of send: nobody is connected


cdef struct Channel:
    void *state
    # `size` when the message was taken, else NO_ROOM or NOBODY. More than MAX_MESSAGE or fewer
    # than 1 byte are never taken.
    int64_t (*send)(void *state, const char *data, int64_t size) noexcept nogil
    # Size of one whole message, copied to `into`; 0 when there is none now. A message that is
    # longer than `room` is dropped: offer MAX_MESSAGE.
    int64_t (*receive)(void *state, char *into, int64_t room) noexcept nogil


cdef class ChannelBase:
    """What takes messages to one other node and brings those from it."""

    cdef Channel channel
    cdef char *_room            # of MAX_MESSAGE bytes, for `receive` in Python
