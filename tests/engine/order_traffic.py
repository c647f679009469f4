"""Orders of every type, account settings and mass cancels, for the seeded stream."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from lmax.schema import CommandType, Instruction, OrderType, SelfTrade, Side, Sides, TimeInForce
from tests.engine.market import ACCOUNTS, INSTRUMENTS
from tests.twin import Command, Twin

STAY = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)
GROUPS = (0, 0, 1, 2)
FIRMS = (0, 1, 1, 65_535, 65_536)
SESSIONS = (1, 2, 3)


def special(random: Random, twin: Twin, order: Command) -> Command:
    """The limit order, or a market order, as something less ordinary; mostly still valid."""
    (definition,) = (d for d in INSTRUMENTS if d.instrument == order.instrument)
    if order.order_type == OrderType.LIMIT and order.time_in_force in STAY:
        if random.random() < 0.2:
            order = replace(order, time_in_force=TimeInForce.GTD)
        make = random.choices(MAKERS, [12, 6, 6, 5, 5, 10, 10, 8, 5, 10, 6])[0]
        order = replace(order, **make(random, twin, order, definition))
    elif order.order_type == OrderType.LIMIT:
        order = replace(order, min_quantity=_least(random, order, definition))
    elif random.random() < 0.4:
        order = replace(order, min_quantity=_least(random, order, definition), time_in_force=2)
    return _with_connection(random, twin, order)


def _with_connection(random: Random, twin: Twin, order: Command) -> Command:
    """Session, self-trade mode, and now and then an instruction that may not fit."""
    fields: dict[str, Any] = {"session": random.choice([0, *SESSIONS])}
    bits = order.instructions
    if random.random() < 0.3:
        bits |= Instruction.CANCEL_ON_DISCONNECT
    if order.side == Side.SELL and random.random() < 0.05:
        bits |= Instruction.SHORT
    if random.random() < 0.1:
        bits |= random.choice([Instruction.DO_NOT_REDUCE, Instruction.DO_NOT_REDUCE, *Instruction])
    if random.random() < 0.3:
        fields["self_trade"] = random.choice(list(SelfTrade))
    if order.time_in_force == TimeInForce.GTD:
        fields["expire_time"] = twin.now + random.choice([0, 50_000, 10**9, 10**9, 10**12])
    return replace(order, instructions=bits, **fields)


def _lots(random: Random, most: int, lot: int) -> int:
    return random.randint(1, max(most // lot, 1)) * lot


def _least(random: Random, order: Command, definition: Command) -> int:
    return min(_lots(random, order.quantity, definition.lot_size), 2**63 - 1)


def _display(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    shown = _lots(random, order.quantity, definition.lot_size)
    return {"display_quantity": random.choice([shown, definition.lot_size])}


def _hidden(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    return {"instructions": Instruction.HIDDEN}


def _post(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    posting = random.choice([Instruction.POST_ONLY, Instruction.POST_SLIDE])
    return {"instructions": posting | random.choice([0, 0, Instruction.HIDDEN])}


def _all_or_none(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    return {"instructions": Instruction.ALL_OR_NONE}


def _minimum(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    return {"min_quantity": _least(random, order, definition)}


def _near_last(random: Random, twin: Twin, order: Command, definition: Command) -> int:
    """A trigger price about where the market is, on the side where it waits, mostly."""
    instrument = twin.world.instruments.get(order.instrument)
    tick = definition.tick_size
    last = (instrument.last_price if instrument else 0) or order.price
    away = random.randint(-1, 8) * (1 if order.side == Side.BUY else -1)
    return min(max(last // tick + away, 0) * tick, definition.max_price)


def _stop(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    trigger = _near_last(random, twin, order, definition)
    return {"order_type": OrderType.STOP, "trigger_price": trigger, "price": 0}


def _stop_limit(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    trigger = _near_last(random, twin, order, definition)
    return {"order_type": OrderType.STOP_LIMIT, "trigger_price": trigger}


def _trailing(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    fields: dict[str, Any] = {"order_type": OrderType.TRAILING_STOP, "price": 0}
    if random.random() < 0.5:
        share = random.choice([1, 100, 300, 1_000, 2_500, 9_999, 10_000])
        return fields | {"instructions": Instruction.TRAIL_PERCENT, "offset": share}
    ticks = random.choice([0, 1, 1, 2, 3, 5, 8])
    return fields | {"offset": ticks * definition.tick_size}


def _to_limit(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    return {"order_type": OrderType.MARKET_TO_LIMIT, "price": 0}


def _peg(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    kind = random.choice([OrderType.PEG_BEST, OrderType.PEG_MID])
    offset = random.choice([0, 0, 0, 1, 2]) * definition.tick_size
    return {"order_type": kind, "offset": offset}


def _plain(random: Random, twin: Twin, order: Command, definition: Command) -> dict[str, Any]:
    return {}


MAKERS: list[Callable[[Random, Twin, Command, Command], dict[str, Any]]] = [
    _display,
    _hidden,
    _post,
    _all_or_none,
    _minimum,
    _stop,
    _stop_limit,
    _trailing,
    _to_limit,
    _peg,
    _plain,
]


def replaced_stop(random: Random, twin: Twin, replaced: Command) -> Command:
    """A replace with the prices that the order it is about has; sometimes with others."""
    order = twin.world.open_orders.get((replaced.account, replaced.orig_client_order_id))
    if order is None or random.random() < 0.05:
        return replaced
    if order.price == 0 and random.random() < 0.95:
        replaced = replace(replaced, price=0)
    if order.trigger_price and order.is_stop and random.random() < 0.4:
        step = random.choice([-1, 0, 1]) * twin.world.instrument_of(order).tick_size
        trigger = min(max(order.trigger_price + step, 0), 2**63 - 1)
        replaced = replace(replaced, trigger_price=trigger)
    return replaced


def more_than_may_wait(random: Random, new_id: Callable[[int], int]) -> list[Command]:
    """Pegs until a side takes no more, and the mass cancel that removes them."""
    account, definition = random.choice(ACCOUNTS), random.choice(INSTRUMENTS)
    peg = Command(
        type=CommandType.NEW_ORDER,
        account=account,
        instrument=definition.instrument,
        side=Side.BUY,
        order_type=OrderType.PEG_BEST,
        price=definition.min_price,
        quantity=definition.lot_size,
    )
    pegs = [replace(peg, client_order_id=new_id(account)) for _ in range(260)]
    instrument = definition.instrument
    return [
        *pegs,
        Command(type=CommandType.MASS_CANCEL, account=account, instrument=instrument),
    ]


def account_command(random: Random) -> Command:
    """Firm, group and self-trade mode of an account; a mass cancel; the end of a session."""
    account = random.choice(ACCOUNTS)
    luck = random.random()
    if luck < 0.6:
        return Command(
            type=CommandType.SET_ACCOUNT,
            account=account,
            firm=random.choice(FIRMS),
            group=random.choice(GROUPS),
            self_trade=random.choice([0, *SelfTrade, 5]),
        )
    if luck < 0.75:
        session = random.choice([0, *SESSIONS, 65_536])
        return Command(type=CommandType.SESSION_ENDED, session=session)
    return Command(
        type=CommandType.MASS_CANCEL,
        account=random.choice([0, account, account, account]),
        instrument=random.choice([0, *(d.instrument for d in INSTRUMENTS)]),
        session=random.choice([0, 0, *SESSIONS, 65_536]),
        firm=random.choice([0, 0, 0, *FIRMS]),
        sides=random.choice([*Sides, 3]),
    )
