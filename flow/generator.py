"""A market made up on the spot: many accounts, some instruments, a seed.

Each instrument has a mid that walks at random and jumps now and then. Limit orders come in at a
power-law distance from it, rest for a while that also follows a power law, are perhaps reduced or
replaced, and nearly all end in a cancel. A small share of the orders takes: immediate-or-cancel,
fill-or-kill, market orders, limit orders that cross. In bursts one instrument gets most of the
orders and its mid moves faster.

The generator does not see fills: it cancels orders that were filled meanwhile, as a real client
whose cancel crosses a fill on the way does, so some percent of the cancels come too late.

Time is counted in arrivals of new orders. A block makes the same number of arrivals each time,
mixes in what older orders have due before the block ends, and is handed out in slices. So the
stream is a function of the seed alone, not of how much is asked for at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flow import tables
from flow.commands import CASH, Commands, define_instrument, deposits, open_accounts
from flow.instruments import TICK, Listing, listings
from flow.lives import LIFE, NEVER, SUBTICKS, arrange, write_commands
from flow.mids import Mids, bursts
from flow.mix import Mix
from flow.pacing import Bursts
from flow.varied import Varied
from lmax.records import joined
from lmax.schema import COMMAND, MAX_ACCOUNT, MAX_INSTRUMENT

ARRIVALS = 4_096
"""New orders in a block; the commands of a block are about twice as many."""

SHARES_EACH = 1_000_000
"""Shares of every instrument that every account starts with."""

CASH_EACH = 10**12
"""Money that every account starts with, in 10^-4: 100 million."""


class MarketGenerator:
    """An endless seeded stream of commands.

    Args:
        seed: the same seed gives the same stream.
        accounts: how many accounts trade, numbered from 1.
        instruments: how many instruments they trade, numbered from 1.
        first_id: client order id of the first command. Command number k of the stream uses at most
            the id `first_id + k`, so a run that continues an older one passes the last sequence
            of that one plus one.
        varied: also icebergs, post-only, hidden, pegged and stop orders; see `flow.varied`.
    """

    def __init__(
        self,
        seed: int,
        accounts: int = 1_000,
        instruments: int = 20,
        *,
        first_id: int = 1,
        varied: bool = False,
    ) -> None:
        if not 1 <= accounts <= MAX_ACCOUNT:
            raise ValueError(f"accounts is {accounts}; it must be 1 to {MAX_ACCOUNT}")
        if not 1 <= instruments <= MAX_INSTRUMENT:
            raise ValueError(f"instruments is {instruments}; it must be 1 to {MAX_INSTRUMENT}")
        if first_id < 1:
            raise ValueError(f"first_id is {first_id}; client order ids start at 1")
        self.accounts = accounts
        self.listings: list[Listing] = listings(instruments)
        self._rng = np.random.default_rng(seed)
        self._mids = Mids(np.array([listing.price for listing in self.listings]))
        highest = np.array([listing.max_price for listing in self.listings])
        self._mix = Mix(tables.zipf(instruments, 0.7), highest)
        self._varied = Varied(seed, highest * TICK) if varied else None
        self._bursts = Bursts(seed)
        self._lives = np.zeros(0, dtype=LIFE)
        self._arrived = 0
        self._next_id = first_id
        self._block = np.zeros(0, dtype=COMMAND)

    def setup(self) -> Commands:
        """What a new engine needs first: instruments, accounts, and money and shares for each.

        Balances are so large that orders refused for lack of funds are rare.
        """
        numbers = np.arange(1, self.accounts + 1)
        parts = [
            define_instrument(
                listing.number, listing.symbol, tick_size=TICK, max_price=listing.max_price * TICK
            )
            for listing in self.listings
        ]
        parts.append(open_accounts(numbers))
        # All the money there is must stay below 2^63.
        parts.append(deposits(numbers, CASH, min(CASH_EACH, 2**62 // self.accounts)))
        parts += [deposits(numbers, listing.number, SHARES_EACH) for listing in self.listings]
        return joined(parts)

    def next_batch(self, count: int) -> Commands:
        """The next `count` commands, in an array of their own."""
        batch = np.empty(count, dtype=COMMAND)
        filled = 0
        while filled < count:
            if not len(self._block):
                self._block = self._make_block()
            taken = self._block[: count - filled]
            batch[filled : filled + len(taken)] = taken
            self._block = self._block[len(taken) :]
            filled += len(taken)
        return batch

    def burst_factor(self, seconds: float) -> float:
        """By how much a sender at a mean rate should speed up now; see `flow.pacing`."""
        return self._bursts.factor(seconds)

    def _make_block(self) -> Commands:
        """ARRIVALS new orders and everything that falls due before the last of them."""
        new = self._arrivals()
        end = self._arrived * SUBTICKS
        lives = np.concatenate([self._lives, new])
        schedule = arrange(lives, len(self._lives), end)
        commands = write_commands(lives, schedule, self._next_id)
        if self._varied is not None:
            self._varied.change(commands)
        self._next_id += len(commands)
        lives["modify_at"][schedule.modified] = NEVER
        waiting = (lives["cancel_at"] >= end) & (lives["cancel_at"] != NEVER)
        self._lives = lives[waiting]
        return commands

    def _arrivals(self) -> NDArray[np.void]:
        """The lives of the next ARRIVALS orders."""
        burst = bursts(self._rng, ARRIVALS)
        new = self._mix.draw(self._rng, burst, self.accounts)
        self._mix.place(new, self._mids.walk(self._rng, new["instrument"] - 1, burst))
        born = np.arange(self._arrived, self._arrived + ARRIVALS) * SUBTICKS
        new["born_at"] = born
        for due in ("modify_at", "cancel_at"):
            new[due] = np.where(new[due] == NEVER, NEVER, new[due] + born)
        self._arrived += ARRIVALS
        return new
