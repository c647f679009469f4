# Everything the business logic owns, and the way its events leave.
#
# An order lies in three arrays under one index: its Slot, what matching reads; its Order, what
# every order has besides; its Extra, what only special ones have and plain ones never touch.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from lmax.state.days cimport Day
from lmax.base.digest cimport (
    KIND_CLOSED_ID, KIND_ORDER, PI_0, PI_1, PI_2, PI_3, PI_4, PI_5, PI_6, PI_7, fold,
)
from lmax.state.funds cimport Funds
from lmax.base.idbits cimport IdBits, bit_set
from lmax.state.idmap cimport IdEntry, IdMap
from lmax.book.levels cimport Level, LevelPools, LevelTree, key_price
from lmax.base.memory cimport Pool
from lmax.book.orders cimport Slot, slot_at
from lmax.base.steps cimport Step
from lmax.state.ticktables cimport TickTables
from lmax.state.tradelog cimport Trade, TradeLog, trade_remember
from lmax.state.trails cimport HeapNode
from lmax.wire cimport EVT_BOOK, Command, Event


cdef enum:
    MAX_OPEN_ORDERS = 1 << 25
    MAX_LEAVES = 1 << 22
    SHOWN_LEAVES = 64  # leaves a displayed side finds without a walk
    OTHER_LEAVES = 8  # … the others

cdef enum:  # State.fault: why the logic stopped for good
    FAULT_NONE = 0
    FAULT_SEQUENCE = 1  # a command came out of order
    FAULT_MEMORY = 2  # the system refused memory
    FAULT_DIVERGED = 3  # a checkpoint says that the state was another one

cdef enum:  # Order.place: where an open order is (docs/matching.md)
    PLACE_NONE = 0  # coming in
    PLACE_SHOWN = 1  # displayed book
    PLACE_HIDDEN = 2
    PLACE_STOPS = 3
    PLACE_WAITING = 4
    PLACE_HELD = 5
    PLACE_LINE = 6  # triggered, not yet traded

cdef enum:  # Instrument.special: 0 is the plain case
    BEFORE = 0x0000FFFF  # any of these: new orders and replaces take the long way (_special)
    AFTER = 0x7FFF0000  # any of these: `after_command` has something to look at

cdef enum:  # its bits
    SPECIAL_DEPTH = 1 << 0  # hidden orders, icebergs or waiting ones rest
    SPECIAL_COLLAR = 1 << 1  # market orders have a limit
    SPECIAL_STOPS = 1 << 16  # there are stops that are not triggered
    SPECIAL_WAITING = 1 << 17  # there are waiting orders
    SPECIAL_STATUS = 0x8000  # it is not ACTIVE
    SPECIAL_TICKS = 0x4000  # a tick table was begun
    SPECIAL_LOTS = 0x2000  # its lot policy is not ANY
    SPECIAL_PHASE = 1 << 4  # not CONTINUOUS
    SPECIAL_KILLED = 1 << 5  # by its own kill switch
    SPECIAL_VENUE = 1 << 6  # by that of the venue
    SPECIAL_TIER = 1 << 7 | 1 << 24  # price bands: trades are counted, limits watched
    SPECIAL_ALARM = 1 << 25  # something traded at or below `alarm` in this command


cdef struct Sink:
    # Where events go: a run of slots that `refill` makes available. It is called only when
    # one more event has to be written, so the last event of a command is still at hand then.
    Event *next
    Event *end
    void (*refill)(Sink *sink) noexcept nogil  # hands over what was written; makes room for >= 1
    void *owner


cdef struct Order:  # one cache line
    int64_t price
    int64_t quantity  # total; filled = quantity - leaves
    uint64_t arrival  # 1, 2, 3, … over the engine: place in time
    uint64_t hash  # what of it is in the digest; 0: it does not rest
    uint32_t account
    uint32_t position
    uint32_t account_next  # open orders of the account, in the order in which they were opened
    uint32_t account_prev
    uint32_t chain  # next one of a Chain
    uint16_t instrument
    uint16_t session
    uint16_t instructions
    uint8_t order_type
    uint8_t time_in_force
    uint8_t self_trade
    uint8_t place
    uint8_t special  # 1: it has an Extra
    uint8_t back_to  # the place it goes back to in a corporate action


cdef struct Extra:
    int64_t trigger_price
    int64_t offset
    int64_t display_quantity
    int64_t reserve  # what an iceberg does not show; its Slot.leaves is what it shows
    int64_t min_quantity
    int64_t expire_time
    int64_t watched  # best price a trailing stop has seen
    uint32_t session_next
    uint32_t session_prev
    uint32_t time_next
    uint32_t time_prev
    uint32_t triggered  # 1: a stop that was


cdef struct Session:  # open orders that came by it
    uint32_t first
    uint32_t last


cdef struct Instrument:
    uint32_t special
    uint32_t id
    bint defined
    uint8_t status
    uint8_t phase
    uint8_t quantity_scale
    uint8_t lot_policy
    int64_t min_price
    int64_t max_price
    int64_t max_quantity
    int64_t unit  # 10^quantity_scale
    Step tick
    Step lot
    int64_t tick_size
    int64_t lot_size
    int64_t last_price  # of the last trade; 0: none
    int64_t passed  # price of the first trade that stops did not look at yet; 0: none
    int64_t alarm  # a trade at or below it is looked at (_protection.set_off_alarm); 0: none
    int64_t open[2]  # leaves of all orders of a side, wherever they are
    LevelTree shown[2]
    LevelTree hidden[2]
    LevelTree stops[2]  # by trigger price: _stops
    LevelTree trails[2]  # trails of trailing stops, by best price: _stops
    LevelTree times  # of GTD orders: _lists
    Level waiting[2]  # queues in order of arrival
    Level held
    Level line
    uint32_t icebergs  # displayed
    int64_t total_shares
    int64_t round_lot
    uint64_t trades_before_split  # ids of trades that are told in shares of another time
    char symbol[8]
    uint32_t shown_leaves[2][SHOWN_LEAVES]
    uint32_t hidden_leaves[2][OTHER_LEAVES]
    uint32_t stop_leaves[2][OTHER_LEAVES]
    uint32_t trail_leaves[2][OTHER_LEAVES]
    uint32_t time_leaves[OTHER_LEAVES]


cdef struct State:
    uint64_t sequence  # of the command applied last
    int64_t now  # business time, ns
    uint64_t trades
    uint64_t arrivals
    uint64_t digest  # of open orders; funds keep their own
    uint64_t closed_digest  # of the ids whose orders are gone
    Instrument *instruments  # by id
    Day *days  # … likewise
    Pool slots
    Order *orders
    Extra *extras
    HeapNode *nodes  # of trailing stops, by order
    Pool trails
    Session *sessions
    Sink sink
    # the command being applied
    Command *command
    uint32_t index  # of its next event
    uint32_t fault
    IdMap ids
    Funds funds
    LevelPools levels
    TradeLog log
    TickTables *ticks  # by instrument id
    uint64_t *scratch  # as many as positions, for passes over them; used within a command
    uint32_t highest_instrument
    uint32_t venue_killed
    uint32_t market_level  # of the deepest halt of the market today
    int64_t close  # when the market closes today; 0: nobody said
    IdBits timed  # instruments that TIMER has to look at
    IdBits touched  # by the command being applied, where it is about many
    IdBits killed_firms
    # counters, not part of the state
    uint64_t accepted
    uint64_t rejected[256]  # by reason
    # the last checkpoint; a function of the commands, and not in the state hash, since it is one
    uint64_t checkpoint_sequence  # 0: there was none
    uint64_t checkpoint_hash
    uint64_t checkpoint_expected  # at FAULT_DIVERGED: what the primary had there


cdef int state_open(State *state, uint64_t most_trades) noexcept nogil
cdef void state_close(State *state) noexcept nogil
cdef void instrument_open(State *state, Instrument *instrument) noexcept nogil
cdef void reject(State *state, uint8_t reason) noexcept nogil
cdef uint64_t extra_hash(State *state, uint32_t index) noexcept nogil


cdef inline Slot *slot_of(State *state, uint32_t index) noexcept nogil:
    return slot_at(&state.slots, index)


cdef inline Day *day_of(State *state, Instrument *instrument) noexcept nogil:
    return &state.days[instrument.id]


cdef inline void set_timed(State *state, uint32_t instrument) noexcept nogil:
    """TIMER has to look at it."""
    bit_set(&state.timed, instrument)


cdef inline int64_t best_shown(Instrument *instrument, uint8_t side) noexcept nogil:
    """The best displayed price of a side; 0: there is none."""
    if instrument.shown[side].best == 0:
        return 0
    return key_price(side, instrument.shown[side].best_key) * instrument.tick_size


cdef inline int64_t leaves_of(State *state, uint32_t index) noexcept nogil:
    """What is open of an order, shown or not."""
    cdef int64_t leaves = slot_of(state, index).leaves
    if state.orders[index].special:
        leaves += state.extras[index].reserve
    return leaves


# -- events -----------------------------------------------------------------------------


cdef inline Event *emit(State *state, uint8_t event_type) noexcept nogil:
    """The next event of the command at hand, zero but for its heading."""
    cdef Event *event
    if state.sink.next == state.sink.end:
        state.sink.refill(&state.sink)
    event = state.sink.next
    state.sink.next = event + 1
    memset(event, 0, sizeof(Event))
    event.sequence = state.sequence
    event.timestamp = state.now
    event.type = event_type
    event.command = state.command.type
    event.index = state.index
    state.index += 1
    return event


cdef inline Event *emit_order(State *state, uint8_t event_type, uint32_t index) noexcept nogil:
    """An event about an order, with its name, price, total and leaves."""
    cdef Event *event = emit(state, event_type)
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    event.client_order_id = slot.id
    event.account = order.account
    event.instrument = order.instrument
    event.side = slot.side
    event.order_type = order.order_type
    event.time_in_force = order.time_in_force
    event.price = order.price
    event.quantity = order.quantity
    event.leaves = slot.leaves
    if order.special:
        event.leaves += state.extras[index].reserve
        event.trigger_price = state.extras[index].trigger_price
    return event


cdef inline void emit_level(
    State *state, uint32_t instrument, uint8_t side, int64_t price, Level *level
) noexcept nogil:
    """A displayed level's new total; 0 in 0 orders: it is gone."""
    cdef Event *event = emit(state, EVT_BOOK)
    event.instrument = instrument
    event.side = side
    event.price = price
    event.quantity = level.quantity
    event.order_count = level.count


# -- trades -----------------------------------------------------------------------------


cdef inline uint64_t remember_trade(
    State *state, uint32_t instrument, uint32_t buyer, uint32_t seller, int64_t price,
    int64_t quantity,
) noexcept nogil:
    """A trade was made: its id."""
    cdef Trade trade
    trade.price = price
    trade.quantity = quantity
    trade.buyer = buyer
    trade.seller = seller
    trade.instrument = instrument
    trade.busted = 0
    trade.spare0 = 0
    trade.spare1 = 0
    state.trades += 1
    trade_remember(&state.log, state.trades, &trade)
    return state.trades


# -- the part of the state hash that is kept up to date ----------------------------------


cdef inline uint64_t order_hash(State *state, uint32_t index) noexcept nogil:
    """Of an open order; the place in its queue is in it as its arrival."""
    cdef Slot *slot = slot_of(state, index)
    cdef Order *order = &state.orders[index]
    cdef uint64_t kind = (
        <uint64_t>order.session << 48
        | <uint64_t>order.instructions << 32
        | <uint64_t>order.self_trade << 24
        | <uint64_t>order.place << 20
        | <uint64_t>slot.side << 16
        | <uint64_t>order.order_type << 8
        | order.time_in_force
    )
    cdef uint64_t h = (
        fold(slot.id ^ PI_0, (<uint64_t>order.account << 32 | order.instrument) ^ PI_1)
        + fold(<uint64_t>order.price ^ PI_2, <uint64_t>order.quantity ^ PI_3)
        + fold(<uint64_t>slot.leaves ^ PI_4, order.arrival ^ PI_5)
        + fold(kind ^ PI_6, PI_7)
    )
    if order.special:
        h += extra_hash(state, index)
    return fold(h, KIND_ORDER)


cdef inline void hash_order(State *state, uint32_t index) noexcept nogil:
    """After any change of an open order."""
    cdef uint64_t after = order_hash(state, index)
    state.digest += after - state.orders[index].hash
    state.orders[index].hash = after


cdef inline void unhash_order(State *state, uint32_t index) noexcept nogil:
    """The order is not open any more."""
    state.digest -= state.orders[index].hash
    state.orders[index].hash = 0


cdef inline uint64_t closed_id_hash(IdEntry *entry) noexcept nogil:
    return fold(
        fold(entry.id ^ PI_2, (<uint64_t>entry.account << 32 | entry.value) ^ PI_3),
        KIND_CLOSED_ID,
    )
