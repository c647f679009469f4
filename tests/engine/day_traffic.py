"""Commands about the day of the market, for the seeded stream: phases, protection, time, kills."""

from collections.abc import Callable
from random import Random
from typing import Any

from lmax.schema import CommandType, Phase, Reason, Side, Tier, TriggerSource
from tests.engine.market import ACCOUNTS
from tests.twin import Command, Twin
from tests.twin.instruments import Instrument
from tests.twin.protection import MINUTE, SECOND

JUMPS = [1, SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE]
"""How far the clock may move on before a TIMER."""

CALLS = [Phase.PRE_OPEN, Phase.OPENING_AUCTION, Phase.HALTED, Phase.CLOSING_AUCTION]
FIRMS = [1, 2, 65_535]


def day_command(random: Random, twin: Twin) -> Command:
    """What stops trading is mostly followed by what lets it go on."""
    switched_off = _switch_off(random, twin)
    if switched_off and random.random() < 0.5:
        return switched_off
    waiting = [i for i in twin.world.instruments.values() if i.phase != Phase.CONTINUOUS]
    if waiting and random.random() < 0.45:
        return _phase(random.choice(waiting).id, Phase.CONTINUOUS)
    make: Callable[[Random, Twin], Command] = random.choice(MAKERS)
    return make(random, twin)


def timer(random: Random, twin: Twin) -> tuple[Command, int]:
    """A TIMER, and how much later it is: often when something is due, or just before that."""
    due = [i.session.due_at for i in twin.world.instruments.values() if i.session.due_at]
    if due and random.random() < 0.4:
        return _TIMER, max(random.choice(due) - twin.now - random.choice([0, 0, 1]), 1)
    return _TIMER, random.choice(JUMPS)


_TIMER = Command(type=CommandType.TIMER)


def _instrument(random: Random, twin: Twin) -> Instrument | None:
    known = list(twin.world.instruments.values())
    return random.choice(known) if known else None


def _phase(instrument: int, to: int) -> Command:
    return Command(type=CommandType.SET_PHASE, instrument=instrument, phase=to)


def _some_phase(random: Random, twin: Twin) -> Command:
    instrument = _instrument(random, twin)
    number = instrument.id if instrument and random.random() < 0.95 else 0
    return _phase(number, random.choice([*CALLS, *CALLS, *Phase, 6]))


def _near(random: Random, instrument: Instrument) -> int:
    """A price about where the instrument trades, sometimes a good deal off."""
    around = instrument.last_price or instrument.min_price * 25
    price = around * random.choice([100, 100, 99, 101, 90, 112, 130, 70, 60]) // 100
    return min(price // instrument.tick_size * instrument.tick_size, 2**63 - 1)


def price_at_a_band(random: Random, twin: Twin, instrument: int, side: int) -> int | None:
    """Now and then the price that begins a limit state, or one that goes too far."""
    known = twin.world.instruments.get(instrument)
    if known is None or known.bands is None or random.random() > 0.08:
        return None
    away = known.tick_size * random.choice([0, 0, 0, 1])
    price = known.bands.upper + away if side == Side.BUY else known.bands.lower - away
    return min(max(price, 0), 2**63 - 1)


def _reference(random: Random, twin: Twin) -> Command:
    instrument = _instrument(random, twin)
    if instrument is None:
        return Command(type=CommandType.SET_REFERENCE, instrument=1, price=1)
    price = _near(random, instrument) + random.choice([0] * 30 + [1])
    return Command(
        type=CommandType.SET_REFERENCE, instrument=instrument.id, price=min(price, 2**63 - 1)
    )


def _protection(random: Random, twin: Twin) -> Command:
    instrument = _instrument(random, twin)
    return Command(
        type=CommandType.SET_PROTECTION,
        instrument=instrument.id if instrument else 1,
        halt_time=random.choice([0, MINUTE, 5 * MINUTE]),
        extension_time=random.choice([0, MINUTE, 2 * MINUTE]),
        auction_collar=random.choice([0, 1, 200, 1_000, 1_000, 9_999]),
        collar=random.choice([0, 0, 1, 100, 500, 1_000]),
        drop=random.choice([0, 0, 500, 1_000, 9_999]),
        tier=random.choice([Tier.NONE, *Tier, *Tier]),
        trigger_source=random.choice([*TriggerSource, TriggerSource.LAST]),
        extensions=random.choice([0, 1, 2, 255]),
        permissions=random.choice([0, 1, 1, 1]) if random.random() < 0.98 else 2,
    )


def _close(random: Random, twin: Twin) -> Command:
    away = random.choice([-MINUTE, 0, 20 * MINUTE, 30 * MINUTE, 60 * MINUTE])
    close = random.choice([0, twin.now + away])
    return Command(type=CommandType.SET_CLOSE, expire_time=max(close, -1))


def _index(random: Random, twin: Twin) -> Command:
    level = random.choice([0, 700, 799, 800, 860, 870, 871, 920, 930, 930, 931, 1_000])
    return Command(type=CommandType.SET_INDEX, price=level, quantity=random.choice([1_000, 1_001]))


def _kill(random: Random, twin: Twin) -> Command:
    kind = random.choice(["account", "account", "firm", "instrument", "venue"])
    instrument = _instrument(random, twin)
    named: dict[str, dict[str, Any]] = {
        "account": {"account": random.choice(ACCOUNTS)},
        "firm": {"firm": random.choice(FIRMS)},
        "instrument": {"instrument": instrument.id if instrument else 1},
        "venue": {},
    }
    enabled = random.choice([1, 1, 1, 0, 2])
    return Command(type=CommandType.KILL_SWITCH, enabled=enabled, **named[kind])


def _switch_off(random: Random, twin: Twin) -> Command | None:
    """Let go on what a kill switch stops."""
    killed = twin.world.killed
    on: list[dict[str, Any]] = [
        *({"account": number} for number in sorted(killed.accounts)),
        *({"firm": number} for number in sorted(killed.firms)),
        *({"instrument": number} for number in sorted(killed.instruments)),
        *([{}] if killed.venue else []),
    ]
    if not on:
        return None
    return Command(type=CommandType.KILL_SWITCH, **random.choice(on))


MAKERS = [*[_some_phase] * 4, *[_reference] * 5, *[_protection] * 6, _close, _index, _kill]

DAY_REASONS = {
    Reason.WRONG_PHASE,
    Reason.PRICE_BAND,
    Reason.TRADING_DISABLED,
    Reason.SHORT_SALE_RESTRICTED,
    Reason.KILLED,
    Reason.AUCTION_REMAINDER,
    Reason.BAND_REACHED,
    Reason.LIMIT_PAUSE,
    Reason.DROP_HALT,
    Reason.MARKET_HALT,
    Reason.RESUMED,
    Reason.EXTENDED,
}
"""What this part of the stream is there to reach."""
