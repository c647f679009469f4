"""The disruptor: rings, sequences, barriers, wait strategies, processors and agents.

Cython code cimports the structs and functions of the modules' `.pxd` files, `ring.pxd`
first; what is here is the same for Python.
"""

from lmax.ringbuffer.agent import AgentBase, AgentError, AgentRunner, PythonAgent
from lmax.ringbuffer.barrier import SequenceBarrier
from lmax.ringbuffer.processor import BatchProcessor
from lmax.ringbuffer.ring import RingBuffer, RingFull
from lmax.ringbuffer.sequence import RingSequence
from lmax.ringbuffer.wait import WaitStrategy

__all__ = [
    "AgentBase",
    "AgentError",
    "AgentRunner",
    "BatchProcessor",
    "PythonAgent",
    "RingBuffer",
    "RingFull",
    "RingSequence",
    "SequenceBarrier",
    "WaitStrategy",
]
