"""The state's life."""

from libc.string cimport memset

from lmax.state.funds cimport MAX_POSITIONS, funds_close, funds_open
from lmax.state.idmap cimport idmap_close, idmap_open
from lmax.book.levels cimport level_pools_close, level_pools_open, levels_open
from lmax.base.memory cimport pool_close, pool_open, release, reserve
from lmax.state.tradelog cimport trades_close, trades_open
from lmax.state.trails cimport Trail
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
