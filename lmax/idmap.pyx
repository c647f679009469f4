"""The map of client order ids. See idmap.pxd for the idea."""

from lmax.memory cimport release, reserve


cdef int idmap_open(IdMap *map, uint64_t capacity) noexcept nogil:
    """capacity: a power of two. 0, or -1 without memory."""
    map.entries = <IdEntry *>reserve(capacity * sizeof(IdEntry))
    map.mask = capacity - 1
    map.count = 0
    return 0 if map.entries != NULL else -1


cdef void idmap_close(IdMap *map) noexcept nogil:
    release(map.entries, (map.mask + 1) * sizeof(IdEntry))
    map.entries = NULL


cdef int rebuild(IdMap *map, uint64_t capacity, bint keep_closed) noexcept nogil:
    cdef IdMap fresh
    cdef IdEntry *entry
    cdef uint64_t i
    if idmap_open(&fresh, capacity) < 0:
        return -1
    for i in range(map.mask + 1):
        entry = &map.entries[i]
        if entry.value != ID_NONE and (keep_closed or not entry.value & ID_CLOSED):
            idmap_put(&fresh, entry.account, entry.id, entry.value)
    idmap_close(map)
    map[0] = fresh
    return 0


cdef int idmap_make_room(IdMap *map) noexcept nogil:
    """Make sure two more ids fit at half load; doubles when not. 0, or -1 without memory."""
    if 2 * (map.count + 2) <= map.mask + 1:
        return 0
    return rebuild(map, 2 * (map.mask + 1), True)


cdef IdEntry *idmap_put(
    IdMap *map, uint32_t account, uint64_t id, uint32_t value
) noexcept nogil:
    cdef IdEntry *entry = idmap_find(map, account, id)
    map.count += entry.value == ID_NONE
    entry.id = id
    entry.account = account
    entry.value = value
    return entry


cdef void idmap_remove(IdMap *map, uint32_t account, uint64_t id) noexcept nogil:
    """Take an id out and close the gap it leaves in its run of probes."""
    cdef IdEntry *gap = idmap_find(map, account, id)
    cdef uint64_t hole, i, home
    if gap.value == ID_NONE:
        return
    map.count -= 1
    hole = i = <uint64_t>(gap - map.entries)
    while True:
        i = (i + 1) & map.mask
        if map.entries[i].value == ID_NONE:
            break
        home = idmap_hash(map.entries[i].account, map.entries[i].id) & map.mask
        # Move it only if its home does not lie behind the hole, seen around the circle.
        if ((i - home) & map.mask) >= ((i - hole) & map.mask):
            map.entries[hole] = map.entries[i]
            hole = i
    map.entries[hole].value = ID_NONE


cdef int idmap_forget_closed(IdMap *map) noexcept nogil:
    """Keep the ids of open orders only. 0, or -1 without memory (nothing changed)."""
    return rebuild(map, map.mask + 1, False)
