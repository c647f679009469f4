"""Aeron's media driver inside this process: it owns the sockets and the shared memory.

In the mode `invoker` it has no thread of its own: it is an agent, to be called by one of ours. On
few cores that is both faster and steadier than a driver's threads beside them.
"""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t

import os
from pathlib import Path

from lmax.ringbuffer.agent cimport AgentBase
from replicator._guard cimport guard_leave, guard_take, guard_try
from replicator.aeronc cimport THREADING_INVOKER, THREADING_SHARED, aeron

from replicator.aeronc import failure
from replicator.claim import claim_directory

MODES = {"invoker": THREADING_INVOKER, "thread": THREADING_SHARED}

LARGEST_MTU = 65_504
"""Of UDP; a datagram of that size stays whole on loopback only."""

TIMER_NS = 50_000_000           # how often the driver looks for what has timed out
DATAGRAMS = 16                  # received by one system call; Aeron's bound
RECEIVE_BYTES = 2 << 20         # of a socket's buffer, where the system allows that


cdef struct Driver:
    void *driver
    void *context
    int32_t guard               # held while the driver is called
    bint invoker


cdef int driver_work(void *state) noexcept nogil:
    """Whoever comes while another is in there has nothing to do; nor has anybody after close."""
    cdef Driver *self = <Driver *>state
    cdef int done = 0
    if guard_try(&self.guard):
        if self.driver != NULL and self.invoker:
            done = aeron.driver_do_work(self.driver)
        guard_leave(&self.guard)
    return done if done > 0 else 0


cdef void driver_close(Driver *self) noexcept nogil:
    guard_take(&self.guard)
    if self.driver != NULL:
        aeron.driver_close(self.driver)
    if self.context != NULL:
        aeron.driver_context_close(self.context)
    self.driver = self.context = NULL
    guard_leave(&self.guard)


@cython.no_gc_clear
cdef class MediaDriver(AgentBase):
    """An embedded driver; its files are in `directory`, best in /dev/shm.

    mode: "invoker", to be given to an AgentRunner, or "thread", which runs by itself.
    term_bytes: of each of three terms of a stream; a message has at most an eighth of it.
    mtu: bytes of a datagram. 1408 suits every network; larger ones make long messages cheaper.
    peer_timeout: seconds until a silent peer counts as gone. client_timeout: until a process
    that uses this directory does.
    A directory that a killed process left is deleted at the start. RuntimeError: a driver that
    lives uses it.
    """

    cdef Driver _driver
    cdef object _claim          # keeps others off the directory
    cdef readonly str directory

    def __cinit__(
        self,
        directory,
        *,
        str mode="invoker",
        int64_t term_bytes=1 << 20,
        int mtu=1408,
        int ipc_mtu=LARGEST_MTU,
        double peer_timeout=1.0,
        double client_timeout=5.0,
    ):
        if mode not in MODES:
            raise ValueError(f"mode is {' or '.join(MODES)}, not {mode}")
        if not (peer_timeout > 0 and client_timeout > 0):
            raise ValueError("peer_timeout and client_timeout are more than 0 seconds")
        self.directory = os.path.abspath(directory)
        self._driver.invoker = mode == "invoker"
        self.agent.do_work = driver_work
        self.agent.state = &self._driver
        self._claim = claim_directory(Path(self.directory))
        try:
            self._configure(MODES[mode], term_bytes, mtu, ipc_mtu)
            self._set_timeouts(peer_timeout, client_timeout)
            self._start()
        except BaseException:
            self.close()
            raise

    cdef _configure(self, int mode, int64_t term_bytes, int mtu, int ipc_mtu):
        cdef int64_t buffer = min(RECEIVE_BYTES, largest_buffer("rmem_max"))
        cdef int64_t window = max(128 << 10, min(term_bytes // 2, buffer // 2))
        cdef int64_t sending = min(RECEIVE_BYTES, largest_buffer("wmem_max"))
        if aeron.driver_context_init(&self._driver.context):
            raise failure("Aeron's driver cannot be configured")
        context = self._driver.context
        check(aeron.driver_set_dir(context, os.fsencode(self.directory)), "directory")
        check(aeron.driver_set_dir_delete_on_start(context, True), "directory")
        check(aeron.driver_set_dir_delete_on_shutdown(context, True), "directory")
        check(aeron.driver_set_threading_mode(context, mode), "mode")
        check(aeron.driver_set_term(context, term_bytes), "term_bytes")
        check(aeron.driver_set_ipc_term(context, term_bytes), "term_bytes")
        check(aeron.driver_set_mtu(context, mtu), "mtu")
        check(aeron.driver_set_ipc_mtu(context, ipc_mtu), "ipc_mtu")
        check(aeron.driver_set_rcvbuf(context, buffer), "receive buffer")
        check(aeron.driver_set_sndbuf(context, sending), "send buffer")
        check(aeron.driver_set_window(context, window), "window")
        # One datagram a system call. When two are sent to a port that was closed, the first is
        # refused with the second: the sender then repeats both for ever, never gets to see that
        # nobody has answered for long, and the peer that is gone stays connected.
        check(aeron.driver_set_messages_per_send(context, 1), "datagrams")
        check(aeron.driver_set_receiver_vector(context, DATAGRAMS), "datagrams")

    cdef _set_timeouts(self, double peer, double client):
        cdef uint64_t peer_ns = <uint64_t>(peer * 1e9), client_ns = <uint64_t>(client * 1e9)
        context = self._driver.context
        check(aeron.driver_set_timer_interval(context, TIMER_NS), "timer")
        check(aeron.driver_set_client_liveness(context, client_ns), "client_timeout")
        check(aeron.driver_set_unblock(context, 2 * client_ns), "client_timeout")
        check(aeron.driver_set_image_liveness(context, peer_ns), "peer_timeout")
        check(aeron.driver_set_connection_timeout(context, peer_ns), "peer_timeout")
        check(aeron.driver_set_linger(context, peer_ns), "peer_timeout")

    cdef _start(self):
        cdef int failed
        with nogil:
            failed = aeron.driver_init(&self._driver.driver, self._driver.context)
        if failed:
            self._driver.driver = NULL
            raise failure(f"Aeron's driver cannot begin in {self.directory}")
        # Only this user: what is in there are messages on their way.
        os.chmod(self.directory, 0o700)
        with nogil:
            failed = aeron.driver_start(self._driver.driver, self._driver.invoker)
        if failed:
            raise failure(f"Aeron's driver cannot begin in {self.directory}")

    def close(self):
        """Ends the driver and removes its directory; clients that are left find it gone."""
        with nogil:
            driver_close(&self._driver)
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    @property
    def closed(self) -> bool:
        return self._driver.driver == NULL

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def __dealloc__(self):
        driver_close(&self._driver)


cdef check(int failed, str what):
    if failed:
        raise failure(f"Aeron's driver does not take this {what}")


def largest_buffer(name: str) -> int:
    """Bytes that the system allows a socket's buffer; what every system allows if unknown."""
    try:
        return int(Path("/proc/sys/net/core", name).read_text())
    except (OSError, ValueError):
        return 212_992
