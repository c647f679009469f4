"""The state's life, its hash, and the writing of events."""

from libc.string cimport memcpy, memset

from lmax._book cimport (
    level_at, order_at, pools_close, pools_open, side_next,
)
from lmax.digest cimport KIND_COUNTERS, KIND_INSTRUMENT
from lmax.funds cimport funds_close, funds_digest, funds_open
from lmax.idmap cimport ID_CLOSED, IdEntry, idmap_close, idmap_open, idmap_visit
from lmax.memory cimport release, reserve
from lmax.wire cimport EVT_BOOK, EVT_REJECTED, MAX_INSTRUMENT

cdef enum:
    FIRST_IDS = 1 << 16


cdef int state_open(State *state, bint bare) noexcept nogil:
    """0, or -1 without memory; close it in either case. The caller sets the sink."""
    memset(state, 0, sizeof(State))
    state.bare = bare
    state.instruments = <Instrument *>reserve((MAX_INSTRUMENT + 1) * sizeof(Instrument))
    if state.instruments == NULL or pools_open(&state.pools) < 0:
        return -1
    if idmap_open(&state.ids, FIRST_IDS) < 0:
        return -1
    return funds_open(&state.funds)


cdef void state_close(State *state) noexcept nogil:
    release(state.instruments, (MAX_INSTRUMENT + 1) * sizeof(Instrument))
    pools_close(&state.pools)
    idmap_close(&state.ids)
    funds_close(&state.funds)
    memset(state, 0, sizeof(State))


# -- events -----------------------------------------------------------------------------


cdef Event *emit(State *state, uint8_t event_type) noexcept nogil:
    """The next event of the command at hand, zero but for its heading."""
    cdef Event *event
    if state.sink.next == state.sink.end:
        state.sink.refill(&state.sink)
    event = state.sink.next
    state.sink.next += 1
    memset(event, 0, sizeof(Event))
    event.sequence = state.sequence
    event.timestamp = state.now
    event.type = event_type
    event.command = state.command.type
    event.index = state.index
    state.index += 1
    state.last = event
    return event


cdef Event *emit_order(State *state, uint8_t event_type, Order *order) noexcept nogil:
    """An event about an order, with its name, price, total and leaves."""
    cdef Event *event = emit(state, event_type)
    event.client_order_id = order.client_order_id
    event.account = order.account
    event.instrument = order.instrument
    event.side = order.side
    event.order_type = order.order_type
    event.time_in_force = order.time_in_force
    event.price = order.price
    event.quantity = order.quantity
    event.leaves = order.leaves
    return event


cdef void reject(State *state, uint8_t reason) noexcept nogil:
    """The one event of a command that changes nothing."""
    cdef Command *command = state.command
    cdef Event *event = emit(state, EVT_REJECTED)
    event.client_order_id = command.client_order_id
    event.orig_client_order_id = command.orig_client_order_id
    event.price = command.price
    event.quantity = command.quantity
    event.account = command.account
    event.instrument = command.instrument
    event.side = command.side
    event.order_type = command.order_type
    event.time_in_force = command.time_in_force
    event.reason = reason
    state.rejected[reason] += 1


cdef void emit_level(
    void *owner, uint8_t side, int64_t price, int64_t quantity, uint32_t count
) noexcept nogil:
    """A level's new total, as a book calls it."""
    cdef State *state = <State *>owner
    cdef Event *event = emit(state, EVT_BOOK)
    event.instrument = state.trading
    event.side = side
    event.price = price
    event.quantity = quantity
    event.order_count = count


# -- the state hash ---------------------------------------------------------------------


cdef uint64_t instrument_hash(Instrument *instrument, uint64_t id) noexcept nogil:
    """Of the definition and of the shares that exist."""
    cdef uint64_t symbol
    cdef uint64_t h = mix(KIND_INSTRUMENT, id << 8 | instrument.quantity_scale)
    memcpy(&symbol, instrument.symbol, 8)
    h = mix(mix(h, symbol), instrument.tick_size)
    h = mix(mix(h, instrument.lot_size), instrument.min_price)
    h = mix(mix(h, instrument.max_price), instrument.max_quantity)
    return mix(h, instrument.total_shares)


cdef uint64_t with_counters(State *state, uint64_t things) noexcept nogil:
    cdef uint64_t h = mix(KIND_COUNTERS, state.sequence)
    h = mix(mix(h, state.now), state.trades)
    return things + mix(mix(h, state.arrivals), state.funds.total_cash)


cdef uint64_t state_hash(State *state) noexcept nogil:
    """The hash after the last command, kept up to date as things change."""
    return with_counters(state, state.digest + state.closed_digest + state.funds.digest)


cdef uint64_t book_digest(State *state, Instrument *instrument) noexcept nogil:
    cdef uint64_t total = 0
    cdef uint32_t side, level, index
    for side in range(2):
        level = instrument.book.sides[side].best
        while level:
            index = level_at(&state.pools, level).head
            while index:
                total += order_hash(order_at(&state.pools, index))
                index = order_at(&state.pools, index).next
            level = side_next(&state.pools, &instrument.book.sides[side], level)
    return total


cdef void add_closed_id(void *total, IdEntry *entry) noexcept nogil:
    if entry.value & ID_CLOSED:
        (<uint64_t *>total)[0] += closed_id_hash(entry)


cdef uint64_t state_hash_afresh(State *state) noexcept nogil:
    """The same hash, worked out from everything there is."""
    cdef uint64_t total = funds_digest(&state.funds)
    cdef uint64_t i
    for i in range(1, state.highest_instrument + 1):
        if state.instruments[i].defined:
            total += instrument_hash(&state.instruments[i], i)
            total += book_digest(state, &state.instruments[i])
    idmap_visit(&state.ids, add_closed_id, &total)
    return with_counters(state, total)
