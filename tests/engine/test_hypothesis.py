"""Whatever the commands, engine and twin give the same events and end in the same state."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.compare import assert_same_events, assert_same_state
from tests.engine.market import FEW_ACCOUNTS, opening
from tests.engine.strategies import anything, ordinary
from tests.engine.systems import EngineSystem, TwinSystem
from tests.twin import Command, build
from tests.twin.records import commands_to_array, normalised

CHECKED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def both_agree(commands: list[Command]) -> None:
    """Apply the commands to both, compare events and, after each quarter, the whole state."""
    twin, engine = TwinSystem(), EngineSystem()
    numbered = normalised(
        replace(c, sequence=i, timestamp=10 * i) for i, c in enumerate(commands, 1)
    )
    step = len(numbered) // 4 + 1
    for start in range(0, len(numbered), step):
        part = numbered[start : start + step]
        expected = twin.apply(part)
        assert_same_events(part, expected, engine.apply_array(commands_to_array(part)))
        assert_same_state(twin, engine)


@CHECKED
@given(st.lists(ordinary, max_size=60))
def test_ordinary_trading_with_little_money(commands: list[Command]) -> None:
    both_agree(opening(4_000, 12, FEW_ACCOUNTS) + commands)


@CHECKED
@given(st.lists(ordinary, max_size=60))
def test_ordinary_trading_with_money_enough(commands: list[Command]) -> None:
    both_agree(opening(accounts=FEW_ACCOUNTS) + commands)


@CHECKED
@given(st.lists(anything, max_size=40))
def test_numbers_at_the_end_of_their_ranges(commands: list[Command]) -> None:
    both_agree(opening(2**60, 2**40, FEW_ACCOUNTS) + commands)


@CHECKED
@given(st.lists(anything, max_size=30))
def test_anything_from_nothing(commands: list[Command]) -> None:
    both_agree(commands)


@CHECKED
@given(st.lists(st.integers(-(2**63), 2**62), max_size=20))
def test_business_time_whatever_the_clock_says(timestamps: list[int]) -> None:
    twin, engine = TwinSystem(), EngineSystem()
    days = [
        replace(build.end_of_day(), sequence=i, timestamp=timestamp)
        for i, timestamp in enumerate(timestamps, 1)
    ]
    assert_same_events(days, twin.apply(days), engine.apply_array(commands_to_array(days)))
    assert engine.engine.now == twin.twin.now
