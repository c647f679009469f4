"""Channels as Python sees them, and one that is a Python object. See channel.pxd."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cdef extern from "Python.h":
    int PyBUF_READ

LONGEST = MAX_MESSAGE
"""Bytes of the longest message that a channel takes."""


cdef class ChannelBase:
    """Takes messages to one other node and brings those from it; one thread at a time."""

    def __dealloc__(self):
        free(self._room)

    def send(self, bytes message not None) -> int:
        """Its size when it was taken, 0 when there is no room now, -1 when nobody is connected."""
        cdef const char *data = PyBytes_AS_STRING(message)
        cdef int64_t size = PyBytes_GET_SIZE(message)
        if not 1 <= size <= MAX_MESSAGE:
            raise ValueError(f"a message has 1 to {MAX_MESSAGE} bytes, not {size}")
        if self.channel.send == NULL:
            raise TypeError(f"{type(self).__name__} sets no channel.send in its __cinit__")
        with nogil:
            size = self.channel.send(self.channel.state, data, size)
        return size

    def receive(self) -> bytes | None:
        """The next whole message; None when there is none now."""
        cdef int64_t size
        if self.channel.receive == NULL:
            raise TypeError(f"{type(self).__name__} sets no channel.receive in its __cinit__")
        if self._room == NULL:
            self._room = <char *>malloc(MAX_MESSAGE)
            if self._room == NULL:
                raise MemoryError("no memory for a message")
        with nogil:
            size = self.channel.receive(self.channel.state, self._room, MAX_MESSAGE)
        return PyBytes_FromStringAndSize(self._room, size) if size > 0 else None

    @property
    def connected(self) -> bool:
        """Whether what is sent now may arrive."""
        return True

    def close(self):
        """Nothing is sent or received from here on."""


cdef int64_t foreign_send(void *state, const char *data, int64_t size) noexcept with gil:
    cdef ForeignChannel channel = <ForeignChannel>state
    cdef int64_t sent
    try:
        if not 1 <= size <= MAX_MESSAGE:
            return NO_ROOM
        sent = channel.target.send(bytes(PyMemoryView_FromMemory(<char *>data, size, PyBUF_READ)))
        if sent not in (size, NO_ROOM, NOBODY):
            raise ValueError(f"send of {size} bytes returned {sent}")
        return sent
    except BaseException as error:
        channel.failure = error
        return NOBODY


cdef int64_t foreign_receive(void *state, char *into, int64_t room) noexcept with gil:
    cdef ForeignChannel channel = <ForeignChannel>state
    cdef bytes message
    cdef int64_t size
    try:
        message = channel.target.receive()
        if message is None:
            return 0
        size = PyBytes_GET_SIZE(message)
        if not 1 <= size <= MAX_MESSAGE:
            raise ValueError(f"a message has 1 to {MAX_MESSAGE} bytes, not {size}")
        if size > room:
            return 0
        memcpy(into, PyBytes_AS_STRING(message), size)
        return size
    except BaseException as error:
        channel.failure = error
        return 0


@cython.no_gc_clear  # its functions may be called until it goes
cdef class ForeignChannel(ChannelBase):
    """A channel in Python, for simulations.

    target: has send(bytes) → what `ChannelBase.send` returns, and receive() → bytes or None;
    connected and close() if it likes. failure: what one of them raised last. A send that raised
    counts as not connected, a receive that raised as no message.
    """

    cdef readonly object target
    cdef public object failure

    def __cinit__(self, target):
        self.target = target
        self.channel.state = <void *>self
        self.channel.send = foreign_send
        self.channel.receive = foreign_receive

    @property
    def connected(self) -> bool:
        return bool(getattr(self.target, "connected", True))

    def close(self):
        close = getattr(self.target, "close", None)
        if close is not None:
            close()
