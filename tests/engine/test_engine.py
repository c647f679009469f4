"""What the engine promises beside its rules: batches, faults, the hash, looking at the state."""

from dataclasses import replace
from random import Random, SystemRandom

import numpy as np
import pytest

from lmax._engine import Engine, EngineFault
from lmax.schema import COMMAND, Side
from tests.engine.systems import EngineSystem
from tests.engine.traffic import Traffic
from tests.twin import Command, Twin, build
from tests.twin.records import commands_to_array


def numbered(*commands: Command) -> np.ndarray:
    return commands_to_array(replace(c, sequence=i) for i, c in enumerate(commands, 1))


def start() -> list[Command]:
    """One instrument, one account with plenty of cash and shares."""
    return [
        build.define(),
        build.open_account(1),
        build.deposit(1, 10**12),
        build.deposit(1, 10**6, 1),
    ]


def engine_after(*commands: Command) -> Engine:
    engine = Engine()
    engine.apply(numbered(*start(), *commands))
    return engine


def buy(client_order_id: int, quantity: int = 10, price: int = 100_000) -> Command:
    return build.order(1, client_order_id, Side.BUY, quantity, price)


def test_the_events_do_not_depend_on_how_the_commands_are_cut_into_batches() -> None:
    seed = SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    twin = Twin()
    traffic = Traffic(seed, twin)
    commands = []
    for _ in range(3_000):
        commands.append(traffic.next())
        twin.apply(commands[-1])
    array, random = commands_to_array(commands), Random(seed)
    whole = EngineSystem()
    events = whole.apply_array(array)
    for sizes in ([1], [2, 3, 500], [2_999], [64, 0, 1_000]):
        engine, parts, at = EngineSystem(), [], 0
        while at < len(array):
            size = random.choice(sizes)
            parts.append(engine.apply_array(array[at : at + size]))
            at += size
        joined = b"".join(part.tobytes() for part in parts)  # as bytes: fields overlap
        assert joined == events.tobytes(), f"batches of {sizes}"
        assert engine.engine.state_hash == whole.engine.state_hash


def test_a_batch_may_be_empty_or_a_strided_view() -> None:
    engine = Engine()
    assert len(engine.apply(np.empty(0, COMMAND))) == 0
    spread = np.zeros(8, COMMAND)
    spread[::2] = numbered(*start())
    assert engine.apply(spread[::2]).tobytes() == Engine().apply(numbered(*start())).tobytes()


def test_events_of_an_earlier_batch_stay_as_they_were() -> None:
    engine = Engine()
    first = engine.apply(numbered(*start()))
    copy = first.copy()
    engine.apply(commands_to_array([replace(buy(1), sequence=5)]))
    assert first.tobytes() == copy.tobytes()


def test_one_command_may_cause_more_events_than_fit_the_first_buffer() -> None:
    engine = engine_after(*(buy(i, 1) for i in range(1, 3_001)))
    sell = replace(build.order(1, 9_999, Side.SELL, 3_000, 100_000), sequence=3_005)
    events = engine.apply(commands_to_array([sell]))
    assert len(events) == 1 + 3_000 + 1
    assert events["index"].tolist() == list(range(3_002))
    assert events["maker_client_order_id"][1:-1].tolist() == list(range(1, 3_001))
    engine.check()


@pytest.mark.parametrize("sequence", [0, 4, 6, 2**64 - 1])
def test_a_sequence_that_does_not_follow_stops_the_engine_for_good(sequence: int) -> None:
    engine = engine_after()
    before = engine.state_hash
    with pytest.raises(EngineFault, match="out of sequence"):
        engine.apply(commands_to_array([replace(buy(1), sequence=sequence)]))
    with pytest.raises(EngineFault):
        engine.apply(commands_to_array([replace(buy(1), sequence=5)]))
    assert (engine.sequence, engine.state_hash) == (4, before)


def test_what_is_not_an_array_of_commands_is_refused_and_harms_nothing() -> None:
    engine = engine_after()
    for wrong in ([1, 2], np.zeros(3), np.zeros(3, "V128")):
        with pytest.raises(TypeError, match="COMMAND"):
            engine.apply(wrong)  # type: ignore[arg-type]
    assert engine.sequence == 4


def test_what_was_never_there_is_said_to_be_nothing() -> None:
    engine = engine_after()
    assert engine.account(2) is None
    assert engine.account(2**32 - 1) is None
    assert engine.position(2, 1) == (0, 0)
    assert engine.position(1, 2) == (0, 0)
    with pytest.raises(KeyError, match="instrument 2 is not defined"):
        engine.book(2)
    with pytest.raises(KeyError, match="not defined"):
        engine.book(2**32 - 1)
    assert engine.book(1).queue(Side.BUY, 100_000) == []
    assert engine.book(1).queue(Side.BUY, 12_345) == []
    assert engine.book(1).depth(Side.SELL, 100_000) == (0, 0)


def test_the_same_commands_give_the_same_hash() -> None:
    assert engine_after(buy(1), buy(2)).state_hash == engine_after(buy(1), buy(2)).state_hash


@pytest.mark.parametrize(
    "other",
    [
        [buy(1), buy(2, 11)],
        [buy(1), buy(2, 10, 110_000)],
        [buy(1), buy(3)],
        [buy(2), buy(1)],
        [buy(1), replace(buy(2), time_in_force=1)],
        [buy(1), build.order(1, 2, Side.SELL, 10, 200_000)],
        [buy(1), build.deposit(1, 1)],
        [buy(1), build.cancel(1, 1)],
        [buy(1)],
    ],
)
def test_another_state_has_another_hash(other: list[Command]) -> None:
    assert engine_after(*other).state_hash != engine_after(buy(1), buy(2)).state_hash


def test_a_rejected_command_moves_no_funds_and_no_orders() -> None:
    engine = engine_after(buy(1))
    before = engine.accounts().tolist(), engine.positions().tolist(), engine.book(1).bids()
    refused = [buy(1), buy(2, 10**7), build.cancel(1, 9), build.withdraw(1, 10**13)]
    commands = [replace(c, sequence=i) for i, c in enumerate(refused, 6)]
    assert engine.apply(commands_to_array(commands))["type"].tolist() == [2, 2, 2, 2]
    assert before == (
        engine.accounts().tolist(),
        engine.positions().tolist(),
        engine.book(1).bids(),
    )
    engine.check()
