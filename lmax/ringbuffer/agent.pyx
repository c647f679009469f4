"""Running agents on a thread of their own, or step by step."""

import os
import threading

from lmax.ringbuffer.atomics cimport load_acquire_i32, store_release_i32
from lmax.ringbuffer.signal cimport signal_wake
from lmax.ringbuffer.wait cimport BACKOFF, BLOCKING, wait_idle, wait_init, wait_reset

cdef extern from "<limits.h>" nogil:
    int INT_MAX

cdef extern from "<sys/prctl.h>" nogil:
    int prctl(int option, ...)
    int PR_SET_NAME
    int PR_SET_TIMERSLACK

cdef enum:
    DRAIN = 1
    AT_ONCE = 2


class AgentError(Exception):
    """An agent returned a negative number: its runner has stopped."""


cdef class AgentBase:
    """Something with a duty cycle; see `agent.pxd` for how to write one."""

    cdef Agent *as_agent(self) noexcept:
        return &self.agent

    def do_work(self) -> int:
        """One round of the duty cycle on the caller's thread: the work done, or negative."""
        cdef int done
        if self.agent.do_work == NULL:
            raise TypeError(f"{type(self).__name__} sets no agent.do_work in its __cinit__")
        with nogil:
            done = self.agent.do_work(self.agent.state)
        return done


cdef int call_python(void *state) noexcept with gil:
    cdef PythonAgent agent = <PythonAgent>state
    try:
        return agent.duty()
    except BaseException as error:
        agent.error = error
        return -1


cdef class PythonAgent(AgentBase):
    """An agent whose duty cycle is a Python callable: `duty() -> int`, the work done.

    It takes the GIL every round, so it is for slow stages and for tests. An exception
    counts as a failure and is kept in `error`.
    """

    cdef readonly object duty
    cdef public object error

    def __cinit__(self, duty):
        self.duty = duty
        self.agent.do_work = call_python
        self.agent.state = <void *>self


cdef class AgentRunner:
    """Calls `agents` in turn on a thread named `name`, and idles when none had work.

    strategy: a WaitStrategy; BLOCKING sleeps until `wake_on`, a ring built with
    blocking=True, is published to, and at most `max_sleep` seconds. core: pins the thread to
    that CPU. Instead of `start`, the caller may drive the agents itself with `step`.
    """

    def __cinit__(
        self,
        agents,
        *,
        str name="agents",
        strategy=BACKOFF,
        double max_sleep=0.001,
        core=None,
        RingBuffer wake_on=None,
    ):
        self.agents = tuple(agents)
        if not 1 <= len(self.agents) <= MAX_AGENTS:
            raise ValueError(f"a runner has 1 to {MAX_AGENTS} agents, not {len(self.agents)}")
        for index, agent in enumerate(self.agents):
            self._agents[index] = usable(agent)
        self._count = len(self.agents)
        if strategy == BLOCKING and (wake_on is None or not wake_on.ring.blocking):
            raise ValueError("BLOCKING needs wake_on, a ring built with blocking=True")
        if core is not None and core not in os.sched_getaffinity(0):
            raise ValueError(f"core {core} is not one of {sorted(os.sched_getaffinity(0))}")
        self.name = name
        self.core = core
        self._wake_on = wake_on
        wait_init(
            &self._wait, strategy, 0, <int64_t>(max_sleep * 1e9),
            NULL if wake_on is None else &wake_on.ring.signal,
        )
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def step(self) -> int:
        """Calls every agent once on the caller's thread; the work done, 0 when there was none.

        Raises AgentError when one has failed, now or before.
        """
        cdef int done
        if self._thread.is_alive():
            raise RuntimeError(f"{self.name} runs on its own thread: stop it before stepping")
        with nogil:
            done = call_all(self)
        if done < 0:
            raise self.error
        return done

    def start(self):
        """Starts the thread."""
        self._thread.start()
        return self

    def stop(self, *, bint drain=True):
        """Asks the thread to end; returns at once.

        drain: only after a whole round in which no agent found work. Otherwise after the
        round it is in.
        """
        if load_acquire_i32(&self._stop) != AT_ONCE:
            store_release_i32(&self._stop, DRAIN if drain else AT_ONCE)
        if self._wake_on is not None:
            signal_wake(&self._wake_on.ring.signal)

    def join(self, double timeout=10.0):
        """Waits for the thread's end. Raises TimeoutError after `timeout` seconds."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(
                f"{self.name} still runs after {timeout} s: its agents still find work;"
                " stop what feeds them first, or stop(drain=False)"
            )

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def error(self):
        """Why the runner ended by itself: an AgentError, an OSError, or None."""
        cdef int code = load_acquire_i32(&self._failed)
        if self._exception is None and code < 0:
            agent = self.agents[self._failed_index]
            self._exception = AgentError(f"{type(agent).__name__} in {self.name} failed: {code}")
            self._exception.__cause__ = getattr(agent, "error", None)
        return self._exception

    def _run(self):
        try:
            prepare_thread(self.name, self.core)
        except OSError as error:
            self._exception = error
            return
        with nogil:
            run(self)


cdef Agent *usable(AgentBase agent) except NULL:
    if agent is None or agent.as_agent().do_work == NULL:
        raise TypeError(f"{agent!r} is no agent: subclass AgentBase and set agent.do_work")
    return agent.as_agent()


cdef prepare_thread(str name, core):
    """Name, core and timer slack of the calling thread."""
    cdef bytes short = name.encode()[:15]
    prctl(PR_SET_NAME, <char *>short)
    # The kernel rounds sleeps up by 50 µs to save power: not for us.
    prctl(PR_SET_TIMERSLACK, <unsigned long>1)
    if core is not None:
        os.sched_setaffinity(0, {core})


cdef int call_all(AgentRunner runner) noexcept nogil:
    """One round: the work done by all, or what the first that failed returned."""
    cdef int64_t total = 0
    cdef int done, index
    if runner._failed < 0:
        return runner._failed
    for index in range(runner._count):
        done = agent_do_work(runner._agents[index])
        if done < 0:
            runner._failed_index = index
            store_release_i32(&runner._failed, done)
            return done
        total += done
    return <int>min(total, <int64_t>INT_MAX)


cdef void run(AgentRunner runner) noexcept nogil:
    cdef int done, stop
    while True:
        # Before the round, so that the round that ends a drain began after the request.
        stop = load_acquire_i32(&runner._stop)
        done = call_all(runner)
        if done < 0 or stop == AT_ONCE or (stop == DRAIN and done == 0):
            break
        wait_idle(&runner._wait, done)
    wait_reset(&runner._wait)
