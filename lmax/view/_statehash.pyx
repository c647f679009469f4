"""The hash of the whole state, as it was kept and worked out afresh. See _statehash.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from lmax.rules._chains cimport Chain, chain_instrument
from lmax.state._state cimport (
    SPECIAL_STOPS, SPECIAL_TICKS, Instrument, State, closed_id_hash, order_hash,
)
from lmax.state.days cimport day_hash
from lmax.base.digest cimport KIND_COUNTERS, KIND_INSTRUMENT, PI_1, PI_2, fold, mix
from lmax.state.funds cimport funds_digest
from lmax.state.idmap cimport ID_CLOSED, IdEntry, idmap_visit
from lmax.book.levels cimport level_at, level_next
from lmax.state.ticktables cimport tick_tables_hash
from lmax.state.tradelog cimport trades_digest
from lmax.state.trails cimport Trail, heap_after, trail_at


cdef uint64_t trails_hash(State *state, Instrument *instrument) noexcept nogil:
    """Which trailing stops have seen which best prices: their own hashes leave that out."""
    cdef uint64_t h = 0
    cdef uint32_t level, index
    cdef Trail *trail
    cdef uint8_t side
    cdef int kind
    for side in range(2):
        level = instrument.trails[side].best
        while level:
            trail = trail_at(&state.trails, level_at(&state.levels, level).head)
            for kind in range(2):
                index = trail.top[kind]
                while index:
                    h += fold(<uint64_t>trail.best ^ PI_1, state.orders[index].hash ^ PI_2)
                    index = heap_after(state.nodes, trail.top[kind], index)
            level = level_next(&state.levels, &instrument.trails[side], level)
    return h


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
