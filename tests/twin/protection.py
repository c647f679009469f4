"""What protects an instrument from sudden prices: its settings, bands and their reference."""

from dataclasses import dataclass, field

from lmax.schema import Permission, Side, Tier, TriggerSource
from tests.twin.commands import Command, told
from tests.twin.numbers import MAX_INT64

SHARES = 10**4
"""What settings in 10^-4 count."""

SECOND = 10**9
MINUTE = 60 * SECOND
PART = 30 * SECOND
PARTS = 10
HOUR = 60 * MINUTE
LIMIT_STATE_TIME = 15 * SECOND
PAUSE_TIME = 5 * MINUTE
DOUBLED_BEFORE_CLOSE = 25 * MINUTE
MAX_SETTING = 9_999


@dataclass(frozen=True)
class Settings:
    """What SET_PROTECTION set; times in ns, shares in 10^-4."""

    halt_time: int = 0
    extension_time: int = 0
    auction_collar: int = 0
    collar: int = 0
    drop: int = 0
    tier: int = Tier.NONE
    trigger_source: int = TriggerSource.LAST
    extensions: int = 0
    permissions: int = 0


def settings_are_valid(c: Command) -> bool:
    return (
        c.tier in list(Tier)
        and c.trigger_source in list(TriggerSource)
        and c.permissions in (0, Permission.ALL_OR_NONE)
        and max(c.collar, c.auction_collar, c.drop) <= MAX_SETTING
        and 0 <= c.halt_time <= 24 * HOUR
        and 0 <= c.extension_time <= 24 * HOUR
    )


def settings_from(c: Command) -> Settings:
    """The settings of a valid SET_PROTECTION."""
    return Settings(**told(c, Settings))


@dataclass
class RecentTrades:
    """Sum and count of trade prices in parts of 30 s, for the mean of the last ten of them."""

    parts: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, price: int, now: int) -> None:
        total, count = self.parts.get(now // PART, (0, 0))
        self.parts[now // PART] = total + price, count + 1

    def mean(self, now: int) -> int:
        """Rounded down; 0 if there was no trade."""
        recent = [part for n, part in self.parts.items() if n > now // PART - PARTS]
        count = sum(part[1] for part in recent)
        return sum(part[0] for part in recent) // count if count else 0


@dataclass(frozen=True)
class Bands:
    """The lowest and the highest price of a trade, and the reference they came from."""

    lower: int = 0
    upper: int = 0
    reference: int = 0

    def hold(self, price: int) -> bool:
        """Whether a trade at that price may be."""
        return self.lower <= price <= self.upper

    def hold_limit(self, side: int, price: int) -> bool:
        """Whether an order with that price may rest."""
        return price <= self.upper if side == Side.BUY else price >= self.lower


NO_BANDS = Bands()


def bands_around(reference: int, tick: int, tier: int, doubled: bool) -> Bands:
    """The bands of a reference; none without a tier or a reference."""
    if tier == Tier.NONE or reference == 0:
        return NO_BANDS
    width = max(_width(reference, tier, doubled), tick * SHARES)
    highest = MAX_INT64 // tick * tick
    return Bands(
        max(_nearest(reference * SHARES - width, tick), tick),
        min(_nearest(reference * SHARES + width, tick), highest),
        reference,
    )


def _width(reference: int, tier: int, doubled: bool) -> int:
    """Half the distance of the bands, in 10^-4 of a price unit."""
    if reference > 30_000:
        width = reference * (500 if tier == Tier.TIER_1 else 1_000)
    elif reference >= 7_500:
        width = reference * 2_000
    else:
        width = min(1_500 * SHARES, reference * 7_500)
    if doubled and (tier == Tier.TIER_1 or reference <= 30_000):
        width *= 2
    return width


def _nearest(shares: int, tick: int) -> int:
    """10^-4 of a price unit as the nearest multiple of the tick, half up."""
    return (2 * shares + tick * SHARES) // (2 * tick * SHARES) * tick


@dataclass
class Guard:
    """What protection remembers of an instrument.

    reference: that of the bands, since changed_at. limit_side: of the limit state, since
    limit_since. restricted_days: how many ends of day until short sales are free again.
    lowest: the lowest trade of this command, last_continuous: its last outside an auction.
    """

    reference: int = 0
    changed_at: int = 0
    bands: Bands = NO_BANDS
    trades: RecentTrades = field(default_factory=RecentTrades)
    limit_side: int | None = None
    limit_since: int = 0
    restricted_days: int = 0
    drop_halted: bool = False
    lowest: int | None = None
    last_continuous: int | None = None

    def refer_to(self, price: int, now: int) -> None:
        """Bands are built around this price from now on."""
        self.reference, self.changed_at = price, now
