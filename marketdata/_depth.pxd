from lmax.ringbuffer.agent cimport AgentBase
from lmax.ringbuffer.ring cimport RingBuffer
from lmax.ringbuffer.sequence cimport RingSequence
from marketdata._book cimport Book, Levels
from marketdata._feed cimport Feed


cdef class MarketData(AgentBase):
    cdef Feed feed
    cdef readonly RingBuffer output
    cdef readonly RingSequence position
    cdef readonly int trades_kept
    cdef int gate

    cdef Book *find(self, instrument) except NULL
    cdef Book copy(self, instrument, Levels *levels=*) except *
