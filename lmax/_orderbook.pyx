# cython: binding=False
"""The bare order book as a Python object. See docs/embedding.md and docs/book-design.md."""

from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS,
    PyBUF_WRITABLE,
    PyBuffer_Release,
    PyObject_GetBuffer,
)
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

import numpy as np

from lmax._book cimport (
    BareBook,
    BookPools,
    MAX_RESTING,
    barebook_apply,
    barebook_close,
    barebook_one,
    barebook_open,
    book_pools_open,
    most_reports,
)
from lmax.base.memory cimport refused
from lmax.book.bookcheck cimport barebook_check
from lmax.book.levels cimport (
    key_price,
    level_at,
    level_find,
    level_key,
    level_next,
    levels_bytes,
    price_key,
)
from lmax.book.orderids cimport ids_bytes, ids_place, order_id_tag
from lmax.book.orders cimport Slot, slot_at
from lmax.book.reportblock cimport BlockPair, ReportBlock
from lmax.book.reportbuffer cimport (
    ReportBuffer,
    buffer_close,
    buffer_room_behind,
)
from lmax.base.wholenumbers cimport byte_of, side_of, signed_of, unsigned_of
from lmax.wire cimport (
    MSG_CANCEL,
    MSG_NEW,
    MSG_REDUCE,
    MSG_REPLACE,
    ORD_MARKET,
    RPT_FILL,
    RPT_REJECTED,
    TIF_GTC,
    Message,
    Report,
)

from lmax.book.messages import as_messages
from lmax.schema import REPORT

cdef BookPools POOLS

if book_pools_open(&POOLS) < 0:
    raise refused("the order books", 11)


cdef class OrderBook:
    """Price-time priority on whole numbers, one Python call per array or per message.

    tick_size, lot_size: what prices and quantities are multiples of, at least 1. A price is any
    multiple of the tick in -2^63..2^63-1, in whatever unit the data has; below zero too. An order
    id is any number of 0..2^64-1 that no resting order has.
    max_orders: how many may rest at once; more are refused with CAPACITY.
    check_every: look after each so many messages whether the book is sound (slow; for debugging).

    All books of a process share their memory: use them from one thread at a time.
    """

    cdef BareBook book
    cdef BlockPair blocks  # of the last arrays
    cdef ReportBuffer single  # of the single calls since reports() was asked
    cdef uint64_t check_every

    def __cinit__(
        self, *, int64_t tick_size=1, int64_t lot_size=1, uint64_t max_orders=MAX_RESTING - 1,
        uint64_t check_every=0,
    ):
        if tick_size < 1 or lot_size < 1:
            raise ValueError("tick_size and lot_size start at 1")
        if barebook_open(&self.book, &POOLS) < 0:
            raise MemoryError
        self.book.tick_size = tick_size
        self.book.lot_size = lot_size
        self.book.max_orders = max_orders
        self.book.stepped = tick_size != 1 or lot_size != 1
        self.check_every = check_every
        self.blocks = BlockPair()

    def __dealloc__(self):
        barebook_close(&self.book)
        buffer_close(&self.single)

    # -- arrays

    def apply(self, messages):
        """Apply an array of dtype MESSAGE in order; their reports, an array of dtype REPORT.

        An array of dtype COMMAND is converted (NEW_ORDER, CANCEL, REDUCE, REPLACE of limit and
        market orders). The array stays as it is. What cannot be done is a report of type REJECTED.

        Raises TypeError for another dtype, ValueError for a command that a bare book has no use
        for, both with nothing applied; MemoryError.
        """
        cdef Py_buffer source
        messages = as_messages(messages)
        PyObject_GetBuffer(messages, &source, PyBUF_C_CONTIGUOUS)
        cdef size_t count = source.len // sizeof(Message)
        cdef ReportBlock block
        cdef uint64_t found
        try:
            block = self.blocks.block(most_reports(&self.book, count))
            found = self.run(<const Message *>source.buf, count, <Report *>block.memory)
        finally:
            PyBuffer_Release(&source)
        return block.array(found)

    def apply_into(self, messages, out):
        """As `apply`, but the reports go into `out`, an array of dtype REPORT; how many there are.

        ValueError, with nothing applied, if `out` is shorter than there might be reports: three a
        message and one for each order that rests now.
        """
        cdef Py_buffer source, target
        messages = as_messages(messages)
        if not isinstance(out, np.ndarray) or out.dtype != REPORT:
            raise TypeError("out is a NumPy array of dtype lmax.schema.REPORT")
        PyObject_GetBuffer(messages, &source, PyBUF_C_CONTIGUOUS)
        cdef size_t count = source.len // sizeof(Message)
        cdef uint64_t most = most_reports(&self.book, count)
        try:
            PyObject_GetBuffer(out, &target, PyBUF_WRITABLE | PyBUF_C_CONTIGUOUS)
            try:
                if target.len // sizeof(Report) < most:
                    raise ValueError(
                        f"out holds {len(out)} reports and {most} may come of {count} messages"
                        f" with {self.book.ids.count} orders resting; make it longer"
                    )
                return self.run(<const Message *>source.buf, count, <Report *>target.buf)
            finally:
                PyBuffer_Release(&target)
        finally:
            PyBuffer_Release(&source)

    cdef uint64_t run(self, const Message *messages, size_t count, Report *reports) except? 0:
        """How many reports there are now."""
        cdef size_t done = 0
        cdef size_t step = self.check_every if self.check_every else count
        self.book.next = reports
        while done < count:
            barebook_apply(&self.book, messages, done, min(done + step, count))
            done = min(done + step, count)
            if self.check_every:
                self.check()
        return self.book.next - reports

    # -- one message

    cdef Report *one(self, Message *message) except NULL:
        """Apply it; its first report. The others lie behind, up to book.next."""
        cdef uint64_t most = most_reports(&self.book, 1)
        cdef Report *first
        if self.single.used + most > self.single.capacity:
            if buffer_room_behind(&self.single, most) < 0:
                raise MemoryError
        first = &self.single.reports[self.single.used]
        self.book.next = first
        barebook_one(&self.book, message)
        self.single.used += self.book.next - first
        if self.check_every:
            self.check()
        return first

    cdef int64_t filled(self, const Report *report) noexcept:
        """What the reports from that one on say was traded; minus the Reason of a refusal."""
        cdef int64_t quantity = 0
        if report.type == RPT_REJECTED:
            return -<int64_t>report.reason
        while report < self.book.next:
            if report.type == RPT_FILL:
                quantity += report.quantity
            report += 1
        return quantity

    def limit(self, side, price, quantity, order_id, time_in_force=TIF_GTC):
        """A limit order; the quantity that traded at once, or minus the Reason of its refusal."""
        cdef Message message
        memset(&message, 0, sizeof(message))
        message.type = MSG_NEW
        message.side = byte_of(side, "side")
        message.price = signed_of(price, "price")
        message.quantity = signed_of(quantity, "quantity")
        message.order_id = unsigned_of(order_id, "order_id")
        message.time_in_force = byte_of(time_in_force, "time_in_force")
        return self.filled(self.one(&message))

    def market(self, side, quantity, order_id):
        """A market order; the quantity that traded, or minus the Reason of its refusal."""
        cdef Message message
        memset(&message, 0, sizeof(message))
        message.type = MSG_NEW
        message.order_type = ORD_MARKET
        message.side = byte_of(side, "side")
        message.quantity = signed_of(quantity, "quantity")
        message.order_id = unsigned_of(order_id, "order_id")
        return self.filled(self.one(&message))

    def cancel(self, order_id):
        """The end of a resting order; the quantity taken out, 0 if no such order rests."""
        cdef Message message
        cdef const Report *report
        memset(&message, 0, sizeof(message))
        message.type = MSG_CANCEL
        message.order_id = unsigned_of(order_id, "order_id")
        report = self.one(&message)
        return 0 if report.type == RPT_REJECTED else report.quantity

    def reduce(self, order_id, by):
        """Less of a resting order, which keeps its place: the quantity taken off, at most what
        was open; minus the Reason of a refusal."""
        cdef Message message
        cdef const Report *report
        memset(&message, 0, sizeof(message))
        message.type = MSG_REDUCE
        message.order_id = unsigned_of(order_id, "order_id")
        message.quantity = signed_of(by, "by")
        report = self.one(&message)
        return -<int64_t>report.reason if report.type == RPT_REJECTED else report.quantity

    def replace(self, order_id, price, quantity, new_order_id=0):
        """Another price and open quantity, and another id unless that is 0; what traded at once,
        or minus the Reason of a refusal (then the order stays as it was).

        Less than before at the same price keeps the place in the queue; anything else loses it.
        """
        cdef Message message
        memset(&message, 0, sizeof(message))
        message.type = MSG_REPLACE
        message.order_id = unsigned_of(order_id, "order_id")
        message.new_order_id = unsigned_of(new_order_id, "new_order_id")
        message.price = signed_of(price, "price")
        message.quantity = signed_of(quantity, "quantity")
        return self.filled(self.one(&message))

    def reports(self):
        """The reports of the single calls since this was asked last, an array of dtype REPORT.

        When nobody asks, the newest 4,096 at least are kept; `reports_lost` counts the others.
        """
        found = reports_of(self.single.reports, self.single.used)
        self.single.used = 0
        return found

    @property
    def reports_lost(self):
        """How many reports of single calls were dropped because nobody asked for them."""
        return self.single.lost

    # -- looking

    def __len__(self):
        """How many orders rest."""
        return self.book.ids.count

    def __contains__(self, order_id):
        """Whether an order of that id rests."""
        return self.slot_of(order_id) != 0

    cdef uint32_t slot_of(self, order_id) except? 0:
        cdef uint64_t id = unsigned_of(order_id, "order_id")
        return <uint32_t>ids_place(&self.book.ids, &POOLS.slots, order_id_tag(id), id)[0]

    @property
    def best_bid(self):
        """(price, quantity) of the highest price bid; None when nobody bids."""
        return self.best(0)

    @property
    def best_ask(self):
        """(price, quantity) of the lowest price asked; None when nobody asks."""
        return self.best(1)

    cdef object best(self, uint8_t side):
        cdef uint32_t level = self.book.sides[side].best
        if level == 0:
            return None
        return self.price_at(side, level), level_at(&POOLS.levels, level).quantity

    cdef int64_t price_at(self, uint8_t side, uint32_t level) noexcept:
        return key_price(side, level_key(&POOLS.levels, level)) * self.book.tick_size

    cdef uint32_t level_of(self, side, price) except? 0:
        cdef uint8_t which = side_of(side)
        cdef int64_t wanted = signed_of(price, "price")
        if wanted % self.book.tick_size:
            return 0
        return level_find(
            &POOLS.levels, &self.book.sides[which],
            price_key(which, wanted // self.book.tick_size),
        )

    def depth(self, side, price):
        """(quantity, orders) open at a price; (0, 0) where there is nothing."""
        cdef uint32_t level = self.level_of(side, price)
        if level == 0:
            return 0, 0
        return level_at(&POOLS.levels, level).quantity, level_at(&POOLS.levels, level).count

    def levels(self, side, n=None):
        """[(price, quantity, orders)] of the best `n` levels, or all, best first."""
        cdef uint8_t which = side_of(side)
        cdef uint32_t level = self.book.sides[which].best
        if n is not None and n < 0:
            raise ValueError(f"n is 0 or more, or None for all levels; {n} is not")
        found = []
        while level and (n is None or len(found) < n):
            found.append((
                self.price_at(which, level),
                level_at(&POOLS.levels, level).quantity,
                level_at(&POOLS.levels, level).count,
            ))
            level = level_next(&POOLS.levels, &self.book.sides[which], level)
        return found

    def queue(self, side, price):
        """[(order_id, leaves)] of the orders at a price, the first to trade first."""
        cdef uint32_t level = self.level_of(side, price)
        cdef uint32_t index = level_at(&POOLS.levels, level).head if level else 0
        cdef Slot *slot
        found = []
        while index:
            slot = slot_at(&POOLS.slots, index)
            found.append((slot.id, slot.leaves))
            index = slot.next
        return found

    def check(self):
        """AssertionError that says what is wrong if the book is not sound. Slow."""
        cdef const char *fault = barebook_check(&self.book)
        if fault != NULL:
            raise AssertionError(fault.decode())

    def memory(self):
        """Bytes that this book takes now: for its orders, their ids, its levels, its reports."""
        return {
            "orders": self.book.ids.count * sizeof(Slot),
            "ids": ids_bytes(&self.book.ids),
            "levels": levels_bytes(&self.book.sides[0]) + levels_bytes(&self.book.sides[1]),
            "reports": self.blocks.bytes_touched() + self.single.capacity * sizeof(Report),
            "book": sizeof(BareBook),
        }


cdef object reports_of(const Report *first, uint64_t count):
    """A copy as an array."""
    cdef Py_buffer target
    reports = np.empty(count, REPORT)
    PyObject_GetBuffer(reports, &target, PyBUF_WRITABLE)
    memcpy(target.buf, first, count * sizeof(Report))
    PyBuffer_Release(&target)
    return reports
