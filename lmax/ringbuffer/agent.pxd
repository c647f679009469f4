"""An agent: something with a duty cycle, called again and again by whoever runs it.

`do_work` does what can be done now and returns how much that was: 0 when there was nothing,
a negative number when the agent has failed and must not be called again. It never waits:
idling is the business of the runner, which may have other agents to call.

To write one, subclass `AgentBase` in Cython and fill in `agent`:

    cdef int count_work(void *state) noexcept nogil:
        ...

    cdef class Counter(AgentBase):
        def __cinit__(self):
            self.agent.do_work = count_work
            self.agent.state = <void *>self
"""

from libc.stdint cimport int32_t, int64_t

from lmax.ringbuffer.ring cimport RingBuffer
from lmax.ringbuffer.wait cimport Wait

cdef enum:
    MAX_AGENTS = 16


cdef struct Agent:
    int (*do_work)(void *state) noexcept nogil
    void *state


cdef inline int agent_do_work(Agent *agent) noexcept nogil:
    return agent.do_work(agent.state)


cdef class AgentBase:
    """What a runner takes. Subclasses fill in `agent` in their `__cinit__`."""

    cdef Agent agent

    cdef Agent *as_agent(self) noexcept


cdef class AgentRunner:
    """Runs agents in turn, on a thread of its own or step by step."""

    cdef Agent *_agents[MAX_AGENTS]
    cdef int _count
    cdef int32_t _stop              # atomic: 0, DRAIN or AT_ONCE
    cdef int32_t _failed            # what a failed agent returned
    cdef int _failed_index
    cdef Wait _wait
    cdef RingBuffer _wake_on
    cdef readonly tuple agents
    cdef readonly str name
    cdef readonly object core
    cdef object _exception
    cdef object _thread
