# What is known of one instrument, and how another thread may look at it.
#
# A seqlock, not a lock: the agent holds back matching when it stands still (its gate is not
# detachable), and a reader that the kernel took off its core while holding a lock would make
# it stand still. Here the agent never waits. It makes `version` odd before it changes a book
# and even again when the command is whole. A reader copies, and tries again if the version
# was odd or another afterwards. So what it gets is the state between two commands.
#
# A reader that fails for long, because the agent is busy without a break, says so in
# `waiting`; the agent then leaves a short gap between two rounds, whose length it decides.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from lmax.ringbuffer.atomics cimport (
    acquire_fence, load_acquire_i64, load_relaxed_i64, release_fence, store_relaxed_i64,
    store_release_i64,
)
from marketdata._levels cimport BookSide, Level
from marketdata._tape cimport Trade
from marketdata._trading cimport Trading

cdef extern from *:
    Book *load_book "__atomic_load_n"(Book **cell, int order) noexcept nogil
    void store_book "__atomic_store_n"(Book **cell, Book *value, int order) noexcept nogil
    enum:
        BOOK_ACQUIRE "__ATOMIC_ACQUIRE"
        BOOK_RELEASE "__ATOMIC_RELEASE"


cdef struct Total:  # 128 bits: turnover has no bound
    uint64_t low
    uint64_t high


cdef struct Book:
    int64_t version  # odd while a command is being taken in
    uint64_t sequence  # of the last command that changed anything here
    BookSide sides[2]  # by wire.Side
    uint64_t trades
    Total volume
    Total notional
    Trade last  # its trade_id is 0: there is none
    Trading trading
    uint8_t quantity_scale
    char symbol[8]  # zero padded; empty: its definition was not seen
    int64_t tick_size


cdef struct Levels:  # where a reader wants the best levels of both sides
    Level *sides[2]
    int64_t room  # of each
    int64_t counts[2]  # how many there are now


# Empty, and already being changed: `book_end` shows it. NULL without memory.
cdef Book *book_new() noexcept nogil

cdef void book_free(Book *book) noexcept nogil

# A copy of the state between two commands, with the best levels (may be NULL).
#
# The sides in `copy` point to memory that changes: use `levels`. They come as they are
# stored, the best last.
cdef void book_copy(Book *book, Book *copy, Levels *levels, int32_t *waiting) noexcept nogil


cdef inline void book_begin(Book *book) noexcept nogil:
    store_relaxed_i64(&book.version, load_relaxed_i64(&book.version) | 1)
    release_fence()  # odd before the first change can be seen


cdef inline void book_end(Book *book) noexcept nogil:
    store_release_i64(&book.version, load_relaxed_i64(&book.version) + 1)


cdef inline int64_t book_version(Book *book) noexcept nogil:
    return load_acquire_i64(&book.version)


cdef inline bint book_unchanged(Book *book, int64_t version) noexcept nogil:
    """Whether everything read since it had that even version belongs together."""
    acquire_fence()
    return load_relaxed_i64(&book.version) == version


cdef inline void total_add(Total *total, int64_t amount) noexcept nogil:
    """The amount may be negative, the total never is."""
    total.low += <uint64_t>amount
    total.high += total.low < <uint64_t>amount
    total.high -= amount < 0
