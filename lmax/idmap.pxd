# From (account, client order id) to an order: open addressing, linear probing.
#
# Sixteen bytes an entry, four to a cache line; at most half full, so a probe reads one line
# nearly always. Values are pool indexes; CLOSED says that the id was used and its order is gone.
from libc.stdint cimport uint32_t, uint64_t


cdef enum:
    ID_NONE = 0  # not in the map
    ID_CLOSED = 0xFFFFFFFFU


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
cdef void idmap_put(IdMap *map, uint32_t account, uint64_t id, uint32_t value) noexcept nogil
cdef void idmap_remove(IdMap *map, uint32_t account, uint64_t id) noexcept nogil
cdef int idmap_forget_closed(IdMap *map) noexcept nogil


cdef inline uint64_t idmap_hash(uint32_t account, uint64_t id) noexcept nogil:
    cdef uint64_t h = (id ^ (<uint64_t>account << 40)) * <uint64_t>0x9E3779B97F4A7C15ULL
    return h ^ (h >> 29)


cdef inline IdEntry *idmap_find(IdMap *map, uint32_t account, uint64_t id) noexcept nogil:
    """The entry of that id, or the empty one where it would go (value ID_NONE)."""
    cdef uint64_t i = idmap_hash(account, id) & map.mask
    cdef IdEntry *entry = &map.entries[i]
    while entry.value != ID_NONE and (entry.id != id or entry.account != account):
        i = (i + 1) & map.mask
        entry = &map.entries[i]
    return entry
