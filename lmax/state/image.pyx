"""Writing and reading images of a state. See image.pxd for what they are."""
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from lmax.base.digest cimport fold
from lmax.base.memory cimport POISONS, Pool, poison, unpoison
from lmax.book.levels cimport LevelTree
from lmax.state._state cimport Instrument, Sink, State, state_close, state_open
from lmax.state.funds cimport Funds, position_home
from lmax.state.idmap cimport IdTable, id_home
from lmax.state.regions cimport adopt, forget_addresses, regions_of, what_is_wrong


cdef struct Run:
    uint32_t region
    uint32_t size
    uint64_t offset


cdef uint64_t placement() noexcept nogil:
    """A number that follows from where the hash tables of this build put things."""
    cdef Funds funds
    cdef IdTable ids
    cdef uint64_t found = 0
    cdef uint64_t i
    funds.table = NULL
    funds.mask = ids.mask = <uint64_t>-1 >> 1
    for i in range(1, 4):
        found = fold(found + i, id_home(&ids, <uint32_t>i, i << 40 | 7))
        found += <uint64_t>position_home(&funds, <uint32_t>i, <uint32_t>i + 9)
    return found


# -- what AddressSanitizer watches: items that were given back are read and written here ---


cdef void watch(Pool *pool, bint again) noexcept nogil:
    cdef uint32_t index = pool.free
    if not POISONS:
        return
    if not again:
        unpoison(pool.base, (<uint64_t>pool.used + 1) * pool.item_bytes)
        return
    while index:
        poison(pool.base + index * pool.item_bytes, pool.item_bytes)
        index = (<uint32_t *>(pool.base + index * pool.item_bytes))[0]


cdef void watch_pools(State *state, bint again) noexcept nogil:
    """Levels' leaves are never poisoned: caches still name them."""
    watch(&state.slots, again)
    watch(&state.trails, again)
    watch(&state.levels.inners, again)
    watch(&state.funds.positions, again)


# -- writing ------------------------------------------------------------------------------


cdef void forget_caches(Instrument *instrument) noexcept nogil:
    cdef int i
    for i in range(2):
        instrument.shown[i].cache = NULL
        instrument.hidden[i].cache = NULL
        instrument.stops[i].cache = NULL
        instrument.trails[i].cache = NULL
    instrument.times.cache = NULL


cdef int writer_open(ImageWriter *writer, State *state) noexcept nogil:
    """0, or -1 without memory; close it in either case. The state stands still until then."""
    cdef uint64_t count = <uint64_t>state.highest_instrument + 1
    cdef uint64_t i
    memset(writer, 0, sizeof(ImageWriter))
    writer.state = state
    writer.frozen = <State *>calloc(1, sizeof(State))
    writer.instruments = <Instrument *>calloc(count, sizeof(Instrument))
    if writer.frozen == NULL or writer.instruments == NULL:
        return -1
    memcpy(writer.frozen, state, sizeof(State))
    forget_addresses(writer.frozen)
    memcpy(writer.instruments, state.instruments, count * sizeof(Instrument))
    for i in range(count):
        forget_caches(&writer.instruments[i])
    regions_of(state, writer.regions)
    writer.regions[0].base = <char *>writer.frozen
    writer.regions[1].base = <char *>writer.instruments
    watch_pools(state, False)
    return 0


cdef void writer_close(ImageWriter *writer) noexcept nogil:
    if writer.state != NULL:
        watch_pools(writer.state, True)
    free(writer.frozen)
    free(writer.instruments)
    memset(writer, 0, sizeof(ImageWriter))


cdef inline bint is_zero(const char *data, uint64_t size) noexcept nogil:
    cdef const uint64_t *words = <const uint64_t *>data
    cdef uint64_t found = 0
    cdef uint64_t i
    for i in range(size // 8):  # items are whole words
        found |= words[i]
    return found == 0


cdef uint64_t run_at(Region *region, uint64_t offset, uint64_t most) noexcept nogil:
    """How many bytes from there on are to be written, at most so many; 0 where zeros begin."""
    cdef uint64_t end = min(region.size, offset + most)
    cdef uint64_t at = offset
    cdef uint64_t size
    while at < end:
        size = min(<uint64_t>BLOCK, region.size - at)
        if at + size > end or is_zero(region.base + at, size):
            break
        at += size
    return at - offset


cdef uint64_t image_fill(ImageWriter *writer, char *to, uint64_t room) noexcept nogil:
    """Write the next runs; how many bytes: 0 when all was written. room: 1 KiB or more."""
    cdef uint64_t filled = 0
    cdef uint64_t size
    cdef Region *region
    cdef Run run
    while writer.region < REGIONS:
        region = &writer.regions[writer.region]
        while writer.offset < region.size and is_zero(
            region.base + writer.offset, min(<uint64_t>BLOCK, region.size - writer.offset)
        ):
            writer.offset += BLOCK
        if writer.offset >= region.size:
            writer.region += 1
            writer.offset = 0
            continue
        if room - filled < RUN_BYTES + BLOCK:
            break
        size = run_at(region, writer.offset, room - filled - RUN_BYTES)
        run.region = writer.region
        run.size = <uint32_t>size
        run.offset = writer.offset
        memcpy(to + filled, &run, RUN_BYTES)
        memcpy(to + filled + RUN_BYTES, region.base + writer.offset, size)
        filled += RUN_BYTES + size
        writer.offset += size
    return filled


# -- reading ------------------------------------------------------------------------------


cdef void state_reset(State *state, int *failed) noexcept nogil:
    """An empty state with the same way out for its events."""
    cdef Sink sink = state.sink
    cdef uint64_t trades = state.log.mask + 1
    watch_pools(state, False)
    state_close(state)
    failed[0] = state_open(state, trades)
    state.sink = sink


cdef int reader_open(ImageReader *reader, State *state) noexcept nogil:
    """Empty the state, to read an image into it. 0, or -1 without memory."""
    cdef int failed = 0
    memset(reader, 0, sizeof(ImageReader))
    reader.state = state
    state_reset(state, &failed)
    reader.frozen = <State *>calloc(1, sizeof(State))
    if reader.frozen == NULL or failed:
        return -1
    reader.regions[0].base = <char *>reader.frozen
    reader.regions[0].size = sizeof(State)
    return 0


cdef void reader_close(ImageReader *reader) noexcept nogil:
    free(reader.frozen)
    memset(reader, 0, sizeof(ImageReader))


cdef int take_over(ImageReader *reader) noexcept nogil:
    """The State is complete: memory for all the others."""
    reader.wrong = what_is_wrong(reader.frozen, reader.state)
    if reader.wrong != NULL:
        return -1
    reader.adopted = True
    if adopt(reader.state, reader.frozen) < 0:
        reader.wrong = "the system refused the memory for it"
        return -1
    regions_of(reader.state, reader.regions)
    return 0


cdef int image_take(ImageReader *reader, const char *data, uint64_t size) noexcept nogil:
    """Read whole runs. 0, or -1 where they do not fit: `wrong` says why."""
    cdef uint64_t at = 0
    cdef Region *region
    cdef Run run
    while size - at >= RUN_BYTES:
        memcpy(&run, data + at, RUN_BYTES)
        at += RUN_BYTES
        if run.region and not reader.adopted and take_over(reader) < 0:
            return -1
        if run.region >= REGIONS or run.size > size - at or (reader.adopted and not run.region):
            break
        region = &reader.regions[run.region]
        if run.offset > region.size or run.size > region.size - run.offset:
            break
        memcpy(region.base + run.offset, data + at, run.size)
        at += run.size
    if at == size:
        return 0
    reader.wrong = "it does not fit into its own sizes"
    return -1


cdef void point_cache(LevelTree *tree, uint32_t *cache) noexcept nogil:
    if tree.owner:
        tree.cache = cache


cdef int image_end(ImageReader *reader) noexcept nogil:
    """Everything was read: what was an address points to where things are now. 0, or -1."""
    cdef State *state = reader.state
    cdef Instrument *instrument
    cdef uint64_t number
    cdef int i
    if not reader.adopted and take_over(reader) < 0:
        return -1
    for number in range(<uint64_t>state.highest_instrument + 1):
        instrument = &state.instruments[number]
        for i in range(2):
            point_cache(&instrument.shown[i], instrument.shown_leaves[i])
            point_cache(&instrument.hidden[i], instrument.hidden_leaves[i])
            point_cache(&instrument.stops[i], instrument.stop_leaves[i])
            point_cache(&instrument.trails[i], instrument.trail_leaves[i])
        point_cache(&instrument.times, instrument.time_leaves)
    watch_pools(state, True)
    return 0
