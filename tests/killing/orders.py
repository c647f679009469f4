"""What the doomed venue is asked for: a function of the seed and the order's number alone."""

from random import Random

import numpy as np

from flow.commands import CASH, define_instrument, deposits, open_accounts
from lmax.records import joined
from lmax.schema import COMMAND, CommandType, OrderType, Side

ACCOUNTS = 5


def setup() -> np.ndarray:
    accounts = np.arange(1, ACCOUNTS + 1)
    return joined(
        [
            define_instrument(1, "ONE"),
            open_accounts(accounts),
            deposits(accounts, CASH, 10**12),
            deposits(accounts, 1, 10**7),
        ]
    )


def account_of(order_id: int) -> int:
    return order_id % ACCOUNTS + 1


def order(seed: int, order_id: int) -> np.ndarray:
    """Limit orders around one price; each sixth sweeps many of them; some cancel one before."""
    random = Random(seed * 1_000_003 + order_id)
    command = np.zeros(1, COMMAND)
    command["account"] = account_of(order_id)
    command["instrument"] = 1
    if order_id % 7 == 3:
        command["type"] = CommandType.CANCEL
        command["account"] = account_of(order_id - 2)
        command["orig_client_order_id"] = order_id - 2
        return command
    side = random.choice(list(Side))
    command["type"] = CommandType.NEW_ORDER
    command["side"] = side
    command["order_type"] = OrderType.LIMIT
    command["price"] = 10_000 + random.randint(-12, 6) * (1 if side == Side.BUY else -1)
    command["quantity"] = 400 if order_id % 6 == 0 else random.randint(1, 30)
    command["client_order_id"] = order_id
    return command


def is_order(order_id: int) -> bool:
    return order_id % 7 != 3
