"""Price bands, and the mean they follow, with the numbers of the LULD plan."""

import pytest

from lmax.schema import Side, Tier
from tests.twin.protection import (
    MINUTE,
    NO_BANDS,
    SECOND,
    Bands,
    RecentTrades,
    bands_around,
)

CENT = 100


def euros(lower: str, upper: str, reference: str) -> Bands:
    return Bands(*(round(float(text) * 10_000) for text in (lower, upper, reference)))


@pytest.mark.parametrize(
    ("tier", "doubled", "lower", "upper", "reference"),
    [
        (Tier.TIER_1, False, "9.50", "10.50", "10"),
        (Tier.TIER_1, True, "9.00", "11.00", "10"),
        (Tier.TIER_2, False, "9.00", "11.00", "10"),
        (Tier.TIER_2, True, "9.00", "11.00", "10"),
        (Tier.TIER_1, False, "2.86", "3.16", "3.01"),
        (Tier.TIER_1, False, "2.40", "3.60", "3"),
        (Tier.TIER_2, False, "2.40", "3.60", "3"),
        (Tier.TIER_2, True, "1.80", "4.20", "3"),
        (Tier.TIER_1, False, "0.60", "0.90", "0.75"),
        (Tier.TIER_2, False, "0.59", "0.89", "0.74"),
        (Tier.TIER_2, True, "0.44", "1.04", "0.74"),
        (Tier.TIER_1, False, "0.03", "0.18", "0.10"),
        (Tier.TIER_1, True, "0.01", "0.25", "0.10"),
        (Tier.TIER_1, False, "0.01", "0.02", "0.01"),
    ],
)
def test_bands(tier: Tier, doubled: bool, lower: str, upper: str, reference: str) -> None:
    expected = euros(lower, upper, reference)
    assert bands_around(expected.reference, CENT, tier, doubled) == expected


def test_bands_are_rounded_half_up_to_the_tick() -> None:
    """5 % of 10.05 is 0.5025: 9.5475 and 10.5525; of 10.10: 9.595 and 10.605."""
    assert bands_around(100_500, CENT, Tier.TIER_1, False) == euros("9.55", "10.55", "10.05")
    assert bands_around(101_000, CENT, Tier.TIER_1, False) == euros("9.60", "10.61", "10.10")


def test_bands_are_a_tick_wide_at_least() -> None:
    assert bands_around(100_000, 10_000, Tier.TIER_1, False) == euros("9", "11", "10")


def test_bands_stay_within_63_bits() -> None:
    assert bands_around(2**63 - 1, 1, Tier.TIER_1, True).upper == 2**63 - 1
    assert bands_around(2**62, 2**61, Tier.TIER_1, True).upper == 3 * 2**61


def test_without_a_tier_or_a_reference_there_are_no_bands() -> None:
    assert bands_around(100_000, CENT, Tier.NONE, False) == NO_BANDS
    assert bands_around(0, CENT, Tier.TIER_1, False) == NO_BANDS


def test_who_may_rest() -> None:
    bands = euros("9.50", "10.50", "10")
    assert bands.hold_limit(Side.BUY, 105_000)
    assert not bands.hold_limit(Side.BUY, 105_100)
    assert bands.hold_limit(Side.BUY, 50_000)
    assert bands.hold_limit(Side.SELL, 95_000)
    assert not bands.hold_limit(Side.SELL, 94_900)
    assert bands.hold(95_000)
    assert not bands.hold(94_900)
    assert not bands.hold(105_100)


def test_the_mean_is_that_of_the_last_ten_parts_of_30_seconds() -> None:
    trades = RecentTrades()
    trades.add(100, 0)
    trades.add(200, 29 * SECOND)
    trades.add(400, 30 * SECOND)
    assert trades.mean(30 * SECOND) == 233
    assert trades.mean(5 * MINUTE - 1) == 233
    assert trades.mean(5 * MINUTE) == 400
    assert trades.mean(5 * MINUTE + 30 * SECOND) == 0
