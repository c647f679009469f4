"""Bare books without Python in the loop: spans of single messages, and many books side by side.

Reports go round in a ring of slots.
"""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

import numpy as np

from bench._clock cimport in_ns, ns_in_2_20_ticks, ticks_after, ticks_before
from bench._memory cimport read_back, touched
from lmax._book cimport (
    BareBook, BookPools, barebook_apply, barebook_close, barebook_open, book_pools_open,
)
from lmax.histogram cimport Counts, Histogram, record
from lmax.book.levels cimport level_pools_close
from lmax.base.memory cimport pool_close
from lmax.wire cimport Message, Report

cdef enum:
    SLOTS = 1 << 14  # reports in the ring: 768 KiB
    MOST_RESTING = 1 << 20  # in one book
    QUIET = 10_000  # ns


cdef class Books:
    """So many empty books; `messages` below are arrays of dtype MESSAGE."""

    cdef BookPools pools
    cdef BareBook *books
    cdef Report *ring
    cdef uint64_t at  # where in the ring the next report goes
    cdef readonly int64_t count
    cdef readonly int64_t reports  # written so far

    def __cinit__(self, int64_t count=1):
        cdef int64_t i
        self.books = <BareBook *>calloc(count, sizeof(BareBook))
        self.ring = <Report *>malloc((SLOTS + MOST_RESTING) * sizeof(Report))
        if self.books == NULL or self.ring == NULL or book_pools_open(&self.pools) < 0:
            raise MemoryError(f"no memory for {count} books")
        memset(self.ring, 255, 2 * SLOTS * sizeof(Report))  # no page faults later
        for i in range(count):
            if barebook_open(&self.books[i], &self.pools) < 0:
                raise MemoryError(f"no memory for {count} books, after {i}")
            self.books[i].tick_size = self.books[i].lot_size = 1
            self.books[i].max_orders = MOST_RESTING // 2
            self.count = i + 1

    def __dealloc__(self):
        cdef int64_t i
        for i in range(self.count):
            barebook_close(&self.books[i])
        free(self.books)
        free(self.ring)
        pool_close(&self.pools.slots)
        level_pools_close(&self.pools.levels)

    def resting(self, int64_t number=0):
        """How many orders rest in a book."""
        self.known(number)
        return self.books[number].ids.count

    cdef int known(self, int64_t number) except -1:
        if not 0 <= number < self.count:
            raise IndexError(f"there is no book {number} of {self.count}")
        return 0

    cdef inline void step(
        self, BareBook *book, const Message *messages, size_t begin, size_t end
    ) noexcept nogil:
        if self.at >= SLOTS:
            self.at = 0
        book.next = self.ring + self.at
        barebook_apply(book, messages, begin, end)
        self.reports += book.next - (self.ring + self.at)
        self.at = book.next - self.ring

    def play(self, messages, int64_t number=0, int64_t batch=4096):
        """All messages to one book; ns."""
        cdef const unsigned char[::1] data = messages.view("u1")
        cdef const Message *first = <const Message *>&data[0]
        cdef size_t count = data.shape[0] // sizeof(Message)
        cdef uint64_t pace = ns_in_2_20_ticks()
        cdef uint64_t begun, ended
        cdef size_t i = 0
        self.known(number)
        if not 1 <= batch <= 65_536:
            raise ValueError("a batch is 1 to 65,536 messages")
        with nogil:
            begun = ticks_before()
            while i < count:
                self.step(&self.books[number], first, i, min(i + batch, count))
                i += batch
            ended = ticks_after()
        return in_ns(ended - begun, pace)

    def time_each(self, messages, Histogram found):
        """All messages to the first book, one by one; how long each took goes into `found`."""
        cdef const unsigned char[::1] data = messages.view("u1")
        cdef const Message *first = <const Message *>&data[0]
        cdef size_t count = data.shape[0] // sizeof(Message)
        cdef uint64_t pace = ns_in_2_20_ticks()
        cdef uint64_t begun, ended
        cdef size_t i
        with nogil:
            for i in range(count):
                begun = ticks_before()
                self.step(self.books, first, i, i + 1)
                ended = ticks_after()
                record(&found.counts, in_ns(ended - begun, pace))

    def play_among(self, messages, const uint32_t[::1] books):
        """Each message to the book of that number, one by one; ns."""
        cdef const unsigned char[::1] data = messages.view("u1")
        cdef const Message *first = <const Message *>&data[0]
        cdef uint64_t pace = ns_in_2_20_ticks()
        cdef uint64_t begun, ended
        cdef Py_ssize_t i
        self.known(np.max(books))
        with nogil:
            begun = ticks_before()
            for i in range(books.shape[0]):
                self.step(&self.books[books[i]], first, i, i + 1)
            ended = ticks_after()
        return in_ns(ended - begun, pace)

    def time_among(self, messages, const uint32_t[::1] books, Histogram hot, Histogram others):
        """The same, every span counted: those of book 0 in `hot`, the rest in `others`.

        (mean of the hot one's spans, mean of the others'), ns; spans of more than 10 µs, when the
        machine did something else, count in the histograms alone. 0 where there are none.
        """
        cdef const unsigned char[::1] data = messages.view("u1")
        cdef const Message *first = <const Message *>&data[0]
        cdef uint64_t pace = ns_in_2_20_ticks()
        cdef uint64_t begun, ended
        cdef uint64_t spent[2]
        cdef int64_t seen[2]
        cdef int64_t span
        cdef Counts *counts[2]
        cdef Py_ssize_t i
        cdef uint32_t other
        self.known(np.max(books))
        spent[0] = spent[1] = seen[0] = seen[1] = 0
        counts[0] = &hot.counts
        counts[1] = &others.counts
        with nogil:
            for i in range(books.shape[0]):
                begun = ticks_before()
                self.step(&self.books[books[i]], first, i, i + 1)
                ended = ticks_after()
                other = books[i] != 0
                span = in_ns(ended - begun, pace)
                record(counts[other], span)
                if span <= QUIET:
                    spent[other] += ended - begun
                    seen[other] += 1
        return in_ns(spent[0], pace) / max(1, seen[0]), in_ns(spent[1], pace) / max(1, seen[1])


def reports_of_each(messages):
    """How many reports each message has in a new book, uint8[n] (255: that many or more)."""
    cdef const unsigned char[::1] data = messages.view("u1")
    cdef const Message *first = <const Message *>&data[0]
    cdef Books books = Books()
    found = np.zeros(len(messages), np.uint8)
    cdef uint8_t[::1] out = found
    cdef Py_ssize_t i
    for i in range(out.shape[0]):
        books.reports = 0
        books.step(books.books, first, i, i + 1)
        out[i] = <uint8_t>min(books.reports, <int64_t>255)
    return found


def raw(messages, const uint8_t[::1] reports):
    """The least that any book must do: read each message, write so many reports for it; ns."""
    cdef const unsigned char[::1] data = messages.view("u1")
    cdef const Message *first = <const Message *>&data[0]
    cdef Message message
    cdef uint64_t pace = ns_in_2_20_ticks()
    cdef uint64_t begun, ended
    cdef int64_t at = 0
    cdef Py_ssize_t i
    cdef int _k
    cdef Report *ring = <Report *>touched(SLOTS * sizeof(Report))
    with nogil:
        begun = ticks_before()
        for i in range(reports.shape[0]):
            memcpy(&message, first + i, sizeof(Message))
            for _k in range(reports[i]):
                ring[at].order_id = message.order_id
                ring[at].other_order_id = message.new_order_id
                ring[at].price = message.price
                ring[at].quantity = ring[at].leaves = message.quantity
                ring[at].message = <uint32_t>i
                ring[at].type = message.type
                ring[at].side = message.side
                ring[at].reason = ring[at].reserved0 = 0
                at = at + 1 if at + 1 < SLOTS else 0
        ended = ticks_after()
        read_back(ring)
    free(ring)
    return in_ns(ended - begun, pace)
