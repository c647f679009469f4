"""A corporate action reaches every holder, in order of accounts, however they came."""

from dataclasses import replace
from random import Random, SystemRandom

import pytest

from lmax.schema import Action, CommandType, EventType, Phase
from tests.engine.compare import assert_same_events
from tests.engine.systems import EngineSystem, TwinSystem
from tests.twin import Command, build
from tests.twin.records import commands_to_array


def a_split(holders: list[int], random: Random) -> list[Command]:
    """Two instruments with holders in any order; some of them own nothing; then a split."""
    commands = [build.define(1), build.define(2, b"OTHER")]
    for account in holders:
        commands.append(build.open_account(account))
        for instrument in (1, 2):
            if random.random() < 0.8:
                commands.append(build.deposit(account, random.randint(1, 999), instrument))
        if random.random() < 0.1:
            commands.append(build.deposit(account, 5, 1))
            commands.append(build.withdraw(account, 5, 1))
    halt = Command(type=CommandType.SET_PHASE, phase=Phase.HALTED)
    split = Command(
        type=CommandType.CORPORATE_ACTION,
        action=Action.SPLIT,
        instrument=1,
        numerator=7,
        denominator=5,
        price=12_345,
    )
    return [replace(c, sequence=i) for i, c in enumerate([*commands, halt, split], 1)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 300])
def test_holders_are_adjusted_in_order_of_accounts(count: int) -> None:
    seed = SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    random = Random(seed)
    commands = a_split(random.sample(range(1, 5_000), count), random)
    twin, engine = TwinSystem(), EngineSystem()
    expected = twin.apply(commands)
    assert_same_events(commands, expected, engine.apply_array(commands_to_array(commands)))
    adjusted = [event["account"] for event in expected if event["type"] == EventType.ADJUSTED]
    assert adjusted == sorted(set(adjusted))
    assert len(adjusted) <= count
    engine.check()
