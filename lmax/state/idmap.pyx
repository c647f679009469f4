"""The map of client order ids. See idmap.pxd for the idea."""
from libc.string cimport memset

from lmax.base.memory cimport release, reserve

cdef enum:
    SWEEP = 8  # old entries moved with each command
    PAGE = 4096  # bytes of the following table touched with each command
    RELEASE = 131072  # old entries whose memory is given back at once: a large page


cdef int table_open(IdTable *table, uint64_t capacity) noexcept nogil:
    table.entries = <IdEntry *>reserve(capacity * sizeof(IdEntry))
    table.mask = capacity - 1
    table.count = 0
    return 0 if table.entries != NULL else -1


cdef void table_close(IdTable *table) noexcept nogil:
    if table.entries != NULL:
        release(table.entries, (table.mask + 1) * sizeof(IdEntry))


cdef int idmap_open(IdMap *map, uint64_t capacity) noexcept nogil:
    """capacity: a power of two, at least 4,096. 0, or -1 without memory."""
    memset(map, 0, sizeof(IdMap))
    return table_open(&map.now, capacity)


cdef void release_old(IdMap *map, uint64_t until) noexcept nogil:
    release(&map.old.entries[map.released], (until - map.released) * sizeof(IdEntry))
    map.released = until


cdef void idmap_close(IdMap *map) noexcept nogil:
    if map.old.entries != NULL:
        release_old(map, map.old.mask + 1)
    table_close(&map.now)
    table_close(&map.following)
    memset(map, 0, sizeof(IdMap))


cdef void move_entry(IdMap *map, IdEntry *entry, IdEntry *place) noexcept nogil:
    place[0] = entry[0]
    entry.value = ID_MOVED
    map.now.count += 1


cdef IdEntry *free_place(IdTable *table, uint32_t account, uint64_t id) noexcept nogil:
    cdef uint64_t i = id_home(table, account, id)
    while table.entries[i].value != ID_NONE:
        i = (i + 1) & table.mask
    return &table.entries[i]


cdef void sweep(IdMap *map) noexcept nogil:
    """Move a few entries of the old table, and let it go when it is empty."""
    cdef uint64_t until = map.swept + SWEEP
    cdef IdEntry *entry
    while map.swept < until:
        entry = &map.old.entries[map.swept]
        if entry.value != ID_NONE and entry.value != ID_MOVED:
            move_entry(map, entry, free_place(&map.now, entry.account, entry.id))
        map.swept += 1
    if map.swept % RELEASE == 0 or map.swept > map.old.mask:
        release_old(map, map.swept)
    if map.swept > map.old.mask:
        map.old.entries = NULL


cdef int idmap_prepare(IdMap *map) noexcept nogil:
    """The part of idmap_make_room that is seldom needed."""
    if map.old.entries != NULL:
        sweep(map)
        return 0
    if map.following.entries == NULL:
        map.touched = 0
        return table_open(&map.following, 2 * (map.now.mask + 1))
    if map.touched < (map.following.mask + 1) * sizeof(IdEntry):
        (<volatile char *>map.following.entries)[map.touched] = 0
        map.touched += PAGE
    if 32 * (map.now.count + 2) > FULL * (map.now.mask + 1):
        map.old = map.now
        map.swept = map.released = 0
        map.now = map.following
        map.following.entries = NULL
    return 0


cdef IdEntry *idmap_find_old(
    IdMap *map, uint32_t account, uint64_t id, IdEntry *place
) noexcept nogil:
    """Look in what has not moved yet; what is found moves to `place`, which is returned.

    A run of probes may begin in the part that is swept, and its memory gone, or wrap around
    into it: nothing that is looked for is left there, so the search goes on behind it.
    """
    cdef uint64_t home = id_home(&map.old, account, id)
    cdef uint64_t i = max(home, map.swept)
    cdef bint wrapped = False
    cdef IdEntry *entry = &map.old.entries[i]
    while entry.value != ID_NONE:
        if entry.id == id and entry.account == account and entry.value != ID_MOVED:
            move_entry(map, entry, place)
            break
        i += 1
        if i > map.old.mask:
            if wrapped:
                break
            wrapped = True
            i = map.swept
        entry = &map.old.entries[i]
    return place


cdef void idmap_visit(IdMap *map, visit_fn visit, void *context) noexcept nogil:
    """Call `visit` with every entry, in no particular order."""
    cdef uint64_t i
    for i in range(map.now.mask + 1):
        if map.now.entries[i].value != ID_NONE:
            visit(context, &map.now.entries[i])
    if map.old.entries == NULL:
        return
    for i in range(map.swept, map.old.mask + 1):
        if map.old.entries[i].value != ID_NONE and map.old.entries[i].value != ID_MOVED:
            visit(context, &map.old.entries[i])


cdef void keep_open(void *context, IdEntry *entry) noexcept nogil:
    cdef IdEntry **next = <IdEntry **>context
    if not entry.value & ID_CLOSED:
        next[0][0] = entry[0]
        next[0] += 1


cdef int idmap_forget_closed(IdMap *map, uint64_t live) noexcept nogil:
    """Keep the ids of the `live` open orders only. 0, or -1 without memory (nothing changed).

    The table stays the same memory: new pages would be missing one after the other next morning.
    """
    cdef size_t size_bytes = (live + 1) * sizeof(IdEntry)
    cdef IdEntry *kept = <IdEntry *>reserve(size_bytes)
    cdef IdEntry *end = kept
    cdef IdEntry *entry = kept
    if kept == NULL:
        return -1
    idmap_visit(map, keep_open, &end)
    if map.old.entries != NULL:
        release_old(map, map.old.mask + 1)
        map.old.entries = NULL
    memset(map.now.entries, 0, (map.now.mask + 1) * sizeof(IdEntry))
    map.now.count = live
    while entry < end:
        free_place(&map.now, entry.account, entry.id)[0] = entry[0]
        entry += 1
    release(kept, size_bytes)
    return 0
