"""TIMER. Rules: docs/matching.md.

Only instruments with something that time can change are looked at (State.timed). A bit that is set
for nothing is taken away here.
"""
from libc.stdint cimport uint8_t, uint32_t

from lmax.rules._auction cimport auction_of, tell_auction
from lmax.rules._expiry cimport expire_due
from lmax.rules._lists cimport has_expiring
from lmax.rules._phases cimport change_phase, halt, schedule
from lmax.rules._protection cimport limit_state_lasted, renew_bands
from lmax.rules._special cimport after_command
from lmax.state._state cimport AFTER, Instrument, day_of, emit
from lmax.state.days cimport SECOND, Auction, Day
from lmax.base.idbits cimport bit_clear, bit_next
from lmax.wire cimport (
    EVT_ACCEPTED, PHASE_CLOSING_AUCTION, PHASE_CONTINUOUS, PHASE_OPENING_AUCTION,
    REASON_LIMIT_PAUSE, REASON_NONE, STATUS_ACTIVE, TIER_NONE,
)


cdef void change_what_is_due(State *state, Instrument *instrument) noexcept nogil:
    """A pause after a limit state, the end of a halt, an auction that is tried again."""
    cdef Day *day = day_of(state, instrument)
    cdef uint8_t phase = day.due_phase
    cdef uint8_t reason = day.due_reason
    if limit_state_lasted(state, instrument):
        halt(state, instrument, REASON_LIMIT_PAUSE, 5 * 60 * SECOND)
    elif day.due_at and state.now >= day.due_at:
        schedule(day, 0, PHASE_CONTINUOUS, REASON_NONE)
        change_phase(state, instrument, phase, reason)


cdef inline bint publishes(Instrument *instrument) noexcept nogil:
    return PHASE_OPENING_AUCTION <= instrument.phase <= PHASE_CLOSING_AUCTION


cdef void publish(State *state, Instrument *instrument) noexcept nogil:
    """What the auction would come to, if that is news."""
    cdef Auction now = auction_of(state, instrument)
    cdef Auction *told = &day_of(state, instrument).published
    if (
        now.price != told.price
        or now.volume != told.volume
        or now.surplus != told.surplus
    ):
        tell_auction(state, instrument, &now, 0, REASON_NONE)


cdef void pass_time(State *state, Instrument *instrument) noexcept nogil:
    """What it is time for in one instrument."""
    expire_due(state, instrument)
    change_what_is_due(state, instrument)
    if instrument.phase == PHASE_CONTINUOUS:
        renew_bands(state, instrument)
    elif publishes(instrument):
        publish(state, instrument)
    if instrument.special & AFTER:
        after_command(state, instrument)


cdef bint stays_timed(State *state, Instrument *instrument) noexcept nogil:
    cdef Day *day = day_of(state, instrument)
    return (
        day.tier != TIER_NONE
        or day.due_at != 0
        or publishes(instrument)
        or has_expiring(instrument)
    )


cdef void timer(State *state) noexcept nogil:
    cdef Instrument *instrument
    cdef uint32_t id = bit_next(&state.timed, 0)
    emit(state, EVT_ACCEPTED)
    while id:
        instrument = &state.instruments[id]
        if instrument.status == STATUS_ACTIVE:
            pass_time(state, instrument)
            if not stays_timed(state, instrument):
                bit_clear(&state.timed, id)
        id = bit_next(&state.timed, id)
