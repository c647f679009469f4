"""Events for the ledger's tests, made by the real engine from seeded commands."""

import random

import numpy as np

from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import COMMAND, CommandType, EventFlag, OrderType, Side, TimeInForce

HUGE_ID = 2**63
"""Client order ids of the random market lie around it: they need all 64 bits."""


class Market:
    """An engine and a growing history of its events.

    events: the history so far. accounts: 1 to ``accounts``, each with money and shares.
    """

    def __init__(self, accounts: int = 8, instruments: int = 2) -> None:
        self.engine = Engine()
        self._recent_ids = {account: [HUGE_ID] for account in range(1, accounts + 1)}
        self.accounts = accounts
        self.instruments = instruments
        self.events = self.apply(_opening(accounts, instruments))

    def apply(self, commands: np.ndarray) -> np.ndarray:
        """Number the commands, apply them, remember and return their events."""
        first = self.engine.sequence + 1
        commands["sequence"] = np.arange(first, first + len(commands))
        events = self.engine.apply(commands)
        before = getattr(self, "events", events[:0])
        self.events = joined([before, events])
        return events

    def random(self, seed: int, count: int) -> np.ndarray:
        """``count`` commands of every type, most of them orders that trade."""
        chance = random.Random(seed)
        commands = np.zeros(count, COMMAND)
        for number in range(count):
            _random_command(self, commands[number : number + 1], chance)
        return self.apply(commands)

    def recent_ids(self, account: int) -> list[int]:
        """The client order ids that the account's random commands used, the newest last."""
        return self._recent_ids[account]

    def trades(self, count: int) -> np.ndarray:
        """``count`` trades: a sell order of one account, bought by the next."""
        commands = np.zeros(2 * count, COMMAND)
        number = np.arange(2 * count)
        commands["type"] = CommandType.NEW_ORDER
        commands["side"] = np.where(number % 2, Side.BUY, Side.SELL)
        commands["account"] = number % self.accounts + 1
        commands["instrument"] = number // 2 % self.instruments + 1
        commands["client_order_id"] = self.engine.sequence + 1 + number
        commands["price"] = 10_000 + number // 2 % 50
        commands["quantity"] = 1
        return self.apply(commands)


def commands_of(events: np.ndarray, size: int) -> list[np.ndarray]:
    """The events cut into batches of ``size`` commands."""
    ends = np.flatnonzero(events["flags"] & EventFlag.LAST) + 1
    cuts = ends[size - 1 :: size]
    return [part for part in np.split(events, cuts) if len(part)]


def _opening(accounts: int, instruments: int) -> np.ndarray:
    count = instruments + accounts * (2 + instruments)
    commands = np.zeros(count, COMMAND)
    for number in range(instruments):
        command = commands[number : number + 1]
        command["type"], command["instrument"] = CommandType.DEFINE_INSTRUMENT, number + 1
        command["symbol"], command["tick_size"], command["lot_size"] = f"S{number}", 1, 1
        command["min_price"], command["max_price"] = 1, 1_000_000
        command["max_quantity"] = 1_000_000
    row = instruments
    for account in range(1, accounts + 1):
        commands["account"][row : row + 2 + instruments] = account
        commands["type"][row] = CommandType.OPEN_ACCOUNT
        for asset in range(instruments + 1):
            row += 1
            commands["type"][row] = CommandType.DEPOSIT
            commands["instrument"][row] = asset
            commands["quantity"][row] = 10_000_000 if asset else 1_000_000_000_000
        row += 1
    return commands


_KINDS = {
    CommandType.NEW_ORDER: 60,
    CommandType.CANCEL: 10,
    CommandType.REDUCE: 10,
    CommandType.REPLACE: 12,
    CommandType.DEPOSIT: 3,
    CommandType.WITHDRAW: 3,
    CommandType.END_OF_DAY: 2,
}
_TIMES = {TimeInForce.DAY: 6, TimeInForce.GTC: 3, TimeInForce.IOC: 1, TimeInForce.FOK: 1}


def _random_command(market: Market, command: np.ndarray, chance: random.Random) -> None:
    """Ids come from a small range, so that they are repeated and used again another day."""
    kind = chance.choices(list(_KINDS), list(_KINDS.values()))[0]
    command["type"] = kind
    command["account"] = chance.randint(1, market.accounts)
    command["instrument"] = chance.randint(1, market.instruments)
    command["quantity"] = chance.randint(1, 30)
    if kind in (CommandType.DEPOSIT, CommandType.WITHDRAW):
        command["instrument"] = chance.randint(0, market.instruments)
        return
    ids = market.recent_ids(int(command["account"][0]))
    command["orig_client_order_id"] = chance.choice(ids[-5:])
    ids.append(HUGE_ID + chance.randint(-30, 30))
    command["client_order_id"] = ids[-1]
    command["side"] = chance.choice(list(Side))
    command["time_in_force"] = chance.choices(list(_TIMES), list(_TIMES.values()))[0]
    if chance.random() < 0.1:
        command["order_type"] = OrderType.MARKET
    else:
        command["price"] = chance.randint(85, 115)
