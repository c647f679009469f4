"""CHECKPOINT: the state hash is told, journaled with the next one, and compared on replay."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from lmax._engine import Diverged, Engine, EngineFault
from lmax.event import events_of
from lmax.schema import CommandType, EventType, Reason
from tests.engine._corrupt import corrupt_cash
from tests.engine.traffic import Traffic
from tests.twin import Command, Twin, build
from tests.twin.records import commands_to_array


def checkpoint(sequence: int, of: int = 0, state_hash: int = 0) -> Command:
    return Command(
        type=CommandType.CHECKPOINT,
        sequence=sequence,
        timestamp=sequence,
        state_sequence=of,
        state_hash=state_hash,
    )


def applied(engine: Engine, *commands: Command) -> np.ndarray:
    """Events of commands that get the next sequences."""
    numbered = [
        replace(command, sequence=engine.sequence + n) for n, command in enumerate(commands, 1)
    ]
    return engine.apply(commands_to_array(numbered))


def account_with_money(account: int = 1) -> list[Command]:
    return [build.open_account(account), build.deposit(account, 5_000, 0)]


def primary(seed: int, count: int, every: int) -> np.ndarray:
    """A primary's journal: seeded traffic, with a checkpoint that carries the last one's hash."""
    twin, engine = Twin(), Engine()
    traffic = Traffic(seed, twin)
    commands: list[Command] = []
    while len(commands) < count:
        if len(commands) % every == every - 1:
            command = checkpoint(engine.sequence + 1, *engine.checkpoint)
        else:
            command = traffic.next()
            while command.type == CommandType.CHECKPOINT:
                command = traffic.next()
        twin.apply(command)
        engine.apply(commands_to_array([command]))
        commands.append(command)
    return commands_to_array(commands)


def test_its_event_tells_the_hash_of_the_whole_state(seed: int) -> None:
    twin, engine = Twin(), Engine()
    traffic = Traffic(seed, twin)
    told = 0
    for turn in range(2_000):
        command = traffic.next()
        if turn % 400 == 399:  # some seeds ask for none by themselves
            command = Command(command.sequence, command.timestamp, type=CommandType.CHECKPOINT)
        twin.apply(command)
        events = engine.apply(commands_to_array([command]))
        if command.type == CommandType.CHECKPOINT and events[0]["type"] == EventType.ACCEPTED:
            told += 1
            assert events["state_hash"].tolist() == [engine.state_hash]
            assert engine.state_hash == engine.recomputed_state_hash()
            assert engine.checkpoint == (command.sequence, engine.state_hash)
    assert told


def test_it_changes_nothing_but_time() -> None:
    """So a journal without checkpoints has the state it always had."""
    engine, other = Engine(), Engine()
    for one in (engine, other):
        applied(one, *account_with_money())
    applied(engine, checkpoint(3))
    applied(other, Command(type=CommandType.TIMER, timestamp=3))
    assert engine.state_hash == other.state_hash
    assert (engine.checkpoint, other.checkpoint) == ((3, engine.state_hash), (0, 0))


def test_a_checkpoint_that_carries_the_last_ones_hash_is_accepted() -> None:
    engine = Engine()
    (first,) = applied(engine, checkpoint(1))
    events = applied(engine, *account_with_money(), checkpoint(4, 1, int(first["state_hash"])))
    (told,) = list(events_of(events[-1:]))
    assert told.type == EventType.ACCEPTED
    assert told.state_hash == engine.state_hash
    assert f"{told.state_hash:016x}" in str(told)
    assert (told.symbol, told.raw_trigger_price) == ("", 0)


def test_one_that_speaks_of_another_than_the_last_is_refused_and_forgotten() -> None:
    """Whether it is follows from the commands alone, so that nobody diverges by it."""
    engine = Engine()
    (told,) = applied(engine, checkpoint(1))
    events = applied(engine, checkpoint(2, 2, 9), checkpoint(3, 3), checkpoint(4, 2**64 - 1, 1))
    assert events["reason"].tolist() == [Reason.INVALID_SETTING] * 3
    assert engine.checkpoint == (1, told["state_hash"])


def test_another_hash_stops_the_engine_for_good_and_says_where() -> None:
    engine = Engine()
    (told,) = applied(engine, checkpoint(1))
    wrong = int(told["state_hash"]) ^ 1
    with pytest.raises(Diverged, match="behind command 1 is not what it was") as error:
        applied(engine, checkpoint(2, 1, wrong))
    assert (error.value.sequence, error.value.expected, error.value.found) == (
        *(1, wrong, told["state_hash"]),
    )
    assert f"{wrong:016x}" in str(error.value)
    with pytest.raises(EngineFault):
        applied(engine, Command(type=CommandType.TIMER))


@pytest.mark.parametrize("batch", [1, 64, 5_000])
def test_a_replay_in_batches_of_any_size_agrees_with_its_primary(seed: int, batch: int) -> None:
    commands, engine = primary(seed, 1_500, every=100), Engine()
    for start in range(0, len(commands), batch):
        engine.skim(commands[start : start + batch])
    assert engine.checkpoint[0] == 1_500


def test_f22_one_command_computed_otherwise_is_found_by_the_second_checkpoint_after(
    seed: int,
) -> None:
    """As a build would that computes something else: one deposit is one more than it was."""
    every = 100
    commands, random = primary(seed, 1_500, every), Random(seed)
    deposits = np.flatnonzero(
        (commands["type"] == CommandType.DEPOSIT) & (commands["sequence"] < 1_500 - 2 * every)
    )
    # Only what was accepted leaves a trace.
    engine = Engine()
    events = engine.apply(commands)
    good = events["sequence"][
        (events["type"] == EventType.ACCEPTED) & (events["command"] == CommandType.DEPOSIT)
    ]
    cash = [i for i in deposits.tolist() if i + 1 in good and commands["instrument"][i] == 0]
    at = random.choice(cash)
    commands["quantity"][at] -= 1 if commands["quantity"][at] > 1 else -1
    with pytest.raises(Diverged) as error:
        Engine().skim(commands)
    assert error.value.sequence == (at // every + 1) * every


def test_f22_memory_that_changed_by_itself_is_found_once_it_is_used() -> None:
    good, bad = Engine(), Engine()
    for engine in (good, bad):
        applied(engine, *account_with_money(), checkpoint(3))
    corrupt_cash(bad, 1, 100)
    assert bad.recomputed_state_hash() != bad.state_hash
    for engine in (good, bad):
        applied(engine, checkpoint(4, *engine.checkpoint))
        applied(engine, build.deposit(1, 1, 0), checkpoint(6))
    with pytest.raises(Diverged):
        applied(bad, checkpoint(7, *good.checkpoint))
    applied(good, checkpoint(7, *good.checkpoint))


def test_another_engine_than_the_primarys_is_found_without_any_fault(seed: int) -> None:
    """One that remembers fewer trades than the primary does is in another state."""
    commands = primary(seed, 3_000, every=100)
    fewer = Engine(most_trades=1)
    with pytest.raises(Diverged):
        fewer.skim(commands)
