"""Whatever is done to instruments, positions and trades, engine and twin agree."""

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.listing_strategies import listings, stories
from tests.engine.market import FEW_ACCOUNTS, opening
from tests.engine.strategies import ordinary
from tests.engine.test_hypothesis import CHECKED, both_agree
from tests.twin import Command

parts = st.one_of(
    ordinary.map(lambda command: [command]),
    stories(),
    stories(),
    listings.map(lambda command: [command]),
)
days = st.lists(parts, max_size=40).map(lambda found: [c for part in found for c in part])


@CHECKED
@given(days)
def test_listings_with_money_enough(commands: list[Command]) -> None:
    both_agree(opening(accounts=FEW_ACCOUNTS) + commands)


@CHECKED
@given(days)
def test_listings_with_little_money(commands: list[Command]) -> None:
    both_agree(opening(40_000, 12, FEW_ACCOUNTS) + commands)
