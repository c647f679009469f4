"""The loop of bench.replication: one command in flight, the primary's agents stepped by it."""
from libc.stdint cimport int64_t
from libc.string cimport memset

from bench._clock cimport monotonic_ns
from lmax.histogram cimport Histogram, record
from lmax.ringbuffer.agent cimport Agent, AgentBase, agent_do_work
from lmax.ringbuffer.ring cimport Ring, RingBuffer, ring_publish, ring_slot, ring_try_claim
from lmax.ringbuffer.sequence cimport RingSequence, sequence_get
from lmax.wire cimport RECORD_BYTES, Command

cdef enum:
    MOST = 8


def one_in_flight(RingBuffer ring, agents, RingSequence reached, RingSequence done,
                  Histogram into, int64_t count):
    """Publish one command, step the agents until `reached` has it; ns of that. Then until `done`.

    The command is one that the logic refuses: what is measured is the way to it. TimeoutError.
    """
    cdef Agent *turn[MOST]
    cdef AgentBase agent
    cdef Ring *target = ring.ring
    cdef int64_t _round, last, begun
    cdef int64_t patience = <int64_t>10 * 1_000_000_000
    cdef int64_t now = 0
    cdef int number = 0
    cdef int index
    cdef Command *slot
    for agent in agents[:MOST]:
        turn[number] = agent.as_agent()
        number += 1
    with nogil:
        for _round in range(count):
            begun = monotonic_ns()
            last = ring_try_claim(target, 1)
            slot = <Command *>ring_slot(target, last)
            memset(slot, 0, RECORD_BYTES)
            slot.sequence = last
            slot.type = 250
            ring_publish(target, last, last)
            while sequence_get(reached.sequence) < last and now - begun < patience:
                for index in range(number):
                    agent_do_work(turn[index])
                now = monotonic_ns()
            record(&into.counts, monotonic_ns() - begun)
            while sequence_get(done.sequence) < last and now - begun < patience:
                for index in range(number):
                    agent_do_work(turn[index])
                now = monotonic_ns()
            if now - begun >= patience:
                break
    if now - begun >= patience:
        raise TimeoutError(f"command {last} did not arrive")
