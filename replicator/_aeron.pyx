"""Aeron's client, and the channel over it. The C side is in _link.pyx."""
cimport cython
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport strdup

import os

from lmax.ringbuffer.agent cimport AgentBase
from replicator._link cimport (
    Client,
    Link,
    client_connect,
    client_end,
    client_work,
    link_connected,
    link_join,
    link_leave,
    link_receive,
    link_send,
)
from replicator.channel cimport MAX_MESSAGE, ChannelBase

from replicator.aeronc import AeronError, plain


@cython.no_gc_clear
cdef class AeronClient(AgentBase):
    """A client of the media driver in `directory`, in this process or another.

    An agent: its channels connect only while it is called. It may share a runner with the driver,
    and comes after it. When it had to give the driver up, because that was gone or because this
    process stood still, it begins anew by itself, and so do its channels.
    driver_timeout: seconds until a silent driver counts as gone. AeronError: none is there.
    """

    cdef Client _client

    def __cinit__(self, directory, *, double driver_timeout=5.0):
        cdef bint connected
        path = os.path.abspath(getattr(directory, "directory", directory))
        if not driver_timeout > 0:
            raise ValueError("driver_timeout is more than 0 seconds")
        self._client.directory = strdup(os.fsencode(path))
        self._client.driver_timeout_ms = <int64_t>(driver_timeout * 1000) or 1
        if self._client.directory == NULL:
            raise MemoryError("no memory for a client")
        if isinstance(directory, AgentBase):
            directory.do_work()  # its heartbeat, which may be old when nobody calls it yet
        with nogil:
            connected = client_connect(&self._client)
        if not connected:
            raise AeronError(f"no media driver answers in {path}: {self.error}")
        self.agent.do_work = client_work
        self.agent.state = &self._client

    @property
    def error(self) -> str | None:
        """The last thing that went wrong between it and the driver."""
        return plain(self._client.error) or None

    @property
    def replaced(self) -> int:
        """How often it had to begin anew."""
        return self._client.replaced

    @property
    def connected(self) -> bool:
        """Whether it has a driver now."""
        return self._client.client != NULL

    @property
    def closed(self) -> bool:
        return self._client.ended

    def close(self):
        """Nothing is sent or received over it from here on; its channels stay, without a peer."""
        with nogil:
            client_end(&self._client)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def __dealloc__(self):
        client_end(&self._client)
        free(self._client.directory)


@cython.no_gc_clear  # leaves its client when it goes
cdef class AeronChannel(ChannelBase):
    """Messages to and from one other node over Aeron.

    publication_uri, publication_stream: where what is sent goes, "aeron:udp?endpoint=host:port" of
    the other node, or "aeron:ipc". subscription_…: where what is received comes from, the own
    endpoint. It is connected when the other node has the opposite; it goes on by itself when that
    one begins anew. What was on its way then is lost.
    """

    cdef Link _link
    cdef readonly AeronClient client

    def __cinit__(
        self,
        AeronClient client not None,
        str publication_uri not None,
        int32_t publication_stream,
        str subscription_uri not None,
        int32_t subscription_stream,
    ):
        if client.closed:
            raise ValueError("the client is closed")
        self._link.held = <char *>malloc(MAX_MESSAGE)
        self._link.out_uri = strdup(publication_uri.encode())
        self._link.in_uri = strdup(subscription_uri.encode())
        if not (self._link.held and self._link.out_uri and self._link.in_uri):
            raise MemoryError("no memory for a channel")
        self._link.out_stream = publication_stream
        self._link.in_stream = subscription_stream
        self._link.client = &client._client
        self.channel.state = &self._link
        self.channel.send = link_send
        self.channel.receive = link_receive
        if not link_join(&self._link):
            raise ValueError("the client has as many channels as it can have")
        self.client = client

    @property
    def connected(self) -> bool:
        """Whether the other node is there and hears."""
        return link_connected(&self._link)

    @property
    def error(self) -> str | None:
        """Why it could not be opened when that was tried last, even if it is open now."""
        return plain(self._link.error) or None

    @property
    def dropped(self) -> int:
        """Messages, and parts of them, that did not come whole or were too long."""
        return self._link.dropped

    def close(self):
        if self.client is not None:
            with nogil:
                link_leave(&self._link)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def __dealloc__(self):
        if self.client is not None:
            link_leave(&self._link)
        free(self._link.held)
        free(self._link.out_uri)
        free(self._link.in_uri)
