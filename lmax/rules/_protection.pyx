# cython: cdivision=True
"""Price bands, the limit state, short sales, drops. Rules: docs/matching.md.

cdivision: divisors are ticks and constants, at least 1.
"""
from libc.stdint cimport uint32_t

from lmax.rules._phases cimport check_known, halt, accept_setting
from lmax.rules._special cimport after_command
from lmax.state._state cimport (
    AFTER, SPECIAL_ALARM, SPECIAL_COLLAR, emit, set_timed,
)
from lmax.state.days cimport (
    LIMIT_DOWN, LIMIT_NONE, LIMIT_UP, RESTRICTED_DAYS, SECOND, SHARE, alarm_of, bands_of,
    count_trade, forget_trades, mean_of, share_of,
)
from lmax.book.levels cimport key_price
from lmax.base.wide cimport is_percent_away
from lmax.wire cimport (
    EVT_BANDS, EVT_LIMIT_STATE, EVT_RESTRICTION, PERMISSION_ALL_OR_NONE, PHASE_CONTINUOUS,
    REASON_DROP_HALT, REASON_INVALID_SETTING, REASON_NONE, REASON_PRICE_RANGE, REASON_PRICE_TICK,
    SIDE_SELL, STATUS_ACTIVE, TIER_NONE, TIER_TIER_2, TRIGGER_QUOTE, Event,
)

cdef extern from *:
    """
    #define LMAX_LONGEST (24 * 3600 * (int64_t)1000000000)
    """
    const int64_t LONGEST "LMAX_LONGEST"  # a halt or an extension, ns


# -- bands --------------------------------------------------------------------------------


cdef void refer_bands_to(State *state, Instrument *instrument, int64_t price) noexcept nogil:
    """Bands are built around this price from now on."""
    cdef Day *day = day_of(state, instrument)
    day.band_reference = price
    day.band_since = state.now


cdef void work_out_bands(State *state, Instrument *instrument) noexcept nogil:
    """The bands of this moment; BANDS if they are others than before."""
    cdef Day *day = day_of(state, instrument)
    cdef int64_t lower = 0
    cdef int64_t upper = 0
    cdef int64_t around = 0
    cdef Event *event
    if instrument.phase != PHASE_CONTINUOUS:
        return
    if day.tier != TIER_NONE and day.band_reference:
        around = day.band_reference
        bands_of(day, instrument.tick_size, is_near_close(state), &lower, &upper)
    if lower == day.lower and upper == day.upper and around == day.bands_around:
        return
    day.lower = lower
    day.upper = upper
    day.bands_around = around
    event = emit(state, EVT_BANDS)
    event.instrument = instrument.id
    event.price = upper
    event.amount = lower
    event.quantity = around


cdef inline bint is_near_close(State *state) noexcept nogil:
    """The last 25 minutes."""
    return state.close != 0 and state.now >= state.close - 25 * 60 * SECOND


cdef void renew_bands(State *state, Instrument *instrument) noexcept nogil:
    """TIMER: a reference that is 30 s old follows the mean of the trades; not in a limit state."""
    cdef Day *day = day_of(state, instrument)
    cdef int64_t mean
    if day.limit != LIMIT_NONE:
        return
    if day.band_reference and state.now - day.band_since >= 30 * SECOND:
        mean = mean_of(day, state.now)
        mean -= mean % instrument.tick_size
        if mean and is_percent_away(mean, day.band_reference):
            refer_bands_to(state, instrument, mean)
    work_out_bands(state, instrument)


# -- the limit state ----------------------------------------------------------------------


cdef uint8_t limit_of(State *state, Instrument *instrument) noexcept nogil:
    """Whether the best displayed bid is at the upper band, or the best ask at the lower."""
    cdef Day *day = day_of(state, instrument)
    cdef int64_t tick = instrument.tick_size
    if instrument.phase != PHASE_CONTINUOUS or not has_bands(day):
        return LIMIT_NONE
    if instrument.shown[SIDE_BUY].best and (
        key_price(SIDE_BUY, instrument.shown[SIDE_BUY].best_key) * tick >= day.upper
    ):
        return LIMIT_UP
    if instrument.shown[SIDE_SELL].best and (
        key_price(SIDE_SELL, instrument.shown[SIDE_SELL].best_key) * tick <= day.lower
    ):
        return LIMIT_DOWN
    return LIMIT_NONE


cdef void tell_limit_state(
    State *state, Instrument *instrument, uint8_t limit, bint begins
) noexcept nogil:
    cdef Day *day = day_of(state, instrument)
    cdef Event *event = emit(state, EVT_LIMIT_STATE)
    event.instrument = instrument.id
    event.side = SIDE_BUY if limit == LIMIT_UP else SIDE_SELL
    event.price = day.upper if limit == LIMIT_UP else day.lower
    event.quantity = begins


cdef void watch_limits(State *state, Instrument *instrument) noexcept nogil:
    """Begin or end the limit state."""
    cdef Day *day = day_of(state, instrument)
    cdef uint8_t limit = limit_of(state, instrument)
    if limit == day.limit:
        return
    if day.limit != LIMIT_NONE:
        tell_limit_state(state, instrument, day.limit, False)
    day.limit = limit
    if limit != LIMIT_NONE:
        day.limit_since = state.now
        tell_limit_state(state, instrument, limit, True)


cdef bint limit_state_lasted(State *state, Instrument *instrument) noexcept nogil:
    """The limit state has gone on for 15 s."""
    cdef Day *day = day_of(state, instrument)
    return day.limit != LIMIT_NONE and state.now - day.limit_since >= 15 * SECOND


# -- what trades bring --------------------------------------------------------------------


cdef void set_off_alarm(
    State *state, Instrument *instrument, int64_t price, bint in_auction
) noexcept nogil:
    """A trade at or below Instrument.alarm: it is looked at when the command is done."""
    cdef Day *day = day_of(state, instrument)
    if day.lowest == 0 or price < day.lowest:
        day.lowest = price
    if not in_auction:
        day.alarmed = 1
    instrument.special |= SPECIAL_ALARM


cdef void note_trade(
    State *state, Instrument *instrument, int64_t price, bint in_auction
) noexcept nogil:
    """After a trade."""
    instrument.last_price = price
    if price <= instrument.alarm:
        set_off_alarm(state, instrument, price, in_auction)
    if instrument.special & SPECIAL_TIER and not in_auction:
        count_trade(day_of(state, instrument), price, state.now)


cdef void tell_restriction(State *state, Instrument *instrument, bint begins) noexcept nogil:
    cdef Event *event = emit(state, EVT_RESTRICTION)
    event.instrument = instrument.id
    event.quantity = begins


cdef void look_at_alarm(State *state, Instrument *instrument) noexcept nogil:
    """Something traded low: short sales are restricted, or the instrument is halted."""
    cdef Day *day = day_of(state, instrument)
    cdef bint drops = (
        day.alarmed
        and day.drop
        and not day.dropped
        and instrument.phase == PHASE_CONTINUOUS
        and instrument.status == STATUS_ACTIVE
        and instrument.last_price <= share_of(day.reference_price, SHARE - <int64_t>day.drop)
    )
    if day.lowest <= share_of(day.reference_price, 9_000):
        if day.restricted == 0:
            tell_restriction(state, instrument, True)
        day.restricted = RESTRICTED_DAYS
    day.lowest = 0
    day.alarmed = 0
    instrument.special &= ~<uint32_t>SPECIAL_ALARM
    if drops:
        day.dropped = 1
    instrument.alarm = alarm_of(day)
    if drops:
        halt(state, instrument, REASON_DROP_HALT, day.halt_time)


cdef void watch(State *state, Instrument *instrument) noexcept nogil:
    """At the end of a command that reached the instrument."""
    cdef bint may_be_limited = (
        instrument.special & SPECIAL_TIER or day_of(state, instrument).limit != LIMIT_NONE
    )
    if may_be_limited and instrument.status == STATUS_ACTIVE:
        watch_limits(state, instrument)
    if instrument.special & SPECIAL_ALARM:
        look_at_alarm(state, instrument)


cdef bint short_sale_is_allowed(
    State *state, Instrument *instrument, int64_t price
) noexcept nogil:
    """Whether a SHORT order at that price (0: it has none) may come or trade now."""
    if (
        day_of(state, instrument).restricted == 0
        or instrument.phase != PHASE_CONTINUOUS
        or instrument.status != STATUS_ACTIVE
    ):
        return True
    if price == 0:
        return False
    return instrument.shown[SIDE_BUY].best == 0 or (
        price
        > key_price(SIDE_BUY, instrument.shown[SIDE_BUY].best_key) * instrument.tick_size
    )


cdef void end_of_protected_day(State *state, Instrument *instrument) noexcept nogil:
    """Nothing of this day's drops and means counts on the next."""
    cdef Day *day = day_of(state, instrument)
    day.dropped = 0
    day.extended = 0
    forget_trades(day)
    if day.restricted == 1:
        tell_restriction(state, instrument, False)
    if day.restricted:
        day.restricted -= 1
    instrument.alarm = alarm_of(day)


# -- what operators set -------------------------------------------------------------------


cdef void after_setting(State *state, Instrument *instrument) noexcept nogil:
    """A limit state may end for an instrument that lost its tier, or had lost it before."""
    if instrument.special & AFTER:
        after_command(state, instrument)
    elif instrument.status == STATUS_ACTIVE:
        watch_limits(state, instrument)


cdef void apply_setting(State *state, Instrument *instrument) noexcept nogil:
    """What a setting brings at once."""
    instrument.alarm = alarm_of(day_of(state, instrument))
    work_out_bands(state, instrument)
    after_setting(state, instrument)


cdef uint8_t set_reference(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument
    cdef uint8_t reason = check_known(state, command.instrument)
    if reason:
        return reason
    instrument = &state.instruments[command.instrument]
    if not instrument.min_price <= command.price <= instrument.max_price:
        return REASON_PRICE_RANGE
    if command.price % instrument.tick_size:
        return REASON_PRICE_TICK
    accept_setting(state, command)
    day_of(state, instrument).reference_price = command.price
    refer_bands_to(state, instrument, command.price)
    apply_setting(state, instrument)
    return REASON_NONE


cdef inline bint settings_are_good(Command *command) noexcept nogil:
    return (
        command.tier <= TIER_TIER_2
        and command.trigger_source <= TRIGGER_QUOTE
        and command.permissions <= PERMISSION_ALL_OR_NONE
        and command.collar < SHARE
        and command.auction_collar < SHARE
        and command.drop < SHARE
        and 0 <= command.halt_time <= LONGEST
        and 0 <= command.extension_time <= LONGEST
    )


cdef uint8_t set_protection(State *state, Command *command) noexcept nogil:
    cdef Instrument *instrument
    cdef Day *day
    cdef uint8_t reason = check_known(state, command.instrument)
    if reason:
        return reason
    if not settings_are_good(command):
        return REASON_INVALID_SETTING
    accept_setting(state, command)
    instrument = &state.instruments[command.instrument]
    day = day_of(state, instrument)
    if day.tier != command.tier:
        forget_trades(day)
    day.halt_time = command.halt_time
    day.extension_time = command.extension_time
    day.auction_collar = command.auction_collar
    day.collar = command.collar
    day.drop = command.drop
    day.tier = command.tier
    day.trigger_source = command.trigger_source
    day.extensions = command.extensions
    day.permissions = command.permissions
    instrument.special &= ~<uint32_t>(SPECIAL_TIER | SPECIAL_COLLAR)
    if day.collar:
        instrument.special |= SPECIAL_COLLAR
    if day.tier != TIER_NONE:
        instrument.special |= SPECIAL_TIER
        set_timed(state, instrument.id)
    apply_setting(state, instrument)
    return REASON_NONE


cdef uint8_t set_close(State *state, Command *command) noexcept nogil:
    if command.expire_time < 0:
        return REASON_INVALID_SETTING
    accept_setting(state, command)
    state.close = command.expire_time
    return REASON_NONE
