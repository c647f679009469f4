"""Books by level and trades, kept from the output ring, for readers on other threads."""
from libc.stdint cimport INT64_MAX, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

import numpy as np

from lmax.ringbuffer.atomics cimport (
    load_acquire_i32, load_acquire_i64, load_relaxed_i64,
)
from lmax.ringbuffer.barrier cimport barrier_init
from lmax.wire cimport MAX_INSTRUMENT, RECORD_BYTES, SIDE_BUY, SIDE_SELL
from marketdata._book cimport (
    BOOK_ACQUIRE, Total, book_copy, book_free, load_book,
)
from marketdata._feed cimport feed_book, feed_show, feed_work
from marketdata._levels cimport BookSide, Level, price_key, side_set
from marketdata._tape cimport (
    TRADE_CORRECTED, Trade as TapeTrade, tape_close, tape_copy, tape_open,
)
from marketdata._trading cimport trading_load, trading_view

from marketdata.seed import check_seed
from marketdata.views import NOTHING_KNOWN, TRADES, Depth, Statistics, Top, Trade

cdef enum:
    MAX_KEPT = 1 << 24
    FIRST_ROOM = 64  # levels to make room for before it is known how many there are


cdef class MarketData(AgentBase):
    """The agent that follows the market, and the reader's side of it.

    output: the ring of the engine's events; producers wait for this agent from now on.
    trades_kept: how many trades `trades` can go back, 1 to 2^24. sequence: the command after
    which the engine's next events come, for a node that goes on after a replay.

    Every method may be called by any thread while the agent runs, except `load` and `close`.
    Readers wait, without the GIL, until the agent is between two commands; the agent does
    not wait for them.
    """

    def __cinit__(self, RingBuffer output, *, int64_t trades_kept=1024, int64_t sequence=0):
        if output.slot_bytes != RECORD_BYTES:
            raise ValueError(f"the ring of events has slots of {RECORD_BYTES} bytes")
        if not 1 <= trades_kept <= MAX_KEPT:
            raise ValueError(f"trades_kept is 1 to {MAX_KEPT}, not {trades_kept}")
        self.feed.books = <Book **>calloc(MAX_INSTRUMENT + 1, sizeof(Book *))
        if self.feed.books == NULL or tape_open(&self.feed.tape, trades_kept) < 0:
            raise MemoryError(f"no memory for the last {trades_kept} trades")
        self.output = output
        self.trades_kept = trades_kept
        self.position = RingSequence()
        self.gate = output.add_gate(self.position)
        barrier_init(&self.feed.barrier, output.ring)
        self.feed.position = self.position.sequence
        self.feed.command = sequence
        self.agent.do_work = feed_work
        self.agent.state = &self.feed

    def __dealloc__(self):
        cdef int instrument
        if self.feed.books != NULL:
            for instrument in range(MAX_INSTRUMENT + 1):
                book_free(self.feed.books[instrument])
        free(self.feed.books)
        tape_close(&self.feed.tape)

    def close(self):
        """Producers no longer wait for this agent. After its runner has ended."""
        if self.gate >= 0:
            self.output.remove_gate(self.gate)
            self.gate = -1

    def load(
        self, int64_t instrument, str symbol, quantity_scale, tick_size, bids, asks,
        trading=NOTHING_KNOWN,
    ):
        """Begin with a book as it stands, instead of an empty one; before the agent runs.

        bids, asks: (price, quantity, orders), best first; trading: views.Trading. Replaces what
        was loaded before.
        Raises ValueError for a book that cannot be, RuntimeError once events were taken in.
        """
        check_seed(instrument, symbol, bids, asks, trading.phase)
        if self.events:
            raise RuntimeError("load books before the agent takes in its first event")
        cdef bytes name = symbol.encode("ascii")
        cdef Book *book = feed_book(&self.feed, instrument)
        if book == NULL:
            raise MemoryError(f"no memory for the book of instrument {instrument}")
        try:
            memset(book.symbol, 0, sizeof(book.symbol))
            memcpy(book.symbol, <const char *>name, len(name))
            book.quantity_scale = quantity_scale
            book.tick_size = tick_size
            load_side(&book.sides[SIDE_BUY], SIDE_BUY, bids)
            load_side(&book.sides[SIDE_SELL], SIDE_SELL, asks)
            trading_load(&book.trading, trading)
        finally:
            feed_show(&self.feed)

    # -- looking at one instrument; KeyError while nothing was seen of it

    def top(self, instrument):
        """Best price and quantity of both sides, None where a side is empty."""
        cdef Level best[2]
        cdef Levels levels
        levels.sides[0] = &best[0]
        levels.sides[1] = &best[1]
        levels.room = 1
        self.copy(instrument, &levels)
        bid = bid_quantity = ask = ask_quantity = None
        if levels.counts[SIDE_BUY]:
            bid, bid_quantity, _ = level_of(&best[SIDE_BUY], SIDE_BUY)
        if levels.counts[SIDE_SELL]:
            ask, ask_quantity, _ = level_of(&best[SIDE_SELL], SIDE_SELL)
        return Top(bid, bid_quantity, ask, ask_quantity)

    def depth(self, instrument, levels=10):
        """The best levels of both sides, best first; all of them if `levels` is None."""
        if levels is not None and levels < 1:
            raise ValueError(f"levels is 1 or more, or None for all; {levels} is not")
        cdef int64_t most = INT64_MAX if levels is None else levels
        cdef Levels wanted
        cdef int64_t[:, :, ::1] memory
        wanted.room = min(most, <int64_t>FIRST_ROOM)
        while True:
            memory = np.empty((2, wanted.room, sizeof(Level) // sizeof(int64_t)), np.int64)
            wanted.sides[0] = <Level *>&memory[0, 0, 0]
            wanted.sides[1] = <Level *>&memory[1, 0, 0]
            self.copy(instrument, &wanted)
            needed = min(most, max(wanted.counts[0], wanted.counts[1]))
            if needed <= wanted.room:
                return Depth(
                    levels_of(&wanted, SIDE_BUY, most), levels_of(&wanted, SIDE_SELL, most)
                )
            wanted.room = needed + needed // 8  # it may grow meanwhile

    def last_trade(self, instrument):
        """The newest trade of that instrument that stands; None if none is known."""
        cdef Book book = self.copy(instrument)
        if book.last.trade_id == 0:
            return None
        return Trade(
            book.last.time, book.last.trade_id, book.last.price, book.last.quantity,
            book.last.side, bool(book.last.auction), book.last.state == TRADE_CORRECTED,
        )

    def trading(self, instrument):
        """Phase, status, bands, auction and restrictions of an instrument: views.Trading."""
        cdef Book book = self.copy(instrument)
        return trading_view(&book.trading)

    def statistics(self, instrument):
        """What an instrument is, and its turnover since the agent began."""
        cdef Book book = self.copy(instrument)
        return Statistics(
            symbol_of(&book), book.quantity_scale, book.tick_size, book.sequence, book.trades,
            as_integer(&book.volume), as_integer(&book.notional),
            book.sides[SIDE_BUY].count, book.sides[SIDE_SELL].count,
        )

    # -- looking at all of them

    def trades(self, int64_t n=50, instrument=None):
        """The last `n` trades, oldest first (dtype views.TRADES); of all instruments, or of one.

        Those that were busted or corrected since are among them, and say so in their `state`.
        Those of one instrument are looked for among the last `trades_kept` of all.
        """
        if not 1 <= n <= self.trades_kept:
            raise ValueError(f"n is 1 to trades_kept, which is {self.trades_kept}; {n} is not")
        if instrument is not None:
            self.find(instrument)
        cdef int64_t most = n if instrument is None else self.trades_kept
        cdef int64_t count
        trades = np.empty(most, TRADES)
        cdef unsigned char[::1] target = trades.view(np.uint8)
        with nogil:
            count = tape_copy(&self.feed.tape, <TapeTrade *>&target[0], most)
        trades = trades[:count]
        if instrument is None:
            return trades
        return trades[trades["instrument"] == instrument][-n:]

    def instruments(self):
        """Symbol by instrument, of all of which anything was seen; "" if not its definition."""
        cdef Book book
        found = {}
        for instrument in range(1, load_acquire_i32(&self.feed.highest) + 1):
            if load_book(&self.feed.books[<int>instrument], BOOK_ACQUIRE) != NULL:
                book = self.copy(instrument)
                found[instrument] = symbol_of(&book)
        return found

    @property
    def sequence(self):
        """Of the last command whose events were all taken in."""
        return load_acquire_i64(&self.feed.command)

    @property
    def events(self):
        """How many events were taken in."""
        return load_relaxed_i64(&self.feed.events)

    @property
    def trade_count(self):
        """How many trades were seen."""
        return load_relaxed_i64(&self.feed.tape.done)

    cdef Book *find(self, instrument) except NULL:
        cdef Book *book = NULL
        if 1 <= instrument <= MAX_INSTRUMENT:
            book = load_book(&self.feed.books[<int>instrument], BOOK_ACQUIRE)
        if book == NULL:
            raise KeyError(f"instrument {instrument} is not known: nothing was seen of it so far")
        return book

    cdef Book copy(self, instrument, Levels *levels=NULL) except *:
        cdef Book *book = self.find(instrument)
        cdef Book copy
        with nogil:
            book_copy(book, &copy, levels, &self.feed.waiting)
        return copy


cdef load_side(BookSide *side, int which, levels):
    side.count = 0
    for price, quantity, orders in reversed(levels):
        if side_set(side, price_key(which, price), quantity, orders) < 0:
            raise MemoryError(f"no memory for a side of {len(levels)} levels")


cdef tuple level_of(const Level *level, int side):
    return price_key(side, level.key), level.quantity, level.orders


cdef list levels_of(Levels *levels, int side, int64_t most):
    """The best of what was copied, turned round: best first."""
    cdef int64_t i
    cdef int64_t copied = min(levels.counts[side], levels.room)
    cdef int64_t skipped = max(<int64_t>0, copied - most)
    return [level_of(&levels.sides[side][i], side) for i in range(copied - 1, skipped - 1, -1)]


cdef object as_integer(const Total *total):
    return (<object>total.high << 64) + total.low


cdef str symbol_of(const Book *book):
    return book.symbol[:sizeof(book.symbol)].rstrip(b"\0").decode("ascii")
