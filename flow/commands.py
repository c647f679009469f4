"""Short ways to write the commands that every kind of flow starts with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmax.schema import COMMAND, CommandType

Commands = NDArray[np.void]
"""An array of `lmax.schema.COMMAND` records."""

CASH = 0
"""The instrument number that means money in a deposit."""


def define_instrument(
    number: int,
    symbol: str,
    *,
    tick_size: int = 1,
    max_price: int = 2**32 - 1,
    max_quantity: int = 2**32 - 1,
) -> Commands:
    """One DEFINE_INSTRUMENT for whole shares: lot 1, lowest price one tick, prices in 10^-4."""
    command = np.zeros(1, dtype=COMMAND)
    command["type"] = CommandType.DEFINE_INSTRUMENT
    command["instrument"] = number
    command["symbol"] = symbol.encode("ascii")
    command["tick_size"] = tick_size
    command["lot_size"] = 1
    command["min_price"] = tick_size
    command["max_price"] = max_price
    command["max_quantity"] = max_quantity
    return command


def open_accounts(accounts: NDArray[np.int64]) -> Commands:
    """An OPEN_ACCOUNT for each number."""
    commands = np.zeros(len(accounts), dtype=COMMAND)
    commands["type"] = CommandType.OPEN_ACCOUNT
    commands["account"] = accounts
    return commands


def deposits(accounts: NDArray[np.int64], instrument: int, amount: int) -> Commands:
    """A DEPOSIT of `amount` (shares, or 10^-4 of money where instrument is CASH) for each."""
    commands = np.zeros(len(accounts), dtype=COMMAND)
    commands["type"] = CommandType.DEPOSIT
    commands["account"] = accounts
    commands["instrument"] = instrument
    commands["quantity"] = amount
    return commands
