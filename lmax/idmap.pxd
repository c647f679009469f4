# From (account, client order id) to an order: open addressing, linear probing.
#
# Sixteen bytes an entry, four to a cache line; at most half full, so a probe reads one line
# nearly always. A value is the order's pool index, or CLOSED and the instrument of an order
# that is gone.
from libc.stdint cimport uint32_t, uint64_t

from lmax.digest cimport mix


cdef enum:
    ID_NONE = 0  # not in the map
    ID_CLOSED = 0x80000000U  # this bit, and the instrument in the low bits


cdef struct IdEntry:
    uint64_t id
    uint32_t account
    uint32_t value


cdef struct IdMap:
    IdEntry *entries
    uint64_t mask
    uint64_t count


cdef int idmap_open(IdMap *map, uint64_t capacity) noexcept nogil
cdef void idmap_close(IdMap *map) noexcept nogil
cdef int idmap_make_room(IdMap *map) noexcept nogil
cdef IdEntry *idmap_put(
    IdMap *map, uint32_t account, uint64_t id, uint32_t value
) noexcept nogil
cdef void idmap_remove(IdMap *map, uint32_t account, uint64_t id) noexcept nogil
cdef int idmap_forget_closed(IdMap *map) noexcept nogil


cdef inline uint64_t idmap_hash(uint32_t account, uint64_t id) noexcept nogil:
    # Clients choose the ids, so every bit of them must reach the low bits of the hash.
    return mix(<uint64_t>account * <uint64_t>0x9E3779B97F4A7C15ULL, id)


cdef inline uint32_t closed_value(uint32_t instrument) noexcept nogil:
    return ID_CLOSED | instrument


cdef inline IdEntry *idmap_find(IdMap *map, uint32_t account, uint64_t id) noexcept nogil:
    """The entry of that id, or the empty one where it would go (value ID_NONE)."""
    cdef uint64_t i = idmap_hash(account, id) & map.mask
    cdef IdEntry *entry = &map.entries[i]
    while entry.value != ID_NONE and (entry.id != id or entry.account != account):
        i = (i + 1) & map.mask
        entry = &map.entries[i]
    return entry
