"""Taking in events. See _feed.pxd.

Readers see the state between two commands because a round ends with a whole command. Only
a command with more events than a round or the ring holds (the end of a day) is shown in
parts; the book of each instrument is right in every part.
"""
from libc.string cimport memcpy
from libc.stdint cimport uint8_t

from lmax.ringbuffer.atomics cimport (
    cpu_pause, load_acquire_i32, load_relaxed_i32, store_relaxed_i64, store_release_i32,
    store_release_i64,
)
from lmax.ringbuffer.barrier cimport barrier_available
from lmax.ringbuffer.ring cimport Ring, ring_slot
from lmax.ringbuffer.sequence cimport sequence_get, sequence_set
from lmax.wire cimport (
    CMD_CORPORATE_ACTION, CMD_DEFINE_INSTRUMENT, CMD_SET_REFERENCE, EVT_ACCEPTED, EVT_AUCTION,
    EVT_BANDS, EVT_BOOK, EVT_BUSTED, EVT_CORRECTED, EVT_FILL, EVT_LIMIT_STATE, EVT_PHASE,
    EVT_RESTRICTION, FLAG_LAST, MAX_INSTRUMENT,
)
from marketdata._book cimport (
    BOOK_RELEASE, book_begin, book_end, book_new, store_book, total_add,
)
from marketdata._levels cimport price_key, side_set
from marketdata._tape cimport (
    TRADE_BUSTED, TRADE_CORRECTED, tape_add, tape_amend, tape_last,
)
from marketdata._trading cimport trading_take

cdef enum:
    GAP = 512  # pauses, about 10 µs: time for a reader to copy thousands of levels


cdef int feed_work(void *owner) noexcept nogil:
    cdef Feed *feed = <Feed *>owner
    cdef Ring *ring = feed.barrier.ring
    cdef int64_t first = sequence_get(feed.position) + 1
    cdef int64_t last = barrier_available(&feed.barrier, first)
    cdef int64_t number
    if feed.failed:
        return feed.failed
    last = end_of_commands(ring, first, min(last, <int64_t>(first + FEED_MOST - 1)))
    if last < first:
        return 0
    if load_relaxed_i32(&feed.waiting):
        leave_gap(feed)
    for number in range(first, last + 1):
        if take(feed, <const Event *>ring_slot(ring, number)) < 0:
            feed.failed = FEED_NO_MEMORY
            feed_show(feed)
            return feed.failed
    feed_show(feed)
    store_relaxed_i64(&feed.events, feed.events + last - first + 1)
    sequence_set(feed.position, last)
    return <int>(last - first + 1)


cdef inline int64_t end_of_commands(Ring *ring, int64_t first, int64_t last) noexcept nogil:
    """Where the last whole command ends; `last` if waiting for that would be waiting forever."""
    cdef int64_t number = last
    while number >= first:
        if (<const Event *>ring_slot(ring, number)).flags & FLAG_LAST:
            return number
        number -= 1
    return last if last - first + 1 >= min(<int64_t>FEED_MOST, ring.capacity) else first - 1


cdef void leave_gap(Feed *feed) noexcept nogil:
    """All books are even now: stay away until nobody waits, but not for long."""
    cdef int _pause
    for _pause in range(GAP):
        if load_acquire_i32(&feed.waiting) == 0:
            return
        cpu_pause()


cdef inline int take(Feed *feed, const Event *event) noexcept nogil:
    cdef int done = 0
    if event.type == EVT_BOOK:
        done = take_level(feed, event)
    elif event.type == EVT_FILL:
        done = take_fill(feed, event)
    elif event.type == EVT_ACCEPTED:
        done = take_accepted(feed, event)
    elif event.type == EVT_BUSTED or event.type == EVT_CORRECTED:
        done = take_amendment(feed, event)
    elif (
        event.type == EVT_PHASE or event.type == EVT_AUCTION or event.type == EVT_LIMIT_STATE
        or event.type == EVT_BANDS or event.type == EVT_RESTRICTION
    ):
        done = take_trading(feed, event)
    if event.flags & FLAG_LAST:
        feed_show(feed)
        store_release_i64(&feed.command, <int64_t>event.sequence)
    return done


cdef inline int take_level(Feed *feed, const Event *event) noexcept nogil:
    cdef Book *book = feed_book(feed, event.instrument)
    cdef uint8_t side = event.side & 1
    if book == NULL:
        return -1
    book.sequence = event.sequence
    return side_set(
        &book.sides[side], price_key(side, event.price), event.quantity, event.order_count
    )


cdef inline int take_fill(Feed *feed, const Event *event) noexcept nogil:
    cdef Book *book = feed_book(feed, event.instrument)
    if book == NULL:
        return -1
    book.sequence = event.sequence
    book.trades += 1
    total_add(&book.volume, event.quantity)
    total_add(&book.notional, event.amount)
    book.last = tape_add(&feed.tape, event)[0]
    return 0


cdef inline int take_accepted(Feed *feed, const Event *event) noexcept nogil:
    """Of what is accepted, instruments' names and references can be seen by readers."""
    if event.command == CMD_DEFINE_INSTRUMENT:
        return take_definition(feed, event)
    if event.command == CMD_CORPORATE_ACTION and event.symbol[0]:
        return take_definition(feed, event)
    if event.command == CMD_CORPORATE_ACTION or event.command == CMD_SET_REFERENCE:
        return take_trading(feed, event)
    return 0


cdef int take_amendment(Feed *feed, const Event *event) noexcept nogil:
    """A trade from before our time is in no turnover here."""
    cdef Book *book = feed_book(feed, event.instrument)
    cdef bint busted = event.type == EVT_BUSTED
    if book == NULL:
        return -1
    book.sequence = event.sequence
    if not tape_amend(&feed.tape, event, TRADE_BUSTED if busted else TRADE_CORRECTED):
        return 0
    total_add(&book.volume, (0 if busted else event.quantity) - event.leaves)
    total_add(&book.notional, (0 if busted else event.amount) - event.maker_leaves)
    book.trades -= busted
    if book.last.trade_id != event.trade_id:
        return 0
    if busted:
        tape_last(&feed.tape, event.instrument, &book.last)
    else:
        book.last.price = event.price
        book.last.quantity = event.quantity
        book.last.state = TRADE_CORRECTED
    return 0


cdef int take_trading(Feed *feed, const Event *event) noexcept nogil:
    cdef Book *book = feed_book(feed, event.instrument)
    if book == NULL:
        return -1
    book.sequence = event.sequence
    trading_take(&book.trading, event)
    return 0


cdef int take_definition(Feed *feed, const Event *event) noexcept nogil:
    cdef Book *book = feed_book(feed, event.instrument)
    if book == NULL:
        return -1
    book.sequence = event.sequence
    book.quantity_scale = event.quantity_scale
    book.tick_size = event.price
    memcpy(book.symbol, event.symbol, sizeof(book.symbol))
    return 0


cdef Book *feed_book(Feed *feed, int64_t instrument) noexcept nogil:
    cdef Book *book = feed.books[instrument & MAX_INSTRUMENT]
    if book != NULL and book == feed.open:
        return book
    feed_show(feed)
    if book == NULL:
        book = book_new()
        if book == NULL:
            return NULL
        store_book(&feed.books[instrument & MAX_INSTRUMENT], book, BOOK_RELEASE)
        if instrument > feed.highest:
            store_release_i32(&feed.highest, <int32_t>instrument)
    book_begin(book)
    feed.open = book
    return book


cdef void feed_show(Feed *feed) noexcept nogil:
    if feed.open != NULL:
        book_end(feed.open)
        feed.open = NULL
