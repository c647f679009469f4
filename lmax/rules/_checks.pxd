# What is checked before an order changes anything. All return the reason of a rejection, or
# REASON_NONE.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.state._state cimport Instrument, State
from lmax.state.funds cimport ACCOUNT_OPEN
from lmax.state.idmap cimport IdEntry
from lmax.base.steps cimport steps_in
from lmax.wire cimport (
    MAX_ACCOUNT, MAX_INSTRUMENT, ORD_MARKET, REASON_NONE, REASON_PRICE_RANGE, REASON_PRICE_TICK,
    REASON_QUANTITY_LOT, REASON_QUANTITY_RANGE, REASON_UNKNOWN_ACCOUNT, REASON_UNKNOWN_INSTRUMENT,
    TIF_FOK, Command,
)


cdef uint8_t find_order(State *state, Command *command, IdEntry **entry) noexcept nogil
cdef uint8_t check_room(
    State *state, Instrument *instrument, uint8_t side, int64_t more, uint32_t orders
) noexcept nogil
cdef uint8_t check_market_buy(
    State *state, Instrument *instrument, Command *command
) noexcept nogil


cdef inline uint8_t check_parties(State *state, Command *command) noexcept nogil:
    if command.account > MAX_ACCOUNT or (
        not state.funds.accounts[command.account].flags & ACCOUNT_OPEN
    ):
        return REASON_UNKNOWN_ACCOUNT
    if command.instrument > MAX_INSTRUMENT or not state.instruments[command.instrument].defined:
        return REASON_UNKNOWN_INSTRUMENT
    return REASON_NONE


cdef inline bint is_special_request(Command *command) noexcept nogil:
    """It asks for more than a limit or market order with DAY, GTC, IOC or FOK."""
    return (
        command.order_type > ORD_MARKET
        or command.time_in_force > TIF_FOK
        or (command.instructions | command.self_trade | command.session) != 0
        or (
            command.trigger_price
            | command.offset
            | command.display_quantity
            | command.min_quantity
            | command.expire_time
        ) != 0
    )


cdef inline uint8_t check_price(
    Instrument *instrument, int64_t price, uint64_t *ticks
) noexcept nogil:
    """A limit price; it is so many ticks."""
    if not instrument.min_price <= price <= instrument.max_price:
        return REASON_PRICE_RANGE
    ticks[0] = steps_in(&instrument.tick, price)
    return REASON_PRICE_TICK if ticks[0] > instrument.tick.most else REASON_NONE


cdef inline uint8_t check_quantity(Instrument *instrument, int64_t quantity) noexcept nogil:
    if not 1 <= quantity <= instrument.max_quantity:
        return REASON_QUANTITY_RANGE
    if steps_in(&instrument.lot, quantity) > instrument.lot.most:
        return REASON_QUANTITY_LOT
    return REASON_NONE
