# From order ids, any 64-bit numbers, to slots of resting orders: open addressing, linear probing.
#
# Eight bytes an entry: 32 bits of the id's hash (the tag) above the slot's index. The id itself
# is compared in the slot, which whoever looks for it needs anyway. The tag's top bits are where the
# entry would like to be, so closing a gap reads no slot. 0 is a free entry: slots start at 1.
#
# At most half full. The table grows and shrinks without a pause: a table of the other size is
# made, its pages are touched one with each new order, and then it takes over; the entries of
# the old one move a few with each new order, or when somebody asks for them.
from libc.stdint cimport uint32_t, uint64_t

from lmax.base.memory cimport Pool
from lmax.book.orders cimport slot_at


cdef enum:
    MIN_ID_BITS = 8


cdef struct IdTable:
    uint64_t *entries
    uint32_t bits  # 2^bits entries
    uint32_t shift  # from a tag to its home: 32 - bits
    uint64_t mask


cdef struct OrderIds:
    IdTable now
    uint64_t count  # in both tables
    # With fewer ids than `least` the table shrinks, with more than least + span it grows. While
    # that is under way, no number of ids is in between.
    uint64_t least
    uint64_t span
    IdTable old  # entries NULL: nothing is moving
    IdTable following  # entries NULL: not needed
    uint64_t touched  # entries of the following table
    uint64_t swept  # entries of the old table


cdef int ids_open(OrderIds *ids) noexcept nogil
cdef void ids_close(OrderIds *ids) noexcept nogil
cdef int ids_work(OrderIds *ids) noexcept nogil
cdef uint64_t *ids_place_old(
    OrderIds *ids, Pool *slots, uint64_t tag, uint64_t id, uint64_t *place
) noexcept nogil
cdef void ids_forget_old(OrderIds *ids, uint64_t wanted) noexcept nogil
cdef int ids_check(OrderIds *ids, Pool *slots) noexcept nogil
cdef uint64_t ids_bytes(OrderIds *ids) noexcept nogil

cdef extern from *:
    """
    /* Both halves of the product: every bit of an id reaches the tag. */
    static inline uint64_t order_id_tag(uint64_t id) {
        unsigned __int128 product = (unsigned __int128)id * 0x9E3779B97F4A7C15ULL;
        return (((uint64_t)product) ^ (uint64_t)(product >> 64)) >> 32;
    }
    """
    uint64_t order_id_tag(uint64_t id) noexcept nogil


cdef inline int ids_make_room(OrderIds *ids) noexcept nogil:
    """Before each new order: room for one more id. 0, or -1 without memory."""
    # One test for both ends: below `least` the difference is huge.
    return ids_work(ids) if ids.count - ids.least > ids.span else 0


cdef inline uint64_t *ids_place(
    OrderIds *ids, Pool *slots, uint64_t tag, uint64_t id
) noexcept nogil:
    """The entry of that id (its low half is the slot), or the free one (0) where it would go."""
    cdef uint64_t i = tag >> ids.now.shift
    cdef uint64_t *entry = &ids.now.entries[i]
    while entry[0] and (entry[0] >> 32 != tag or slot_at(slots, <uint32_t>entry[0]).id != id):
        i = (i + 1) & ids.now.mask
        entry = &ids.now.entries[i]
    if entry[0] == 0 and ids.old.entries != NULL:
        return ids_place_old(ids, slots, tag, id, entry)
    return entry


cdef inline void ids_put(
    OrderIds *ids, uint64_t *place, uint64_t tag, uint32_t slot
) noexcept nogil:
    """place: a free one of ids_place, with nothing put or removed since."""
    place[0] = tag << 32 | slot
    ids.count += 1


cdef inline void ids_remove(OrderIds *ids, uint64_t *place) noexcept nogil:
    """Take the entry out and close the gap it leaves in its run of probes."""
    cdef uint64_t *entries = ids.now.entries
    cdef uint64_t mask = ids.now.mask
    cdef uint64_t hole = <uint64_t>(place - entries)
    cdef uint64_t i = (hole + 1) & mask
    cdef uint64_t entry = entries[i]
    ids.count -= 1
    while entry:
        # Move it only if its home does not lie behind the hole, seen around the circle.
        if ((i - (entry >> 32 >> ids.now.shift)) & mask) >= ((i - hole) & mask):
            entries[hole] = entry
            hole = i
        i = (i + 1) & mask
        entry = entries[i]
    entries[hole] = 0


cdef inline void ids_forget(OrderIds *ids, uint64_t id, uint32_t slot) noexcept nogil:
    """Take out the id of a slot, which is in the table."""
    cdef uint64_t tag = order_id_tag(id)
    cdef uint64_t wanted = tag << 32 | slot
    cdef uint64_t i = tag >> ids.now.shift
    while ids.now.entries[i] != wanted:
        if ids.now.entries[i] == 0:
            ids_forget_old(ids, wanted)
            return
        i = (i + 1) & ids.now.mask
    ids_remove(ids, &ids.now.entries[i])
