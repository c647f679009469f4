"""What an embedded engine shows of accounts and books: copies nobody changes any more."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from journal.reader import Reader
from lmax._engine import Engine as OfflineEngine
from lmax.amounts import to_decimal
from marketdata.views import Level as RawLevel


@dataclass(frozen=True, slots=True)
class Level:
    """One price of a book: open quantity and number of orders. raw_price in 10^-4."""

    raw_price: int
    quantity: int
    orders: int

    @property
    def price(self) -> Decimal:
        return to_decimal(self.raw_price)

    def __str__(self) -> str:
        plural = "" if self.orders == 1 else "s"
        return f"{self.quantity} at {self.price} in {self.orders} order{plural}"


@dataclass(frozen=True, slots=True)
class Book:
    """The best levels of an instrument, best first."""

    instrument: int
    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    @property
    def best_bid(self) -> Level | None:
        return self.bids[0] if self.bids else None

    @property
    def best_ask(self) -> Level | None:
        return self.asks[0] if self.asks else None

    def __str__(self) -> str:
        """The ladder as a trader draws it: asks above bids, the best next to each other."""
        lines = [f"{self.symbol} (instrument {self.instrument})"]
        lines += [f"  ask {level}" for level in reversed(self.asks)] or ["  no asks"]
        lines += [f"  bid {level}" for level in self.bids] or ["  no bids"]
        return "\n".join(lines)


def levels_of(levels: list[RawLevel]) -> tuple[Level, ...]:
    return tuple(Level(*level) for level in levels)


@dataclass(frozen=True, slots=True)
class Account:
    """The cash of an account after the command `sequence`; raw amounts in 10^-4."""

    account: int
    sequence: int
    raw_cash: int
    raw_reserved: int

    @property
    def cash(self) -> Decimal:
        return to_decimal(self.raw_cash)

    @property
    def reserved(self) -> Decimal:
        """What open buy orders may still cost."""
        return to_decimal(self.raw_reserved)

    @property
    def available(self) -> Decimal:
        return to_decimal(self.raw_cash - self.raw_reserved)


@dataclass(frozen=True, slots=True)
class Position:
    """The shares an account has of an instrument after the command `sequence`.

    reserved: what its open sell orders offer.
    """

    account: int
    instrument: int
    sequence: int
    shares: int
    reserved: int

    @property
    def available(self) -> int:
        return self.shares - self.reserved


class Balances:
    """A second copy of the state, brought up to date from the journal when asked.

    The state that matching works on belongs to its thread alone; looking at it would stop that
    thread or show a trade half done. The first look replays the whole journal (some
    hundred thousand commands in a second), a later one what came since the last.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._reader: Reader | None = None
        self._engine: OfflineEngine | None = None
        self._turn = threading.Lock()

    def account(self, account: int, sequence: int) -> Account | None:
        """The account after command `sequence` or a later one; None if it is not open."""
        with self._turn:
            engine = self._come_to(sequence)
            found = engine.account(account)
            return None if found is None else Account(account, engine.sequence, *found)

    def position(self, account: int, instrument: int, sequence: int) -> Position:
        """The position after command `sequence` or a later one."""
        with self._turn:
            engine = self._come_to(sequence)
            found = engine.position(account, instrument)
            return Position(account, instrument, engine.sequence, *found)

    def state_hash(self, sequence: int) -> tuple[int, int]:
        """(sequence, hash) after command `sequence` or a later one."""
        with self._turn:
            engine = self._come_to(sequence)
            return engine.sequence, engine.state_hash

    def _come_to(self, sequence: int) -> OfflineEngine:
        """The copy after at least that command, which must be on the disk."""
        if self._engine is None or self._reader is None:
            self._engine, self._reader = OfflineEngine(), Reader(self._directory)
        while self._engine.sequence < sequence:
            commands = self._reader.read(sequence)
            if not len(commands):
                raise RuntimeError(
                    f"the journal in {self._directory} ends with {self._engine.sequence},"
                    f" before command {sequence}: was a file of it taken away?"
                )
            self._engine.skim(commands)
        return self._engine

    def close(self) -> None:
        with self._turn:
            if self._reader is not None:
                self._reader.close()
            self._reader = self._engine = None
