# From the engine's events to books and trades: one loop, without the GIL, that never waits.
from libc.stdint cimport int32_t, int64_t

from lmax.ringbuffer.barrier cimport Barrier
from lmax.ringbuffer.sequence cimport Sequence
from lmax.wire cimport Event
from marketdata._book cimport Book
from marketdata._tape cimport Tape

cdef enum:
    FEED_NO_MEMORY = -1
    FEED_MOST = 1024  # events in one round


cdef struct Feed:
    Barrier barrier
    Sequence *position
    Book **books  # by instrument; NULL: no event of it yet
    Tape tape
    Book *open  # the book that the command now being taken in has changed
    int64_t events
    int64_t command  # sequence of the last one taken in to its end
    int32_t highest  # instrument with a book
    int32_t waiting  # readers that ask for a gap
    int32_t failed


# One round of the agent: how many events were taken in; FEED_NO_MEMORY for good.
cdef int feed_work(void *owner) noexcept nogil

# The book of an instrument, opened for a change; NULL without memory.
cdef Book *feed_book(Feed *feed, int64_t instrument) noexcept nogil

# Ends the change of the open book, if there is one.
cdef void feed_show(Feed *feed) noexcept nogil
