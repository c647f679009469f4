"""The table of order ids: how it grows and shrinks. See orderids.pxd for the idea."""

from libc.stdlib cimport calloc, free
from libc.string cimport memset

from lmax.base.memory cimport release, reserve

cdef enum:
    SWEEP = 8  # old entries moved with each new order
    PAGE = 512  # entries of the following table touched with each new order: 4 KiB
    LARGE_BITS = 13  # from 64 KiB on a table is memory of its own
    MAX_ID_BITS = 31
    SPREAD_BITS = 16  # up to 512 KiB a table is to be less full

cdef extern from *:
    """
    #define ID_MOVED ((uint64_t)1 << 63)
    """
    const uint64_t ID_MOVED  # in the old table: the entry is in the new one, or gone


cdef int table_open(IdTable *table, uint32_t bits) noexcept nogil:
    cdef uint64_t size = <uint64_t>1 << bits
    if bits >= LARGE_BITS:
        table.entries = <uint64_t *>reserve(size * sizeof(uint64_t))
    else:
        table.entries = <uint64_t *>calloc(size, sizeof(uint64_t))
    table.bits = bits
    table.shift = 32 - bits
    table.mask = size - 1
    return 0 if table.entries != NULL else -1


cdef void table_close(IdTable *table) noexcept nogil:
    if table.bits >= LARGE_BITS:
        release(table.entries, (table.mask + 1) * sizeof(uint64_t))
    else:
        free(table.entries)
    table.entries = NULL


cdef void set_limits(OrderIds *ids) noexcept nogil:
    """When to begin with a table of another size. One that the second cache holds is kept emptier:
    there a clash of two ids, a branch nobody can foresee, costs more than a few more lines."""
    cdef uint64_t size = ids.now.mask + 1
    cdef int spread = 2 if ids.now.bits <= SPREAD_BITS else 1
    ids.least = size // 16 // spread if ids.now.bits > MIN_ID_BITS else 0
    ids.span = 3 * size // 8 // spread - ids.least


cdef void set_busy(OrderIds *ids) noexcept nogil:
    ids.least = <uint64_t>1 << 63
    ids.span = 0


cdef int ids_open(OrderIds *ids) noexcept nogil:
    """0, or -1 without memory."""
    memset(ids, 0, sizeof(OrderIds))
    if table_open(&ids.now, MIN_ID_BITS) < 0:
        return -1
    set_limits(ids)
    return 0


cdef void ids_close(OrderIds *ids) noexcept nogil:
    table_close(&ids.now)
    table_close(&ids.old)
    table_close(&ids.following)
    memset(ids, 0, sizeof(OrderIds))


cdef void sweep(OrderIds *ids) noexcept nogil:
    """Move a few entries of the old table, and let it go when it is empty."""
    cdef uint64_t until = ids.swept + SWEEP
    cdef uint64_t *entry
    cdef uint64_t i
    while ids.swept < until:
        entry = &ids.old.entries[ids.swept]
        if entry[0] and entry[0] != ID_MOVED:
            i = entry[0] >> 32 >> ids.now.shift
            while ids.now.entries[i]:
                i = (i + 1) & ids.now.mask
            ids.now.entries[i] = entry[0]
            entry[0] = ID_MOVED
        ids.swept += 1
    if ids.swept > ids.old.mask:
        table_close(&ids.old)
        set_limits(ids)


cdef int ids_work(OrderIds *ids) noexcept nogil:
    """One step of whatever is under way, or the begin of it. 0, or -1 without memory."""
    cdef bint growing
    if ids.old.entries != NULL:
        sweep(ids)
        return 0
    if ids.following.entries == NULL:
        growing = ids.count > ids.least
        if growing and ids.now.bits == MAX_ID_BITS:
            return -1
        if table_open(&ids.following, ids.now.bits + 1 if growing else ids.now.bits - 1) < 0:
            return -1
        ids.touched = 0
        set_busy(ids)
        return 0
    if ids.touched <= ids.following.mask:
        (<volatile uint64_t *>ids.following.entries)[ids.touched] = 0
        ids.touched += PAGE
        return 0
    ids.old = ids.now
    ids.now = ids.following
    ids.following.entries = NULL
    ids.swept = 0
    return 0


cdef uint64_t *ids_place_old(
    OrderIds *ids, Pool *slots, uint64_t tag, uint64_t id, uint64_t *place
) noexcept nogil:
    """Look in what has not moved yet; what is found moves to `place`, which is returned."""
    cdef uint64_t i = tag >> ids.old.shift
    cdef uint64_t entry = ids.old.entries[i]
    while entry:
        if (
            entry >> 32 == tag
            and entry != ID_MOVED
            and slot_at(slots, <uint32_t>entry).id == id
        ):
            place[0] = entry
            ids.old.entries[i] = ID_MOVED
            break
        i = (i + 1) & ids.old.mask
        entry = ids.old.entries[i]
    return place


cdef void ids_forget_old(OrderIds *ids, uint64_t wanted) noexcept nogil:
    """Take an entry out of what has not moved yet."""
    cdef uint64_t i = wanted >> 32 >> ids.old.shift
    while ids.old.entries[i] != wanted:
        i = (i + 1) & ids.old.mask
    ids.old.entries[i] = ID_MOVED
    ids.count -= 1


cdef uint64_t ids_bytes(OrderIds *ids) noexcept nogil:
    """What the tables take."""
    cdef uint64_t entries = ids.now.mask + 1
    if ids.old.entries != NULL:
        entries += ids.old.mask + 1
    if ids.following.entries != NULL:
        entries += ids.following.mask + 1
    return entries * sizeof(uint64_t)


cdef int ids_check(OrderIds *ids, Pool *slots) noexcept nogil:
    """0 if every entry can be found from its id and all are counted, else -1."""
    cdef uint64_t i, entry, probe
    cdef uint64_t found = 0
    for i in range(ids.now.mask + 1):
        entry = ids.now.entries[i]
        if entry == 0:
            continue
        found += 1
        if order_id_tag(slot_at(slots, <uint32_t>entry).id) != entry >> 32:
            return -1
        probe = entry >> 32 >> ids.now.shift
        while probe != i:
            if ids.now.entries[probe] == 0:
                return -1
            probe = (probe + 1) & ids.now.mask
    if ids.old.entries != NULL:
        for i in range(ids.old.mask + 1):
            found += ids.old.entries[i] != 0 and ids.old.entries[i] != ID_MOVED
    return 0 if found == ids.count else -1
