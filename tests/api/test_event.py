"""How events read; they are made by the plain twin of the engine."""

import dataclasses

import pytest

from lmax import EVENT, Event, EventType, Phase, Status
from lmax.event import events_of
from tests.scenarios.names import Names
from tests.scenarios.sentences import SENTENCES
from tests.twin import Command
from tests.twin.build import Feed
from tests.twin.records import events_to_array


def told(*lines):
    """The events of some sentences of the scenarios."""
    feed, names = Feed(), Names()
    found: list[Event] = []
    for line in lines:
        sentence, match = next(
            (s, m) for s in SENTENCES if (m := s.pattern.fullmatch(line)) is not None
        )
        for one in sentence.commands(names, match):
            found += events_of(events_to_array(feed(one)))
    return found


MARKET = (
    "instrument 1 ACME tick 0.01",
    "account 1 cash 10000 ACME 1000",
    "account 2 cash 10000 ACME 1000",
)


def lines(*sentences):
    """What the events of those sentences say, on a market that is prepared."""
    events = told(*MARKET, *sentences)
    return [str(event) for event in events if event.sequence > 7]


def test_an_event_cannot_be_changed_and_has_no_room_for_more():
    (event,) = told("instrument 1 ACME")
    assert isinstance(event, Event)
    field = "quantity"
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, field, 5)
    assert not hasattr(event, "__dict__")
    assert told("instrument 1 ACME") == [event]


def test_an_event_has_every_field_of_its_record():
    given = {field.name for field in dataclasses.fields(Event)}
    names = set(EVENT.names or ()) - {"reserved0", "price", "amount", "trigger_price"}
    assert given == names | {"raw_price", "raw_amount", "raw_trigger_price"}


def test_events_of_orders_read_like_a_trader_talks():
    assert lines(
        "2 sells 300 ACME @ 20.10 as 5",
        "1 buys 100 ACME @ 20.15 as 9",
        "2 reduces 5 by 50 on ACME",
        "2 replaces 5 by 6: 250 @ 20.20 on ACME",
        "2 cancels 6 on ACME",
        "2 cancels 6 on ACME",
    ) == [
        "ACCEPTED order 5 of account 2: sell 300 of instrument 1 at 20.1000, 300 open",
        "BOOK instrument 1: sell side at 20.1000: 300 in 1 order",
        "ACCEPTED order 9 of account 1: buy 100 of instrument 1 at 20.1500, 100 open",
        "FILL order 9 of account 1: buy 100 of instrument 1 at 20.1000, 0 open;"
        " from order 5 of account 2, 200 open; trade 1",
        "BOOK instrument 1: sell side at 20.1000: 200 in 1 order",
        "REDUCED order 5 of account 2: sell 50 of instrument 1 at 20.1000, 150 open",
        "BOOK instrument 1: sell side at 20.1000: 150 in 1 order",
        "REPLACED order 6 of account 2: sell 250 of instrument 1 at 20.2000, was 5, 150 open",
        "BOOK instrument 1: sell side at 20.1000: 0 in 0 orders",
        "BOOK instrument 1: sell side at 20.2000: 150 in 1 order",
        "CANCELLED order 6 of account 2: sell 150 of instrument 1 at 20.2000, 0 open, REQUESTED",
        "BOOK instrument 1: sell side at 20.2000: 0 in 0 orders",
        "REJECTED CANCEL instrument 1 account 2 about order 6: TOO_LATE",
    ]


def test_events_of_special_orders_tell_their_triggers_and_pegs():
    assert lines(
        "1 sells 50 ACME stop 19.00 @ 18.90 as 10 GTC",
        "1 buys 20 ACME pegged to mid @ 20.00 as 12",
        "2 buys 5 ACME @ 18.95 as 1",
        "2 sells 1 ACME @ 18.95 as 2",
        "day ends",
    ) == [
        "ACCEPTED order 10 of account 1: sell 50 of instrument 1 at 18.9000, stop 19.0000, 50 open",
        "ACCEPTED order 12 of account 1: buy 20 of instrument 1 at mid, limit 20.0000, 20 open",
        "ACCEPTED order 1 of account 2: buy 5 of instrument 1 at 18.9500, 5 open",
        "BOOK instrument 1: buy side at 18.9500: 5 in 1 order",
        "ACCEPTED order 2 of account 2: sell 1 of instrument 1 at 18.9500, 1 open",
        "FILL order 2 of account 2: sell 1 of instrument 1 at 18.9500, 0 open;"
        " from order 1 of account 2, 4 open; trade 1",
        "BOOK instrument 1: buy side at 18.9500: 4 in 1 order",
        "TRIGGERED order 10 of account 1: sell 50 of instrument 1 at 18.9000, stop 19.0000,"
        " 50 open",
        "FILL order 10 of account 1: sell 4 of instrument 1 at 18.9500, 46 open;"
        " from order 1 of account 2, 0 open; trade 2",
        "BOOK instrument 1: buy side at 18.9500: 0 in 0 orders",
        "BOOK instrument 1: sell side at 18.9000: 46 in 1 order",
        "ACCEPTED END_OF_DAY",
        "EXPIRED order 12 of account 1: buy 20 of instrument 1 at mid, limit 20.0000, 0 open,"
        " END_OF_DAY",
    ]


def test_events_of_corporate_actions_and_corrections_tell_what_was_and_what_is():
    assert lines(
        "2 sells 50 ACME @ 20.00 as 1",
        "1 buys 50 ACME @ 20.00 as 1",
        "correct trade 1 of ACME to 40 @ 19.50",
        "bust trade 1 of ACME",
        "1 sells 50 ACME stop 18.00 as 11",
        "ACME goes to HALTED",
        "ACME splits 3 for 2, rest at 1.00",
        "ACME pays a dividend of 0.50",
        "ACME is renamed to NEWCO",
    )[5:] == [
        "CORRECTED trade 1 of instrument 1: account 1 from account 2, 40 (was 50) at 19.5000",
        "BUSTED trade 1 of instrument 1: account 1 from account 2, 40 at 19.5000",
        "ACCEPTED order 11 of account 1: sell 50 of instrument 1 at market, stop 18.0000, 50 open",
        "ACCEPTED SET_PHASE instrument 1",
        "PHASE instrument 1: HALTED, ACTIVE",
        "ACCEPTED CORPORATE_ACTION instrument 1",
        "ADJUSTED instrument 1 account 1: 1500, before 1000; paid 0.0000",
        "ADJUSTED instrument 1 account 2: 1500, before 1000; paid 0.0000",
        "ADJUSTED order 11 of account 1: sell 75 of instrument 1 at market, stop 12.0000, 75 open",
        "ACCEPTED CORPORATE_ACTION instrument 1",
        "ADJUSTED instrument 1 account 1: 1500, before 1500; paid 750.0000",
        "ADJUSTED instrument 1 account 2: 1500, before 1500; paid 750.0000",
        "ADJUSTED order 11 of account 1: sell 75 of instrument 1 at market, stop 11.5000, 75 open",
        "ACCEPTED CORPORATE_ACTION NEWCO instrument 1",
    ]


def test_events_of_a_day_tell_phases_auctions_and_bands():
    assert lines(
        "reference of ACME is 20.00",
        "protection of ACME: auction-collar 5% tier 1",
        "ACME goes to OPENING_AUCTION",
        "1 buys 100 ACME @ 20.00 as 1",
        "2 sells 60 ACME @ 19.90 as 2",
        "timer",
        "ACME goes to CONTINUOUS",
        "1 buys 10 ACME @ 21.00 as 4",
        "2 sells 20 ACME @ 18.00 as 7",
        "ACME becomes SUSPENDED",
    ) == [
        "ACCEPTED SET_REFERENCE instrument 1",
        "ACCEPTED SET_PROTECTION instrument 1",
        "BANDS instrument 1: 19.0000 to 21.0000 around 20.0000",
        "ACCEPTED SET_PHASE instrument 1",
        "PHASE instrument 1: OPENING_AUCTION, ACTIVE",
        "ACCEPTED order 1 of account 1: buy 100 of instrument 1 at 20.0000, 100 open",
        "BOOK instrument 1: buy side at 20.0000: 100 in 1 order",
        "ACCEPTED order 2 of account 2: sell 60 of instrument 1 at 19.9000, 60 open",
        "BOOK instrument 1: sell side at 19.9000: 60 in 1 order",
        "ACCEPTED TIMER",
        "AUCTION instrument 1: indicative, 60 at 20.0000, 40 too much on the buy side",
        "ACCEPTED SET_PHASE instrument 1",
        "FILL order 2 of account 2: sell 60 of instrument 1 at 20.0000, 0 open;"
        " from order 1 of account 1, 40 open; trade 1 in an auction",
        "BOOK instrument 1: buy side at 20.0000: 40 in 1 order",
        "BOOK instrument 1: sell side at 19.9000: 0 in 0 orders",
        "AUCTION instrument 1: 60 at 20.0000, 40 too much on the buy side",
        "PHASE instrument 1: CONTINUOUS, ACTIVE",
        "ACCEPTED order 4 of account 1: buy 10 of instrument 1 at 21.0000, 10 open",
        "BOOK instrument 1: buy side at 21.0000: 10 in 1 order",
        "LIMIT_STATE instrument 1: begins, buy side at 21.0000",
        "REJECTED NEW_ORDER instrument 1 account 2 order 7: PRICE_BAND",
        "PHASE instrument 1: CONTINUOUS, SUSPENDED",
    ]


def test_events_of_administration_name_what_they_are_about():
    events = told("instrument 3 ACME", "account 7 cash 12.5 ACME 40", "day ends")
    assert [str(event) for event in events] == [
        "ACCEPTED DEFINE_INSTRUMENT ACME instrument 3",
        "ACCEPTED OPEN_ACCOUNT account 7",
        "ACCEPTED DEPOSIT account 7 12.5000",
        "ACCEPTED DEPOSIT instrument 3 account 7 40",
        "ACCEPTED END_OF_DAY",
    ]
    assert {event.type for event in events} == {EventType.ACCEPTED}
    assert str(events[2].amount) == "12.5000"


def test_phases_and_statuses_are_codes_and_names_are_only_where_there_are_some():
    renamed = told("instrument 3 ACME", "ACME is renamed to NEWCO")[-1]
    assert (renamed.symbol, renamed.raw_trigger_price) == ("NEWCO", 0)
    (stop,) = told(*MARKET, "1 sells 5 ACME stop 19.00 as 1")[-1:]
    assert (stop.symbol, str(stop.trigger_price)) == ("", "19.0000")
    (phase,) = told("instrument 3 ACME", "ACME becomes SUSPENDED")[-1:]
    assert (phase.phase, phase.status) == (Phase.CONTINUOUS, Status.SUSPENDED)


def test_codes_that_are_none_are_plain_numbers():
    (event,) = events_of(events_to_array(Feed()(Command(type=99, side=7, time_in_force=8))))
    assert (event.command, event.side, event.time_in_force) == (99, 7, 8)
    assert str(event) == "REJECTED 99: UNKNOWN_COMMAND"
