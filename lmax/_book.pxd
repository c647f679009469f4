# The bare order book: messages in, reports out. Price, then time; nothing else.
#
# Both sides are trees of price levels (levels.pxd), a level is a queue of slots (orders.pxd), and
# ids lead to slots (orderids.pxd). Levels and slots come from pools that all bare books of a
# process share, so a book costs next to nothing until orders rest in it.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.book.levels cimport LevelPools, LevelTree
from lmax.base.memory cimport Pool
from lmax.book.orderids cimport OrderIds
from lmax.wire cimport Message, Report


cdef enum:
    MAX_RESTING = 1 << 25  # orders in all books of a process
    MAX_BARE_LEAVES = 1 << 22
    CACHED_LEAVES = 256
    REPORTS_PER_MESSAGE = 3  # at most, but for orders that rested before and are filled


cdef struct BookPools:
    LevelPools levels
    Pool slots


cdef struct BareBook:
    LevelTree sides[2]
    int64_t totals[2]  # open quantity of each side: no sum in the book is larger
    OrderIds ids  # their count is the number of resting orders
    BookPools *pools
    Report *next  # where the next report goes
    uint64_t message  # index of the message at work
    int64_t tick_size
    int64_t lot_size
    uint64_t max_orders
    bint stepped  # tick or lot is not 1
    uint32_t caches[2][CACHED_LEAVES]


cdef int book_pools_open(BookPools *pools) noexcept nogil
cdef int barebook_open(BareBook *book, BookPools *pools) noexcept nogil
cdef void barebook_close(BareBook *book) noexcept nogil
cdef void barebook_one(BareBook *book, const Message *message) noexcept nogil
cdef void barebook_apply(
    BareBook *book, const Message *messages, size_t begin, size_t end
) noexcept nogil


cdef inline uint64_t most_reports(BareBook *book, uint64_t messages) noexcept nogil:
    """An order that is accepted, trades and ends makes two reports, and one a maker; a maker is
    partly filled (then nothing is left to cancel) or was resting, or new among these messages."""
    return REPORTS_PER_MESSAGE * messages + book.ids.count
