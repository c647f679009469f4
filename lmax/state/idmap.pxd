# From (account, client order id) to an order: open addressing, linear probing.
#
# Sixteen bytes an entry, four to a cache line; at most eleven sixteenths full, so a probe reads one
# line, seldom the next as well. A value is the order's pool index, or CLOSED and the instrument of
# an order that is gone.
#
# The map grows without a pause, a little with each command (`idmap_make_room`). Just before it
# is full, a table of twice the size is made and its pages are touched one after the other, so
# that none is missing later. When the map is full that table takes over, and the entries
# of the old one move a few at a time, or when somebody asks for them. The part of the old table
# below `swept` is empty, and its memory is given back on the way.
#
# Homes are in the order of the hashes whatever the size, so that what moves goes from one place
# after the other to one place after the other: a table of any size moves at the pace of memory
# that is read in order.
from libc.stdint cimport uint32_t, uint64_t

from lmax.base.digest cimport PI_0, PI_1, fold

cdef extern from *:
    """
    #include <stdint.h>

    static inline uint64_t lmax_place_of_hash(uint64_t hash, uint64_t places)
    {
        return (uint64_t)((unsigned __int128)hash * places >> 64);
    }
    """
    # A hash as a place: the same part of the table as the hash is of 2^64.
    uint64_t place_of_hash "lmax_place_of_hash" (uint64_t hash, uint64_t places) noexcept nogil


cdef enum:  # parts of 32 of the places
    TOUCH_FROM = 21  # the following table is made ready, which takes a part of 64 at most
    FULL = 22  # … and takes over

cdef enum:
    ID_NONE = 0  # not in the map
    ID_MOVED = 0x7FFFFFFF  # in the old table: it is in the new one now
    ID_CLOSED = 0x80000000U  # this bit, and the instrument in the low bits


cdef struct IdEntry:
    uint64_t id
    uint32_t account
    uint32_t value


cdef struct IdTable:
    IdEntry *entries
    uint64_t mask  # places, less one
    uint64_t count


cdef struct IdMap:
    IdTable now
    IdTable old  # entries NULL: nothing is moving
    IdTable following  # entries NULL: not needed yet
    uint64_t touched  # bytes of the following table
    uint64_t swept  # of the old table
    uint64_t released  # of the old table


ctypedef void (*visit_fn)(void *context, IdEntry *entry) noexcept nogil


cdef int idmap_open(IdMap *map, uint64_t capacity) noexcept nogil
cdef void idmap_close(IdMap *map) noexcept nogil
cdef int idmap_prepare(IdMap *map) noexcept nogil
cdef IdEntry *idmap_find_old(
    IdMap *map, uint32_t account, uint64_t id, IdEntry *place
) noexcept nogil
cdef int idmap_forget_closed(IdMap *map, uint64_t live) noexcept nogil
cdef void idmap_visit(IdMap *map, visit_fn visit, void *context) noexcept nogil


cdef inline uint64_t id_home(IdTable *table, uint32_t account, uint64_t id) noexcept nogil:
    # Clients choose the ids, so every bit of them must reach the high bits of the hash.
    return place_of_hash(fold(id ^ PI_0, <uint64_t>account ^ PI_1), table.mask + 1)


cdef inline uint32_t closed_value(uint32_t instrument) noexcept nogil:
    return ID_CLOSED | instrument


cdef inline IdEntry *idmap_find(IdMap *map, uint32_t account, uint64_t id) noexcept nogil:
    """The entry of that id, or the empty one where it would go (value ID_NONE)."""
    cdef uint64_t i = id_home(&map.now, account, id)
    cdef IdEntry *entry = &map.now.entries[i]
    while entry.value != ID_NONE and (entry.id != id or entry.account != account):
        i = (i + 1) & map.now.mask
        entry = &map.now.entries[i]
    if entry.value != ID_NONE or map.old.entries == NULL:
        return entry
    return idmap_find_old(map, account, id, entry)


cdef inline void idmap_claim(
    IdMap *map, IdEntry *entry, uint32_t account, uint64_t id, uint32_t value
) noexcept nogil:
    """Fill the empty entry that idmap_find returned, before anything else is looked for."""
    map.now.count += 1
    entry.id = id
    entry.account = account
    entry.value = value


cdef inline int idmap_make_room(IdMap *map) noexcept nogil:
    """Before each command: room for two more ids. 0, or -1 without memory."""
    if map.old.entries == NULL and 32 * map.now.count < TOUCH_FROM * (map.now.mask + 1):
        return 0
    return idmap_prepare(map)
