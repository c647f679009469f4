"""The day of an instrument against its orders: for tests and debugging."""
from libc.stdint cimport uint32_t

from lmax.rules._chains cimport Chain, chain_instrument
from lmax.rules._phases cimport is_for_auction
from lmax.state._state cimport PLACE_SHOWN, SPECIAL_PHASE, SPECIAL_TIER, day_of
from lmax.rules._timer cimport stays_timed
from lmax.state.days cimport LIMIT_NONE, Day, alarm_of
from lmax.wire cimport PHASE_CONTINUOUS, TIER_NONE


cdef int check_day(State *state, Instrument *instrument) except -1:
    cdef Day *day = day_of(state, instrument)
    where = f"instrument {instrument.id}"
    check_list(state, instrument)
    if instrument.alarm != alarm_of(day):
        raise AssertionError(f"{where} has its alarm at {instrument.alarm}, not {alarm_of(day)}")
    if (instrument.special & SPECIAL_PHASE != 0) != (instrument.phase != PHASE_CONTINUOUS):
        raise AssertionError(f"{where} is in phase {instrument.phase}, its flags say otherwise")
    if (instrument.special & SPECIAL_TIER != 0) != (day.tier != TIER_NONE):
        raise AssertionError(f"{where} has tier {day.tier}, its flags say otherwise")
    if day.limit != LIMIT_NONE and instrument.phase != PHASE_CONTINUOUS:
        raise AssertionError(f"{where} is in a limit state, but not in CONTINUOUS")
    timed = state.timed.words[instrument.id >> 6] >> (instrument.id & 63) & 1
    if stays_timed(state, instrument) and not timed:
        raise AssertionError(f"{where} waits for a time, but TIMER does not look at it")
    return 0


cdef int check_list(State *state, Instrument *instrument) except -1:
    """The orders that an auction cancels are those in the list, by arrival."""
    cdef Chain chain
    cdef uint32_t index = day_of(state, instrument).first_for_auction
    listed, found = [], []
    while index:
        listed.append((state.orders[index].arrival, index))
        index = state.extras[index].time_next
    chain.first = chain.last = 0
    chain_instrument(state, &chain, instrument)
    index = chain.first
    while index:
        if state.orders[index].place == PLACE_SHOWN and is_for_auction(&state.orders[index]):
            found.append((state.orders[index].arrival, index))
        index = state.orders[index].chain
    if listed != sorted(found):
        raise AssertionError(
            f"instrument {instrument.id}: {len(listed)} orders are listed for its auction, or in"
            f" the wrong order; {len(found)} are for it"
        )
    return 0
