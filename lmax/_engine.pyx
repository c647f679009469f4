"""The business logic as a Python object.

Used for replays, checks, tests and research. The running system drives the same functions
(lmax/_logic.pxd) from the rings instead.
"""
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

import numpy as np

from lmax._book cimport (
    BookSide, Level, Order, book_open, level_at, order_at, price_key, side_find, side_next,
)
from lmax._logic cimport logic_apply, logic_open
from lmax._state cimport (
    FAULT_NONE, Instrument, Sink, state_close, state_hash, state_hash_afresh,
)
from lmax.funds cimport position_find
from lmax.wire cimport MAX_ACCOUNT, MAX_INSTRUMENT, Command

from lmax.schema import COMMAND, EVENT, Reason

cdef enum:
    FIRST_EVENTS = 1024

FAULTS = {1: "a command came out of sequence", 2: "the system refused memory"}


class EngineFault(RuntimeError):
    """The logic stopped for good: a command out of sequence, or no memory."""


cdef void more_room(Sink *sink) noexcept nogil:
    """Double the buffer of events."""
    cdef EventBuffer *buffer = <EventBuffer *>sink.owner
    cdef size_t used = sink.next - buffer.events
    cdef Event *events = <Event *>realloc(buffer.events, 2 * buffer.capacity * sizeof(Event))
    if events == NULL:
        buffer.exhausted = True
        sink.next = buffer.events
        return
    buffer.events = events
    buffer.capacity *= 2
    sink.next = events + used
    sink.end = events + buffer.capacity


cdef class Engine:
    """Accounts, funds, instruments and books, moved by commands alone.

    bare: a single book under instrument 1 without accounts or money (see lmax.OrderBook);
    tick_size, lot_size: its steps; both are ignored otherwise.
    """

    def __cinit__(self, *, bint bare=False, int64_t tick_size=1, int64_t lot_size=1):
        self.buffer.events = <Event *>malloc(FIRST_EVENTS * sizeof(Event))
        if logic_open(&self.state, bare) < 0 or self.buffer.events == NULL:
            raise MemoryError("the engine's address space (about 10 GiB, used as needed) was refused")
        self.buffer.capacity = FIRST_EVENTS
        self.state.sink.owner = &self.buffer
        self.state.sink.refill = more_room
        if bare:
            self.define_bare(tick_size, lot_size)

    def __dealloc__(self):
        state_close(&self.state)
        free(self.buffer.events)

    cdef int define_bare(self, int64_t tick_size, int64_t lot_size) except -1:
        cdef Instrument *instrument = &self.state.instruments[1]
        if tick_size < 1 or lot_size < 1:
            raise ValueError("tick_size and lot_size start at 1")
        instrument.defined = True
        instrument.tick_size = tick_size
        instrument.lot_size = lot_size
        instrument.min_price = INT64_MIN
        instrument.max_price = instrument.max_quantity = INT64_MAX
        instrument.unit = 1
        self.state.highest_instrument = 1
        book_open(&instrument.book, &self.state.pools, tick_size)
        return 0

    # -- commands

    cdef int apply_bytes(self, const unsigned char[::1] commands) except -1:
        cdef size_t i
        cdef size_t count = commands.shape[0] // sizeof(Command)
        cdef Command *first = <Command *>&commands[0] if count else NULL
        self.state.sink.next = self.buffer.events
        self.state.sink.end = self.buffer.events + self.buffer.capacity
        with nogil:
            for i in range(count):
                logic_apply(&self.state, first + i)
        if self.buffer.exhausted:
            raise MemoryError("no memory for the events of these commands; apply fewer at once")
        if self.state.fault != FAULT_NONE:
            raise EngineFault(
                f"{FAULTS[self.state.fault]}; the last one applied is {self.state.sequence}"
            )
        return 0

    cdef object written(self):
        cdef size_t size = <char *>self.state.sink.next - <char *>self.buffer.events
        events = np.empty(size // sizeof(Event), EVENT)
        cdef unsigned char[::1] target = events.view(np.uint8)
        if size:
            memcpy(&target[0], self.buffer.events, size)
        return events

    def apply(self, commands):
        """Apply an array of commands (dtype COMMAND); their events (dtype EVENT).

        The commands' sequences continue from `sequence`. Raises EngineFault when they do not,
        or when an earlier call raised it.
        """
        self.apply_bytes(as_commands(commands).view(np.uint8))
        return self.written()

    def skim(self, commands):
        """Apply an array of commands and drop their events; how many events there were."""
        self.apply_bytes(as_commands(commands).view(np.uint8))
        return self.state.sink.next - self.buffer.events

    # -- looking at the state

    @property
    def sequence(self):
        """Of the command applied last; 0 at the beginning."""
        return self.state.sequence

    @property
    def now(self):
        """Business time in ns."""
        return self.state.now

    @property
    def trades(self):
        """How many trades there were."""
        return self.state.trades

    @property
    def accepted(self):
        """How many commands were accepted."""
        return self.state.accepted

    @property
    def rejected(self):
        """How many commands were rejected, by reason."""
        return {reason: self.state.rejected[reason] for reason in Reason
                if self.state.rejected[reason]}

    @property
    def state_hash(self):
        """64 bits that two engines in the same state share."""
        return state_hash(&self.state)

    def recomputed_state_hash(self):
        """The same, worked out from everything there is; for checks."""
        return state_hash_afresh(&self.state)

    def account(self, uint32_t account):
        """(cash, reserved) of an account, or None."""
        if account > MAX_ACCOUNT or not self.state.funds.accounts[account].open:
            return None
        cash = self.state.funds.accounts[account].cash
        return cash.balance, cash.reserved

    def position(self, uint32_t account, uint32_t instrument):
        """(shares, reserved) of an account in an instrument; (0, 0) where there is none."""
        cdef object found = position_find(&self.state.funds, account, instrument).shares
        return found["balance"], found["reserved"]

    def accounts(self):
        """Every account as rows (account, cash, reserved), int64[n, 3]."""
        cdef uint32_t i
        rows = [
            (i, self.state.funds.accounts[i].cash.balance, self.state.funds.accounts[i].cash.reserved)
            for i in range(1, self.state.funds.highest_account + 1)
            if self.state.funds.accounts[i].open
        ]
        return np.array(rows, np.int64).reshape(-1, 3)

    def positions(self):
        """Every position that is not zero as sorted rows (account, instrument, shares, reserved)."""
        cdef uint64_t i
        rows = []
        for i in range(self.state.funds.mask + 1):
            place = self.state.funds.positions[i]
            if place.key and (place.shares.balance or place.shares.reserved):
                rows.append((place.key >> 32, place.key & 0xFFFFFFFFU,
                             place.shares.balance, place.shares.reserved))
        return np.array(sorted(rows), np.int64).reshape(-1, 4)

    def instruments(self):
        """The ids of all defined instruments and their symbols, {id: symbol}."""
        cdef uint32_t i
        return {
            i: self.state.instruments[i].symbol[:8].rstrip(b"\0").decode("ascii")
            for i in range(1, self.state.highest_instrument + 1)
            if self.state.instruments[i].defined
        }

    def book(self, uint32_t instrument=1):
        """A look at the book of an instrument. KeyError where none is defined."""
        if instrument > MAX_INSTRUMENT or not self.state.instruments[instrument].defined:
            raise KeyError(f"instrument {instrument} is not defined")
        return BookView(self, instrument)

    def check(self):
        """AssertionError if the state contradicts itself."""
        if self.state_hash != self.recomputed_state_hash():
            raise AssertionError("the state hash kept up to date is not that of the state")
        for instrument in self.instruments() or ([1] if self.state.bare else []):
            check_book(self, instrument)


cdef as_commands(commands):
    if not isinstance(commands, np.ndarray) or commands.dtype != COMMAND:
        raise TypeError("commands are a NumPy array of dtype lmax.COMMAND")
    return np.ascontiguousarray(commands)


cdef class BookView:
    """The levels and queues of one book, read when asked. Prices in 10^-4."""
    cdef Engine engine
    cdef uint32_t instrument

    def __init__(self, Engine engine, uint32_t instrument):
        self.engine = engine
        self.instrument = instrument

    cdef BookSide *side(self, uint8_t side):
        return &self.engine.state.instruments[self.instrument].book.sides[side]

    cdef list levels(self, uint8_t side, limit):
        cdef uint32_t index = self.side(side).best
        cdef Level *level
        found = []
        while index and (limit is None or len(found) < limit):
            level = level_at(&self.engine.state.pools, index)
            price = order_at(&self.engine.state.pools, level.head).price
            found.append((price, level.quantity, level.count))
            index = side_next(&self.engine.state.pools, self.side(side), index)
        return found

    cdef uint32_t find(self, uint8_t side, int64_t price):
        cdef int64_t tick_size = self.engine.state.instruments[self.instrument].tick_size
        if price % tick_size:
            return 0
        return side_find(
            &self.engine.state.pools, self.side(side), price_key(side, price, tick_size)
        )

    def bids(self, limit=None):
        """[(price, quantity, orders)], best first."""
        return self.levels(0, limit)

    def asks(self, limit=None):
        """[(price, quantity, orders)], best first."""
        return self.levels(1, limit)

    def depth(self, int side, int64_t price):
        """(quantity, orders) open at a price; (0, 0) where there is no level."""
        cdef uint32_t index = self.find(side, price)
        if index == 0:
            return 0, 0
        level = level_at(&self.engine.state.pools, index)
        return level.quantity, level.count

    def queue(self, int side, int64_t price):
        """[(account, client_order_id, leaves)] at a price, oldest first."""
        cdef uint32_t index = self.find(side, price)
        cdef Order *order
        found = []
        if index:
            index = level_at(&self.engine.state.pools, index).head
        while index:
            order = order_at(&self.engine.state.pools, index)
            found.append((order.account, order.client_order_id, order.leaves))
            index = order.next
        return found


def check_book(Engine engine, uint32_t instrument):
    """Totals, counts and the order of levels and queues of one book, against its orders."""
    view = engine.book(instrument)
    bids, asks = view.bids(), view.asks()
    if bids and asks and bids[0][0] >= asks[0][0]:
        raise AssertionError(f"book {instrument} is crossed: bid {bids[0][0]}, ask {asks[0][0]}")
    for side, levels in ((0, bids), (1, asks)):
        prices = [price for price, _, _ in levels]
        if prices != sorted(set(prices), reverse=side == 0):
            raise AssertionError(f"levels of side {side} of book {instrument} are out of order")
        for price, quantity, count in levels:
            leaves = [left for _, _, left in view.queue(side, price)]
            if min(leaves) < 1 or sum(leaves) != quantity or len(leaves) != count:
                raise AssertionError(
                    f"level {price} of side {side} of book {instrument} says {quantity} in {count}"
                    f" orders; they hold {sum(leaves)} in {len(leaves)}"
                )
        if sum(quantity for _, quantity, _ in levels) != (
            (<BookView>view).side(side).quantity
        ):
            raise AssertionError(f"the total of side {side} of book {instrument} is wrong")
