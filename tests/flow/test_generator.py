"""The generated market: the same for a seed, valid for the engine, and shaped like a market."""

import time

import numpy as np
import pytest

from flow import MarketGenerator
from flow.mix import Mix
from flow.pacing import WINDOW_S, Bursts
from flow.tables import zipf
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import CommandType, EventType, OrderType, Reason, Side, TimeInForce
from tests.flow.venue import apply_all

CANCELLATIONS = [Reason.REQUESTED, Reason.REDUCED_TO_ZERO, Reason.BELOW_FILLED]


@pytest.fixture(scope="module")
def traded():
    """A market of 200,000 commands run through an engine: generator, commands, events."""
    market = MarketGenerator(20_260_101, accounts=200, instruments=5)
    engine = Engine()
    setup = apply_all(engine, market.setup())
    assert (setup["type"] == EventType.ACCEPTED).all()
    commands = market.next_batch(200_000)
    return engine, commands, apply_all(engine, commands)


def test_the_stream_is_the_same_however_it_is_asked_for(seed):
    sizes = np.random.default_rng(seed).integers(1, 5_000, 12)
    pieces = MarketGenerator(seed)
    whole = MarketGenerator(seed).next_batch(int(sizes.sum()))
    in_pieces = joined([pieces.next_batch(int(size)) for size in sizes])
    assert np.array_equal(whole, in_pieces)


def test_another_seed_gives_another_stream(seed):
    one, other = (MarketGenerator(number).next_batch(1_000) for number in (seed, seed + 1))
    assert not np.array_equal(one, other)


def test_the_sequencer_finds_its_fields_empty():
    commands = MarketGenerator(1).next_batch(10_000)
    assert not commands["sequence"].any()
    assert not commands["timestamp"].any()


def test_a_command_uses_at_most_the_id_of_its_place_in_the_stream(seed):
    commands = MarketGenerator(seed, first_id=1_000).next_batch(100_000)
    ids = commands["client_order_id"]
    places = 1_000 + np.arange(len(commands), dtype=np.uint64)
    assert set(ids[ids > 0]) <= set(places)
    assert (ids <= places).all()
    assert len(np.unique(ids[ids > 0])) == (ids > 0).sum()


def test_a_continued_run_has_the_same_orders_under_later_ids(seed):
    first = MarketGenerator(seed).next_batch(50_000)
    later = MarketGenerator(seed, first_id=90_001).next_batch(50_000)
    for name in ("client_order_id", "orig_client_order_id"):
        shifted = np.where(first[name] > 0, first[name] + 90_000, 0)
        assert np.array_equal(later[name], shifted)
    for name in ("account", "instrument", "price", "quantity", "type"):
        assert np.array_equal(later[name], first[name])


def test_changes_and_cancels_name_an_earlier_order_of_their_account(seed):
    commands = MarketGenerator(seed).next_batch(100_000)
    gives = commands["client_order_id"] > 0
    names = ("client_order_id", "account", "instrument")
    known = set(zip(*(commands[name][gives].tolist() for name in names), strict=True))
    follow = commands[commands["orig_client_order_id"] > 0]
    names = ("orig_client_order_id", "account", "instrument")
    assert set(zip(*(follow[name].tolist() for name in names), strict=True)) <= known
    assert (follow["orig_client_order_id"] <= np.flatnonzero(~_is_new(commands))).all()


def _is_new(commands):
    return commands["type"] == CommandType.NEW_ORDER


def test_rejects_are_only_requests_that_cross_a_fill_and_they_are_few(traded):
    _, commands, events = traded
    rejects = events[events["type"] == EventType.REJECTED]
    reasons = set(rejects["reason"].tolist())
    assert reasons <= {Reason.TOO_LATE, Reason.UNKNOWN_ORDER}
    print(f"{len(rejects) / len(commands):.3f} of the commands are rejected")
    assert 0.005 < len(rejects) / len(commands) < 0.08


def test_at_least_four_of_five_resting_limit_orders_end_cancelled(traded):
    engine, commands, events = traded
    new = commands[_is_new(commands)]
    resting = (new["order_type"] == OrderType.LIMIT) & (new["time_in_force"] <= TimeInForce.GTC)
    cancelled = (events["type"] == EventType.CANCELLED) & np.isin(events["reason"], CANCELLATIONS)
    still_open = sum(
        count
        for instrument in engine.instruments()
        for side in (engine.book(instrument).bids(), engine.book(instrument).asks())
        for _, _, count in side
    )
    ended = resting.sum() - still_open
    share = cancelled.sum() / ended
    print(f"{share:.3f} of {ended} ended orders were cancelled, {still_open} are open")
    assert share >= 0.80


def test_every_instrument_trades_and_has_two_sides(traded):
    engine, _, events = traded
    fills = events[events["type"] == EventType.FILL]
    assert set(fills["instrument"].tolist()) == set(engine.instruments())
    for instrument in engine.instruments():
        book = engine.book(instrument)
        assert book.bids()[0][0] < book.asks()[0][0]
        assert len(book.bids()) > 20
        assert len(book.asks()) > 20
    engine.check()


def test_all_kinds_of_orders_and_changes_appear(traded):
    _, commands, _ = traded
    new = commands[_is_new(commands)]
    print("commands by type", np.bincount(commands["type"]) / len(commands))
    for column, values in (
        ("time_in_force", TimeInForce.FOK + 1),
        ("side", len(Side)),
        ("order_type", OrderType.MARKET + 1),
    ):
        shares = np.bincount(new[column]) / len(new)
        print(column, shares)
        assert (shares > 0.01).all()
        assert len(shares) == values
    shares = np.bincount(commands["type"]) / len(commands)
    assert shares[CommandType.CANCEL] > 0.35
    assert shares[CommandType.REDUCE] > 0.02
    assert shares[CommandType.REPLACE] > 0.02


def test_distances_from_the_mid_fall_by_a_power_law(seed):
    """Ten times as far from the mid there is a tenth to a fifteenth of the orders."""
    rng = np.random.default_rng(seed)
    drawn = Mix(zipf(1, 1.0), np.array([10**6])).draw(rng, np.zeros(100_000, np.bool_), accounts=9)
    away = np.where(drawn["side"] == Side.BUY, -1, 1) * drawn["price"]
    passive = away > 0
    near, far, farther = ((away[passive] >= ticks).mean() for ticks in (4, 40, 400))
    print("at least 4, 40, 400 ticks away:", near, far, farther)
    assert 9 < near / far < 16
    assert 9 < far / farther < 18
    assert away.min() >= -5


def test_bursts_gather_orders_on_one_instrument():
    market = MarketGenerator(8, instruments=20)
    shares = []
    for _ in range(200):
        numbers = np.bincount(market.next_batch(1_000)["instrument"], minlength=21)
        shares.append(numbers.max() / 1_000)
    print("busiest instrument's share: median", np.median(shares), "most", max(shares))
    assert np.median(shares) < 0.3
    assert max(shares) > 1.5 * np.median(shares)


def test_the_pace_is_one_in_the_mean_and_five_in_a_burst(seed):
    market = MarketGenerator(seed)
    factors = np.array([market.burst_factor(k * WINDOW_S) for k in range(60_000)])
    assert set(factors.round(3)) == {0.6, 5.0}
    assert 0.8 < factors.mean() < 1.2


def test_the_pace_at_a_time_does_not_depend_on_what_was_asked_before(seed):
    forwards, backwards = Bursts(seed), Bursts(seed)
    times = [k / 3 for k in range(500)]
    expected = [forwards.factor(time) for time in times]
    assert [backwards.factor(time) for time in reversed(times)] == expected[::-1]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"accounts": 0}, "accounts is 0"),
        ({"accounts": 2**24}, "accounts is 16777216"),
        ({"instruments": 0}, "instruments is 0"),
        ({"instruments": 65_536}, "instruments is 65536"),
        ({"first_id": 0}, "first_id is 0"),
    ],
)
def test_a_market_that_cannot_be_is_refused(arguments, what):
    with pytest.raises(ValueError, match=what):
        MarketGenerator(1, **arguments)


def test_many_instruments_have_names_of_their_own_that_the_engine_takes():
    market = MarketGenerator(1, accounts=2, instruments=500)
    events = apply_all(Engine(), market.setup())
    assert (events["type"] == EventType.ACCEPTED).all()
    assert len({listing.symbol for listing in market.listings}) == 500


def test_speed_is_printed():
    """A number for the reader: commands made in a second of processor time, in batches of 1,000."""
    market = MarketGenerator(1)
    market.setup()
    started = time.process_time()
    for _ in range(200):
        market.next_batch(1_000)
    print(f"{0.2 / (time.process_time() - started):.2f} million commands/s")
