"""The state's life and its hash."""

from libc.string cimport memcpy, memset

from lmax._chains cimport Chain, chain_instrument
from lmax.days cimport day_hash
from lmax.digest cimport KIND_COUNTERS, KIND_INSTRUMENT, mix
from lmax.funds cimport MAX_POSITIONS, funds_close, funds_digest, funds_open
from lmax.idmap cimport ID_CLOSED, IdEntry, idmap_close, idmap_open, idmap_visit
from lmax.levels cimport level_pools_close, level_pools_open, levels_open
from lmax.memory cimport pool_close, pool_open, release, reserve
from lmax.ticktables cimport tick_tables_hash
from lmax.tradelog cimport trades_close, trades_digest, trades_open
from lmax._stops cimport trails_hash
from lmax.trails cimport Trail
from lmax.wire cimport EVT_REJECTED, MAX_INSTRUMENT, ORD_TRAILING_STOP

cdef enum:
    FIRST_IDS = 1 << 16
    MAX_SESSION = 65_535


cdef int state_open(State *state, uint64_t most_trades) noexcept nogil:
    """0, or -1 without memory; close it in either case. The caller sets the sink.

    most_trades: how many are remembered, a power of two.
    """
    memset(state, 0, sizeof(State))
    state.instruments = <Instrument *>reserve((MAX_INSTRUMENT + 1) * sizeof(Instrument))
    state.days = <Day *>reserve((MAX_INSTRUMENT + 1) * sizeof(Day))
    state.orders = <Order *>reserve(MAX_OPEN_ORDERS * sizeof(Order))
    state.extras = <Extra *>reserve(MAX_OPEN_ORDERS * sizeof(Extra))
    if state.instruments == NULL or state.orders == NULL or state.extras == NULL:
        return -1
    if state.days == NULL:
        return -1
    state.nodes = <HeapNode *>reserve(MAX_OPEN_ORDERS * sizeof(HeapNode))
    state.sessions = <Session *>reserve((MAX_SESSION + 1) * sizeof(Session))
    if state.nodes == NULL or state.sessions == NULL:
        return -1
    if pool_open(&state.trails, sizeof(Trail), MAX_OPEN_ORDERS) < 0:
        return -1
    if pool_open(&state.slots, sizeof(Slot), MAX_OPEN_ORDERS) < 0:
        return -1
    if level_pools_open(&state.levels, MAX_LEAVES) < 0:
        return -1
    state.ticks = <TickTables *>reserve((MAX_INSTRUMENT + 1) * sizeof(TickTables))
    state.scratch = <uint64_t *>reserve(MAX_POSITIONS * sizeof(uint64_t))
    if state.ticks == NULL or state.scratch == NULL:
        return -1
    if trades_open(&state.log, most_trades) < 0:
        return -1
    if idmap_open(&state.ids, FIRST_IDS) < 0:
        return -1
    return funds_open(&state.funds)


cdef void state_close(State *state) noexcept nogil:
    release(state.instruments, (MAX_INSTRUMENT + 1) * sizeof(Instrument))
    release(state.days, (MAX_INSTRUMENT + 1) * sizeof(Day))
    release(state.orders, MAX_OPEN_ORDERS * sizeof(Order))
    release(state.extras, MAX_OPEN_ORDERS * sizeof(Extra))
    release(state.nodes, MAX_OPEN_ORDERS * sizeof(HeapNode))
    release(state.sessions, (MAX_SESSION + 1) * sizeof(Session))
    pool_close(&state.trails)
    pool_close(&state.slots)
    level_pools_close(&state.levels)
    idmap_close(&state.ids)
    funds_close(&state.funds)
    release(state.ticks, (MAX_INSTRUMENT + 1) * sizeof(TickTables))
    release(state.scratch, MAX_POSITIONS * sizeof(uint64_t))
    trades_close(&state.log)
    memset(state, 0, sizeof(State))


cdef void instrument_open(State *state, Instrument *instrument) noexcept nogil:
    """Empty trees; everything else is zero already."""
    cdef LevelPools *levels = &state.levels
    cdef int i
    for i in range(2):
        levels_open(levels, &instrument.shown[i], instrument.shown_leaves[i], SHOWN_LEAVES)
        levels_open(levels, &instrument.hidden[i], instrument.hidden_leaves[i], OTHER_LEAVES)
        levels_open(levels, &instrument.stops[i], instrument.stop_leaves[i], OTHER_LEAVES)
        levels_open(levels, &instrument.trails[i], instrument.trail_leaves[i], OTHER_LEAVES)
    levels_open(levels, &instrument.times, instrument.time_leaves, OTHER_LEAVES)


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


# -- the state hash ---------------------------------------------------------------------


cdef uint64_t extra_hash(State *state, uint32_t index) noexcept nogil:
    """What a special order adds to its hash; where a trailing stop stands is in trails_hash."""
    cdef Extra *extra = &state.extras[index]
    cdef Order *order = &state.orders[index]
    cdef int64_t trigger_price = extra.trigger_price
    cdef int64_t watched = extra.watched
    if order.order_type == ORD_TRAILING_STOP and order.place == PLACE_STOPS:
        trigger_price = watched = 0
    return (
        fold(<uint64_t>trigger_price ^ PI_1, <uint64_t>extra.offset ^ PI_2)
        + fold(<uint64_t>extra.display_quantity ^ PI_3, <uint64_t>extra.reserve ^ PI_4)
        + fold(<uint64_t>extra.min_quantity ^ PI_5, <uint64_t>extra.expire_time ^ PI_6)
        + fold(<uint64_t>watched ^ PI_7, extra.triggered ^ PI_0)
    )


cdef uint64_t instrument_hash(Instrument *instrument) noexcept nogil:
    """Of the definition, the shares that exist, and all that goes on, but for its orders.

    Worked out only when the state hash is asked for: whoever changes an instrument need not care.
    """
    cdef uint64_t symbol
    cdef uint64_t h = mix(KIND_INSTRUMENT, <uint64_t>instrument.id << 32 | instrument.special)
    memcpy(&symbol, instrument.symbol, 8)
    h = mix(mix(h, symbol), instrument.tick_size)
    h = mix(mix(h, instrument.lot_size), instrument.min_price)
    h = mix(mix(h, instrument.max_price), instrument.max_quantity)
    h = mix(mix(h, instrument.total_shares), instrument.last_price)
    h = mix(mix(h, instrument.round_lot), instrument.trades_before_split)
    return mix(
        h,
        <uint64_t>instrument.lot_policy << 24
        | <uint64_t>instrument.quantity_scale << 16
        | <uint64_t>instrument.status << 8
        | instrument.phase,
    )


cdef uint64_t with_the_rest(State *state, uint64_t things) noexcept nogil:
    """A digest with the instruments and counters."""
    cdef uint64_t h = mix(KIND_COUNTERS, state.sequence)
    cdef uint32_t i
    for i in range(1, state.highest_instrument + 1):
        if state.instruments[i].defined:
            things += mix(instrument_hash(&state.instruments[i]), day_hash(&state.days[i]))
            if state.instruments[i].special & SPECIAL_STOPS:
                things += trails_hash(state, &state.instruments[i])
            if state.instruments[i].special & SPECIAL_TICKS:
                things += mix(tick_tables_hash(&state.ticks[i]), i)
    h = mix(mix(h, state.now), state.trades)
    h = mix(mix(h, state.close), state.market_level << 1 | state.venue_killed)
    for i in range(1024):
        if state.killed_firms.words[i]:
            h = mix(mix(h, i), state.killed_firms.words[i])
    return things + mix(mix(h, state.arrivals), state.funds.total_cash)


cdef uint64_t state_hash(State *state) noexcept nogil:
    """The hash after the last command; what there may be much of is kept up to date."""
    cdef uint64_t kept = state.digest + state.closed_digest + state.funds.digest
    return with_the_rest(state, kept + state.log.digest)


cdef void add_closed_id(void *total, IdEntry *entry) noexcept nogil:
    if entry.value & ID_CLOSED:
        (<uint64_t *>total)[0] += closed_id_hash(entry)


cdef uint64_t state_hash_afresh(State *state) noexcept nogil:
    """The same hash, worked out from everything there is."""
    cdef uint64_t total = funds_digest(&state.funds)
    cdef uint32_t i, index
    cdef Chain chain
    for i in range(1, state.highest_instrument + 1):
        if not state.instruments[i].defined:
            continue
        chain.first = chain.last = 0
        chain_instrument(state, &chain, &state.instruments[i])
        index = chain.first
        while index:
            total += order_hash(state, index)
            index = state.orders[index].chain
    idmap_visit(&state.ids, add_closed_id, &total)
    total += trades_digest(&state.log, state.trades)
    return with_the_rest(state, total)
