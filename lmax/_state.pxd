# Everything the business logic owns, and the way its events leave.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax._book cimport Book, BookListener, BookPools, Order
from lmax.digest cimport KIND_CLOSED_ID, KIND_ORDER, mix
from lmax.funds cimport Funds
from lmax.idmap cimport IdEntry, IdMap
from lmax.wire cimport Command, Event


cdef enum:  # State.fault: why the logic stopped for good
    FAULT_NONE = 0
    FAULT_SEQUENCE = 1  # a command came out of order
    FAULT_MEMORY = 2  # the system refused memory


cdef struct Sink:
    # Where events go: a run of slots that `refill` makes available. It is called only when
    # one more event has to be written, so the last event of a command is still at hand then.
    Event *next
    Event *end
    void (*refill)(Sink *sink) noexcept nogil  # hands over what was written; makes room for >= 1
    void *owner


cdef struct Instrument:
    bint defined
    char symbol[8]
    int64_t tick_size
    int64_t lot_size
    int64_t min_price
    int64_t max_price
    int64_t max_quantity
    int64_t unit  # 10^quantity_scale
    uint8_t quantity_scale
    int64_t total_shares
    Book book


cdef struct State:
    uint64_t sequence  # of the command applied last
    int64_t now  # business time, ns
    uint64_t trades
    uint64_t arrivals
    uint64_t digest  # of orders and instruments; funds keep their own
    uint64_t closed_digest  # of the ids whose orders are gone
    uint32_t fault
    bint bare  # a book alone: no accounts, no funds, ids forgotten when their order goes
    uint32_t highest_instrument
    Instrument *instruments  # by id
    BookPools pools
    IdMap ids
    Funds funds
    BookListener listener
    Sink sink
    # the command being applied
    Command *command
    Event *last
    uint32_t trading  # the instrument whose book is at work
    uint32_t index
    # counters, not part of the state
    uint64_t accepted
    uint64_t rejected[256]  # by reason


cdef int state_open(State *state, bint bare) noexcept nogil
cdef void state_close(State *state) noexcept nogil
cdef Event *emit(State *state, uint8_t event_type) noexcept nogil
cdef Event *emit_order(State *state, uint8_t event_type, Order *order) noexcept nogil
cdef void reject(State *state, uint8_t reason) noexcept nogil
cdef void emit_level(
    void *owner, uint8_t side, int64_t price, int64_t quantity, uint32_t count
) noexcept nogil
cdef uint64_t instrument_hash(Instrument *instrument, uint64_t id) noexcept nogil
cdef uint64_t state_hash(State *state) noexcept nogil
cdef uint64_t state_hash_afresh(State *state) noexcept nogil


cdef inline uint64_t order_hash(Order *order) noexcept nogil:
    cdef uint64_t h = mix(KIND_ORDER, <uint64_t>order.account << 32 | order.instrument)
    h = mix(h, order.client_order_id)
    h = mix(h, order.price)
    h = mix(h, order.quantity)
    h = mix(h, order.leaves)
    return mix(h, order.arrival << 16 | <uint64_t>order.side << 8 | order.time_in_force)


cdef inline uint64_t closed_id_hash(IdEntry *entry) noexcept nogil:
    return mix(mix(KIND_CLOSED_ID, <uint64_t>entry.account << 32 | entry.value), entry.id)
