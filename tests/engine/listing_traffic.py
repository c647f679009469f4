"""Commands about an instrument's life, and trades put right, for the seeded stream."""

from collections.abc import Callable, Sequence
from random import Random

from lmax.schema import Action, CommandType, Phase, Reason, Side, Status, TimeInForce
from tests.twin import Command, Twin, build
from tests.twin.corporate import QUIET
from tests.twin.instruments import Instrument
from tests.twin.trades import Trade

FORWARD = [(2, 1), (3, 2), (5, 4), (10, 9)]
REVERSE = [(1, 2), (2, 3)]


def listing_command(random: Random, twin: Twin, lasting: Sequence[int]) -> Command:
    """A status, tick row, corporate action, bust or correction.

    lasting: ids of the instruments that are never delisted, so that trading goes on.
    """
    suspended = [i for i in twin.world.instruments.values() if i.status == Status.SUSPENDED]
    if suspended and random.random() < 0.5:
        return status(random.choice(suspended).id, Status.ACTIVE)
    quiet = [i for i in twin.world.instruments.values() if i.phase in QUIET]
    if quiet and random.random() < 0.25:
        return phase(random.choice(quiet).id, Phase.CONTINUOUS)
    if random.random() < 0.1:
        return _status(random, twin, lasting)
    make: Callable[[Random, Twin], Command] = random.choice(MAKERS)
    return make(random, twin)


def status(instrument: int, to: int) -> Command:
    return Command(type=CommandType.SET_STATUS, instrument=instrument, status=to)


def phase(instrument: int, to: int) -> Command:
    return Command(type=CommandType.SET_PHASE, instrument=instrument, phase=to)


def _instrument(random: Random, twin: Twin) -> Instrument | None:
    """Mostly one that is traded."""
    known = list(twin.world.instruments.values())
    traded = [instrument for instrument in known if instrument.last_price]
    return random.choice((traded or known) if random.random() < 0.9 else known) if known else None


def _status(random: Random, twin: Twin, lasting: Sequence[int]) -> Command:
    passing = [
        instrument
        for number, instrument in twin.world.instruments.items()
        if number not in lasting and instrument.status == Status.ACTIVE
    ]
    if passing and random.random() < 0.7:
        instrument = random.choice(passing)
        if instrument.book.orders():
            return status(instrument.id, Status.DELISTED)
        return _cheap_buy(random, twin, instrument)
    return status(
        random.choice([*lasting, 65_534]), random.choice([Status.SUSPENDED, Status.ACTIVE, 3])
    )


def _cheap_buy(random: Random, twin: Twin, instrument: Instrument) -> Command:
    """An order that is there when the instrument is delisted."""
    return build.order(
        random.choice(list(twin.world.accounts.balances)),
        random.randint(2**40, 2**41),
        Side.BUY,
        instrument.lot_size,
        instrument.min_price,
        TimeInForce.GTC,
        instrument.id,
    )


def _tick_row(random: Random, twin: Twin) -> Command:
    """Mostly the row that comes next in the table that is being written."""
    instrument = _instrument(random, twin)
    if instrument is None:
        return Command(type=CommandType.SET_TICK_ROW, rows=1)
    table, tick = instrument.ticks, instrument.tick_size
    number = len(table.draft) if table.draft and random.random() < 0.9 else 0
    rows = table.draft_rows if number else random.choice([1, 1, 2, 3, 24, 25])
    row_tick = tick * random.choice([1, 1, 2, 5]) + random.choice([0] * 9 + [1])
    start = (table.draft[-1][0] + tick * random.randint(1, 20)) if number else 0
    return Command(
        type=CommandType.SET_TICK_ROW,
        instrument=instrument.id,
        price=min(-(-start // row_tick) * row_tick, 2**62),
        tick_size=min(row_tick, 2**62),
        row=number,
        rows=rows,
        effective_time=twin.now + random.choice([-1, 0, 1, 50, 1_000_000]),
    )


def _action(random: Random, twin: Twin) -> Command:
    instrument = _instrument(random, twin)
    if instrument and instrument.phase == Phase.CONTINUOUS and random.random() < 0.9:
        return phase(instrument.id, random.choice(QUIET))
    action = random.choice([*Action, *Action, *Action, 3])
    price = random.choice([0, 1, 25, 100, 12_345, -1, 2**62])
    new, old = random.choice([*FORWARD, *FORWARD, *REVERSE, *REVERSE, (1, 1), (0, 1), (1001, 1)])
    fields = {"numerator": new, "denominator": old} if action == Action.SPLIT else {}
    symbol = random.choice([b"NEW", b"EIGHTCHR", b"", b"A B"])
    return Command(
        type=CommandType.CORPORATE_ACTION,
        instrument=instrument.id if instrument else 1,
        action=action,
        price=price if action == Action.SPLIT else min(price, 12_345),
        symbol=symbol if action == Action.SYMBOL_CHANGE else b"",
        **fields,
    )


def _bust(random: Random, twin: Twin) -> Command:
    trade_id, trade = _trade(random, twin)
    instrument = trade.instrument if trade else 1
    return Command(type=CommandType.BUST_TRADE, instrument=instrument, trade_id=trade_id)


def _correction(random: Random, twin: Twin) -> Command:
    trade_id, trade = _trade(random, twin)
    if trade is None:
        return Command(type=CommandType.CORRECT_TRADE, instrument=1, trade_id=trade_id)
    instrument = twin.world.instruments[trade.instrument]
    tick, lot = instrument.tick_size, instrument.lot_size
    price = trade.price // tick * tick + tick * random.choice([-1, 0, 1, 2, 2, 10**9])
    lots = max(trade.quantity // lot - random.choice([-1, 0, 0, 1, 2]), 0)
    return Command(
        type=CommandType.CORRECT_TRADE,
        instrument=trade.instrument,
        trade_id=trade_id,
        price=min(price + random.choice([0] * 20 + [1]), 2**63 - 1),
        quantity=min(lots * lot + random.choice([0] * 20 + [1]), 2**63 - 1),
    )


def _trade(random: Random, twin: Twin) -> tuple[int, Trade | None]:
    """Mostly one of the last trades."""
    last = twin.world.trades.last_id
    busted = [i for i, trade in twin.world.trades.trades.items() if trade.busted]
    if busted and random.random() < 0.15:
        return busted[-1], twin.world.trades.trades[busted[-1]]
    trade_id = random.choice([last - random.randint(0, 30), random.randint(0, last + 1)])
    trade_id = max(trade_id, 0)
    return trade_id, twin.world.trades.trades.get(trade_id)


MAKERS = [_tick_row, _action, _action, _action, _bust, _correction]

LISTING_REASONS = {
    Reason.NOT_ACTIVE,
    Reason.UNKNOWN_TRADE,
    Reason.TRADE_BUSTED,
    Reason.INVALID_SETTING,
    Reason.CORPORATE_ACTION,
    Reason.DELISTED,
}
"""What this part of the stream is there to reach."""
