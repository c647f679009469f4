"""The regions of a state, and a state that takes over what an image says. See image.pxd."""
from libc.stdint cimport uint64_t
from libc.string cimport memset

from lmax.base.memory cimport Pool, release, reserve
from lmax.book.levels cimport Inner, Leaf, Level
from lmax.book.orders cimport Slot
from lmax.state._state cimport (
    FAULT_NONE, Extra, Instrument, Order, Session, State,
)
from lmax.state.days cimport Day
from lmax.state.funds cimport Account, Position, PositionEntry
from lmax.state.idmap cimport IdEntry, IdTable
from lmax.state.image cimport Region
from lmax.state.ticktables cimport TickTables
from lmax.state.tradelog cimport Trade
from lmax.state.trails cimport HeapNode, Trail
from lmax.wire cimport MAX_ACCOUNT, MAX_INSTRUMENT

cdef enum:
    MAX_SESSION = 65_535
    PAGE = 4096

cdef extern from *:
    """
    #define LMAX_MOST_PLACES ((uint64_t)1 << 36)
    """
    const uint64_t MOST_PLACES "LMAX_MOST_PLACES"  # of a hash table; the address space ends there


cdef void put(Region *region, void *base, uint64_t count, uint64_t item_bytes) noexcept nogil:
    region.base = <char *>base
    region.size = count * item_bytes


cdef inline uint64_t items_of(Pool *pool) noexcept nogil:
    """Those ever taken, and number 0, which is nobody and may be written to all the same."""
    return <uint64_t>pool.used + 1


cdef inline uint64_t places(IdTable *table) noexcept nogil:
    return table.mask + 1 if table.mask else 0


cdef void regions_of(State *state, Region *regions) noexcept nogil:
    """Where everything is that the state leads to, as far as it was ever used.

    Scratch memory has no meaning between commands, and of the map of ids the table that is
    only being made ready has none at all.
    """
    cdef uint64_t orders = items_of(&state.slots)
    cdef uint64_t leaves = items_of(&state.levels.leaves)
    cdef uint64_t instruments = <uint64_t>state.highest_instrument + 1
    put(&regions[0], state, 1, sizeof(State))
    put(&regions[1], state.instruments, instruments, sizeof(Instrument))
    put(&regions[2], state.days, instruments, sizeof(Day))
    put(&regions[3], state.ticks, instruments, sizeof(TickTables))
    put(&regions[4], state.sessions, MAX_SESSION + 1, sizeof(Session))
    put(&regions[5], state.slots.base, orders, sizeof(Slot))
    put(&regions[6], state.orders, orders, sizeof(Order))
    put(&regions[7], state.extras, orders, sizeof(Extra))
    put(&regions[8], state.nodes, orders, sizeof(HeapNode))
    put(&regions[9], state.trails.base, items_of(&state.trails), sizeof(Trail))
    put(&regions[10], state.levels.leaves.base, leaves, sizeof(Leaf))
    put(&regions[11], state.levels.levels, 64 * leaves, sizeof(Level))
    put(&regions[12], state.levels.inners.base, items_of(&state.levels.inners), sizeof(Inner))
    put(&regions[13], state.funds.accounts, <uint64_t>state.funds.highest_account + 1,
        sizeof(Account))
    put(&regions[14], state.funds.positions.base, items_of(&state.funds.positions),
        sizeof(Position))
    put(&regions[15], state.funds.table, state.funds.mask + 1, sizeof(PositionEntry))
    put(&regions[16], state.ids.now.entries, places(&state.ids.now), sizeof(IdEntry))
    # The part of the old table that was swept is empty, and its memory may be gone.
    put(&regions[17], state.ids.old.entries + state.ids.released,
        places(&state.ids.old) - state.ids.released, sizeof(IdEntry))
    put(&regions[18], state.log.trades, min(state.trades, state.log.mask) + 1, sizeof(Trade))


cdef void forget_addresses(State *state) noexcept nogil:
    """In a copy of a state: what is left means the same in any process."""
    if state.ids.old.entries == NULL:
        memset(&state.ids.old, 0, sizeof(IdTable))
        state.ids.swept = state.ids.released = 0
    memset(&state.ids.following, 0, sizeof(IdTable))  # it is made again when it is wanted
    state.ids.touched = 0
    memset(&state.sink, 0, sizeof(state.sink))
    state.command = NULL
    state.scratch = NULL
    give_addresses(state, NULL)


cdef void give_addresses(State *state, State *other) noexcept nogil:
    """Those of the other's memory, but for the hash tables; NULL without another."""
    state.instruments = other.instruments if other else NULL
    state.days = other.days if other else NULL
    state.ticks = other.ticks if other else NULL
    state.sessions = other.sessions if other else NULL
    state.orders = other.orders if other else NULL
    state.extras = other.extras if other else NULL
    state.nodes = other.nodes if other else NULL
    state.slots.base = other.slots.base if other else NULL
    state.trails.base = other.trails.base if other else NULL
    state.levels.leaves.base = other.levels.leaves.base if other else NULL
    state.levels.levels = other.levels.levels if other else NULL
    state.levels.inners.base = other.levels.inners.base if other else NULL
    state.funds.accounts = other.funds.accounts if other else NULL
    state.funds.positions.base = other.funds.positions.base if other else NULL
    state.log.trades = other.log.trades if other else NULL
    state.funds.table = NULL
    state.ids.now.entries = NULL
    state.ids.old.entries = NULL


# -- reading ------------------------------------------------------------------------------


cdef bint pool_fits(Pool *image, Pool *fresh) noexcept nogil:
    return (
        image.item_bytes == fresh.item_bytes
        and image.capacity == fresh.capacity
        and image.used < image.capacity
        and image.live <= image.used
        and image.free <= image.used
    )


cdef bint pools_fit(State *image, State *fresh) noexcept nogil:
    return (
        pool_fits(&image.slots, &fresh.slots)
        and pool_fits(&image.trails, &fresh.trails)
        and pool_fits(&image.levels.leaves, &fresh.levels.leaves)
        and pool_fits(&image.levels.inners, &fresh.levels.inners)
        and pool_fits(&image.funds.positions, &fresh.funds.positions)
    )


cdef bint is_mask(uint64_t mask) noexcept nogil:
    return 0 < mask < MOST_PLACES and mask & (mask + 1) == 0


cdef const char *what_is_wrong(State *image, State *fresh) noexcept nogil:
    """Why a state cannot be what an image says; NULL where it can.

    Checksums say that an image is what was written; this, that reading it stays within bounds.
    """
    if not pools_fit(image, fresh):
        return "its pools are of other sizes"
    if image.log.mask != fresh.log.mask:
        return "it remembers another number of trades than this engine"
    if image.highest_instrument > MAX_INSTRUMENT or image.funds.highest_account > MAX_ACCOUNT:
        return "it has ids beyond the highest"
    if not is_mask(image.funds.mask) or not is_mask(image.ids.now.mask):
        return "its tables have impossible sizes"
    if image.ids.old.mask and not is_mask(image.ids.old.mask):
        return "its tables have impossible sizes"
    if not image.ids.released <= image.ids.swept <= places(&image.ids.old):
        return "its map of ids is nowhere"
    if image.ids.released * sizeof(IdEntry) % PAGE:
        return "its map of ids is nowhere"
    if image.fault != FAULT_NONE:
        return "its engine had stopped"
    return NULL


cdef int adopt(State *state, State *image) noexcept nogil:
    """Make an empty state as large as the image says. 0, or -1 without memory.

    Its regions are zeros then, but for the few places that an empty state writes to; those are
    in every image.
    """
    cdef State fresh = state[0]
    release(fresh.funds.table, (fresh.funds.mask + 1) * sizeof(PositionEntry))
    release(fresh.ids.now.entries, (fresh.ids.now.mask + 1) * sizeof(IdEntry))
    state[0] = image[0]
    give_addresses(state, &fresh)
    state.sink = fresh.sink
    state.scratch = fresh.scratch
    state.funds.table = <PositionEntry *>reserve((state.funds.mask + 1) * sizeof(PositionEntry))
    state.ids.now.entries = <IdEntry *>reserve(places(&state.ids.now) * sizeof(IdEntry))
    if state.funds.table == NULL or state.ids.now.entries == NULL:
        return -1
    if state.ids.old.mask:
        state.ids.old.entries = <IdEntry *>reserve(places(&state.ids.old) * sizeof(IdEntry))
        if state.ids.old.entries == NULL:
            return -1
        release(state.ids.old.entries, state.ids.released * sizeof(IdEntry))
    return 0
