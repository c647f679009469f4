"""Clients that trade, keep what they were told, and ask again when they were told nothing."""

from dataclasses import dataclass
from random import Random

import numpy as np

from flow.commands import CASH, define_instrument, deposits, open_accounts
from lmax.records import joined
from lmax.schema import COMMAND, CommandType, EventFlag, EventType, OrderType, Reason, Side

ACCOUNTS = (1, 2, 3)
INSTRUMENTS = (1, 2)
MONEY = 10**7

Key = tuple[int, int]


@dataclass
class Request:
    """One order. told: the answer, None while it is not known; sent: its sequences, if any."""

    command: np.ndarray
    told: tuple[EventType, Reason] | None = None
    sent: int = 0


def setup() -> np.ndarray:
    """What the operator sends first."""
    accounts = np.array(ACCOUNTS)
    return joined(
        [
            *(define_instrument(number, f"S{number}") for number in INSTRUMENTS),
            open_accounts(accounts),
            deposits(accounts, CASH, MONEY),
            *(deposits(accounts, number, 10_000) for number in INSTRUMENTS),
        ]
    )


class Clients:
    """Requests by (account, client order id), and everything that was published and seen.

    seen: events of the sequences up to `acknowledged`, in order; waiting: keys of requests in this
    life by sequence; unknown: those that a crash left without an answer.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.requests: dict[Key, Request] = {}
        self.waiting: dict[int, Key] = {}
        self.unknown: list[Key] = []
        self.acknowledged = 0
        self.now = 10**18
        self._last_id = 0

    def next_commands(self, recovered: int, cursor: int) -> np.ndarray:
        """What somebody asks for now; the setup comes first, once."""
        first = setup()
        if cursor < len(first):
            commands = first[cursor : cursor + self.random.randint(1, 8)].copy()
        else:
            count = self.random.choice([1, 1, 1, 2, 5, 30])
            commands = joined([self._one() for _ in range(count)])
        commands["timestamp"] = [self._later() for _ in commands]
        return commands

    def _later(self) -> int:
        self.now += self.random.randrange(1, 10**6)
        return self.now

    def _one(self) -> np.ndarray:
        if self.unknown and self.random.random() < 0.5:
            return self.requests[self.unknown.pop()].command.copy()
        if self.requests and self.random.random() < 0.2:
            return self._cancel()
        return self._order()

    def _order(self) -> np.ndarray:
        self._last_id += 1
        command = np.zeros(1, COMMAND)
        command["type"] = CommandType.NEW_ORDER
        command["account"] = self.random.choice(ACCOUNTS)
        command["instrument"] = self.random.choice(INSTRUMENTS)
        command["side"] = side = self.random.choice(list(Side))
        command["order_type"] = OrderType.LIMIT
        command["price"] = 100 + self.random.randint(-6, 4) * (1 if side == Side.BUY else -1)
        command["quantity"] = self.random.choice([1, 5, 30, 200, 20_000])
        command["client_order_id"] = self._last_id
        self.requests[key_of(command[0])] = Request(command.copy())
        return command

    def _cancel(self) -> np.ndarray:
        account, order_id = self.random.choice(list(self.requests)[-20:])
        command = np.zeros(1, COMMAND)
        command["type"] = CommandType.CANCEL
        command["account"] = account
        command["instrument"] = self.requests[account, order_id].command["instrument"]
        command["orig_client_order_id"] = order_id
        return command

    def sent(self, commands: np.ndarray) -> None:
        """They were taken, with these sequences."""
        for command in commands[commands["type"] == CommandType.NEW_ORDER]:
            self.waiting[int(command["sequence"])] = key_of(command)

    def refused(self, commands: np.ndarray) -> None:
        """The ring had no room: nobody was promised anything; they are asked for again."""
        for command in commands[commands["type"] == CommandType.NEW_ORDER]:
            self.unknown.append(key_of(command))

    def told(self, events: np.ndarray) -> None:
        """Events that came out."""
        for event in events:
            key = self.waiting.get(int(event["sequence"]))
            if key and event["index"] == 0:
                self.requests[key].told = EventType(event["type"]), Reason(event["reason"])
                del self.waiting[int(event["sequence"])]
            if event["flags"] & EventFlag.LAST:
                self.acknowledged = int(event["sequence"])

    def crashed(self) -> None:
        """Whoever waits does not know."""
        self.unknown += self.waiting.values()
        self.waiting.clear()

    def settled(self, accepted: dict[Key, int]) -> None:
        """Each was told what became of it, and it is true. accepted: how often, by the log."""
        for key, request in self.requests.items():
            times = accepted.get(key, 0)
            assert request.told, f"order {key} was never answered"
            kind, reason = request.told
            there = kind == EventType.ACCEPTED or reason == Reason.DUPLICATE_CLIENT_ORDER_ID
            assert times == there, f"order {key} was told {reason.name}, and accepted {times} times"


def key_of(command: np.void) -> Key:
    return int(command["account"]), int(command["client_order_id"])
