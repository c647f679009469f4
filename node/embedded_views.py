"""What an embedded engine shows of accounts and books: copies nobody changes any more."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from journal.keys import Keys
from journal.reader import Reader
from journal.recovery import resume
from journal.snapshots import SnapshotStore
from lmax._engine import Engine as OfflineEngine
from lmax.amounts import to_decimal
from lmax.schema import Phase, Reason, Side, Status
from marketdata.views import Level as RawLevel
from marketdata.views import Trading as RawTrading


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
    """The best levels of an instrument, best first.

    Where orders are collected and not matched (see `phase`) the best bid may be above the best ask.
    """

    instrument: int
    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    phase: Phase = Phase.CONTINUOUS

    @property
    def best_bid(self) -> Level | None:
        return self.bids[0] if self.bids else None

    @property
    def best_ask(self) -> Level | None:
        return self.asks[0] if self.asks else None

    def __str__(self) -> str:
        """The ladder as a trader draws it: asks above bids, the best next to each other."""
        phase = "" if self.phase == Phase.CONTINUOUS else f", {words(self.phase)}"
        lines = [f"{self.symbol} (instrument {self.instrument}{phase})"]
        lines += [f"  ask {level}" for level in reversed(self.asks)] or ["  no asks"]
        lines += [f"  bid {level}" for level in self.bids] or ["  no bids"]
        return "\n".join(lines)


def levels_of(levels: list[RawLevel]) -> tuple[Level, ...]:
    return tuple(Level(*level) for level in levels)


def words(code: Phase | Status) -> str:
    """A code as people write it."""
    return code.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Trading:
    """What the trading of an instrument stands at; raw: the same with prices in 10^-4."""

    instrument: int
    symbol: str
    raw: RawTrading

    @property
    def phase(self) -> Phase:
        return self.raw.phase

    @property
    def status(self) -> Status:
        return self.raw.status

    @property
    def reason(self) -> Reason:
        """Why it came to this phase; NONE where an operator asked for it."""
        return self.raw.reason

    @property
    def reference(self) -> Decimal | None:
        """The reference price that was set last; None if it is not known."""
        return decimal_or_none(self.raw.reference)

    @property
    def lower_band(self) -> Decimal | None:
        """No trade below it while trading is continuous; None where there are no bands."""
        return None if self.raw.bands is None else to_decimal(self.raw.bands.lower)

    @property
    def upper_band(self) -> Decimal | None:
        """No trade above it while trading is continuous; None where there are no bands."""
        return None if self.raw.bands is None else to_decimal(self.raw.bands.upper)

    @property
    def limit_state(self) -> Side | None:
        """BUY while the best bid is at the upper band, SELL while the best ask is at the lower."""
        return self.raw.limit_state

    @property
    def short_sales_restricted(self) -> bool:
        return self.raw.short_sales_restricted

    @property
    def indicative_price(self) -> Decimal | None:
        """Where the auction that is on would trade now; None if it would not, or none is on."""
        found = self.raw.indicative
        return None if found is None else decimal_or_none(found.price)

    @property
    def indicative_quantity(self) -> int:
        """How much the auction that is on would trade now."""
        return 0 if self.raw.indicative is None else self.raw.indicative.quantity

    def __str__(self) -> str:
        parts = [f"{self.symbol} (instrument {self.instrument}): {words(self.phase)}"]
        if self.status != Status.ACTIVE:
            parts.append(words(self.status))
        if self.indicative_price is not None:
            parts.append(f"{self.indicative_quantity} would trade at {self.indicative_price}")
        if self.lower_band is not None:
            parts.append(f"bands {self.lower_band} to {self.upper_band}")
        return ", ".join(parts)


def decimal_or_none(raw: int | None) -> Decimal | None:
    return None if raw is None else to_decimal(raw)


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
    thread or show a trade half done. The first look reads the newest snapshot
    and replays what came after it, a later one what came since the last.
    """

    def __init__(self, directory: Path, keys: Keys | None = None) -> None:
        self._directory = directory
        self._keys = keys
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
            self._engine, self._reader = OfflineEngine(), Reader(self._directory, keys=self._keys)
            store = SnapshotStore.of(self._directory, self._keys)
            resume(self._engine, self._reader, store, until=sequence)
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
