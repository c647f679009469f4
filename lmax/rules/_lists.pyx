"""Lists of special orders. See _lists.pxd."""

from libc.stdint cimport uint64_t

from lmax.rules._chains cimport chain_add
from lmax.state._state cimport Extra, Order, Session, set_timed
from lmax.book.levels cimport (
    Level, level_at, level_drop_if_empty, level_find, level_for, level_next,
)
from lmax.wire cimport TIF_GTD


# -- by time -------------------------------------------------------------------------------
#
# GTD orders in the level of their time; orders for an auction alone, which are never GTD, in one
# list of the instrument.


cdef void append_by_time(
    State *state, uint32_t *first, uint32_t *last, uint32_t index
) noexcept nogil:
    cdef Extra *extra = &state.extras[index]
    extra.time_next = 0
    extra.time_prev = last[0]
    if last[0]:
        state.extras[last[0]].time_next = index
    else:
        first[0] = index
    last[0] = index


cdef void unlink_by_time(
    State *state, uint32_t *first, uint32_t *last, uint32_t index
) noexcept nogil:
    cdef Extra *extra = &state.extras[index]
    if extra.time_prev:
        state.extras[extra.time_prev].time_next = extra.time_next
    else:
        first[0] = extra.time_next
    if extra.time_next:
        state.extras[extra.time_next].time_prev = extra.time_prev
    else:
        last[0] = extra.time_prev


cdef void for_auction_append(State *state, Day *day, uint32_t index) noexcept nogil:
    """A MARKET, AT_OPEN, AT_CLOSE or GOOD_FOR_AUCTION order rests in the displayed book."""
    append_by_time(state, &day.first_for_auction, &day.last_for_auction, index)


cdef void for_auction_unlink(State *state, Day *day, uint32_t index) noexcept nogil:
    """Such an order leaves the book."""
    unlink_by_time(state, &day.first_for_auction, &day.last_for_auction, index)


cdef void put_time(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """Last of those that expire at that time."""
    cdef uint32_t place = level_for(
        &state.levels, &instrument.times, <uint64_t>state.extras[index].expire_time
    )
    cdef Level *level = level_at(&state.levels, place)
    append_by_time(state, &level.head, &level.tail, index)
    level.count += 1
    set_timed(state, instrument.id)


cdef void take_time(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    cdef uint32_t place = level_find(
        &state.levels, &instrument.times, <uint64_t>state.extras[index].expire_time
    )
    cdef Level *level = level_at(&state.levels, place)
    unlink_by_time(state, &level.head, &level.tail, index)
    level.count -= 1
    level_drop_if_empty(&state.levels, &instrument.times, place)


# -- by session, and all ---------------------------------------------------------------------


cdef void list_order(State *state, Instrument *instrument, uint32_t index) noexcept nogil:
    """A special order is accepted."""
    cdef Order *order = &state.orders[index]
    cdef Session *session
    if order.time_in_force == TIF_GTD:
        put_time(state, instrument, index)
    if order.session == 0:
        return
    session = &state.sessions[order.session]
    state.extras[index].session_next = 0
    state.extras[index].session_prev = session.last
    if session.last:
        state.extras[session.last].session_next = index
    else:
        session.first = index
    session.last = index


cdef void unlist_order(State *state, uint32_t index) noexcept nogil:
    """It is not open any more."""
    cdef Order *order = &state.orders[index]
    cdef Extra *extra = &state.extras[index]
    cdef Session *session = &state.sessions[order.session]
    if order.time_in_force == TIF_GTD:
        take_time(state, &state.instruments[order.instrument], index)
    if order.session == 0:
        return
    if extra.session_prev:
        state.extras[extra.session_prev].session_next = extra.session_next
    else:
        session.first = extra.session_next
    if extra.session_next:
        state.extras[extra.session_next].session_prev = extra.session_prev
    else:
        session.last = extra.session_prev


cdef void chain_session(State *state, Chain *chain, uint32_t session) noexcept nogil:
    """Add every open order of a session; nearly sorted."""
    cdef uint32_t index = state.sessions[session].first
    while index:
        chain_add(state, chain, index)
        index = state.extras[index].session_next


cdef void chain_due(State *state, Chain *chain, Instrument *instrument) noexcept nogil:
    """Add the orders whose time has come; unsorted."""
    cdef uint32_t place = instrument.times.best
    cdef uint32_t index
    while place:
        index = level_at(&state.levels, place).head
        if state.extras[index].expire_time > state.now:
            return
        while index:
            chain_add(state, chain, index)
            index = state.extras[index].time_next
        place = level_next(&state.levels, &instrument.times, place)
