"""An engine inside the caller's process: `from lmax import Engine`. See docs/embedding.md."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from journal.errors import JournalCorrupt, JournalKeyError, JournalLocked
from journal.files import DEFAULT_SEGMENT_BYTES
from journal.keys import Keys
from lmax._engine import EngineFault
from lmax.event import Event, event_of, events_of
from lmax.ringbuffer.agent import AgentError
from lmax.schema import EVENT
from node.core import DEFAULT_SLOTS, Core
from node.embedded_commands import CommandMethods
from node.embedded_reader import EventReader
from node.embedded_views import Account, Balances, Book, Position, Trading, levels_of
from node.follower import AheadOfJournal, Follower
from node.refusals import CoreFailed
from node.snapshots import parse_every

__all__ = [
    "AheadOfJournal",
    "Engine",
    "EngineClosed",
    "JournalCorrupt",
    "JournalKeyError",
    "JournalLocked",
]

Records = npt.NDArray[np.void]
LOOK_AGAIN_S = 0.0001


class EngineClosed(RuntimeError):
    """The engine was closed; open one on the same folder to go on."""


class Engine(CommandMethods):
    """A journaled matching engine in this process, in the mode `local`.

        with Engine.open("venue") as engine:
            engine.open_account(1)

    A method that asks for something publishes one command and returns its sequence at once.
    What came of it is told by events, which can be read only when the command is synced to
    this machine's disk. A refusal by the rules (no funds, an unknown order, …) is an event
    too; exceptions are for values that can never be right, and for an engine that cannot go on.

    All methods may be called from any thread, except in the invoker layout, where one thread
    makes all calls. Every method raises EngineClosed after `close`, CoreFailed when the
    journal cannot be written any more. Publishing raises RingFull when there is no room in the
    input ring for a second: nothing was taken, try again.
    """

    def __init__(self, core: Core, follower: Follower) -> None:
        self._core = core
        self._directory = core.journal.directory
        invoker = core.layout == "invoker"
        self._reader = EventReader(follower, core.step if invoker else None)
        self._balances = Balances(self._directory, core.journal.keys)
        self._publishing = threading.Lock()
        # Also when it is forgotten: at the end of the process or with the last reference.
        self._end = weakref.finalize(self, _stop, core, self._reader, self._balances)

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        layout: str = "shared",
        after: int | None = None,
        timer: float | None = None,
        checkpoints: float | None = None,
        slots: int = DEFAULT_SLOTS,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        journal_mode: str = "auto",
        key: str | Keys | None = None,
        snapshot_every: int | None = None,
    ) -> Self:
        """The engine of that folder, with everything that was done there before.

        folder: made if missing; one process at a time has it open, its journal is in ``journal``.
        layout: "shared" (two threads), "dedicated" (pinned, spinning threads, five cores or
        more), "invoker" (no thread: your calls do the work, or `step`).
        after: events begin with the command after this one; with the next one unless told.
        timer: seconds between TIMER commands that the engine gives itself, 0.001 to 3600. GTD
        orders expire, halts end and bands move with them alone. None: only those you publish
        with `timer()`, so that sequences and events are yours alone.
        checkpoints: seconds between CHECKPOINT commands, likewise: the state hash goes into the
        journal, and an opening or a replay that comes to another one is refused. None: not.
        slots: commands, and events, that are held in memory on their way, a power of two.
        segment_bytes: of a file of the journal; journal_mode: "auto" (the fastest here), "direct",
        "uring", "buffered".
        key: Keys, or where they are, as `--journal-key` takes it; unless told, LMAX_JOURNAL_KEY.
        snapshot_every: have a snapshot taken after so many commands, 1,000 or more, by a process of
        its own, so that the next opening need not replay them; docs/snapshots.md. None: not.

        Raises JournalLocked, JournalCorrupt, JournalKeyError, AheadOfJournal, ValueError, OSError.
        """
        directory = Path(folder) / "journal"
        core = Core(
            directory,
            layout=layout,
            slots=slots,
            segment_bytes=segment_bytes,
            journal_mode=journal_mode,
            journal_key=key,
        )
        try:
            follower = Follower(core, directory, after=core.recovered)
            if after is None or after == core.recovered:
                follower.live = True  # nothing was published yet, so nothing is missed
            else:
                follower.restart(_sequence(after))
            core.start()
            if timer is not None:
                core.start_timer(timer)
            if checkpoints is not None:
                core.start_checkpoints(checkpoints)
            if snapshot_every is not None:
                core.start_snapshots(parse_every(str(snapshot_every)))
        except BaseException:
            core.stop()
            raise
        return cls(core, follower)

    def close(self) -> None:
        """Do what was published, sync it, end the threads and give the folder free.

        Events not read yet are gone from here; `open(folder, after=…)` gives them again.
        """
        with self._publishing:
            self._end()

    # -- asking for something; one command each: node/embedded_commands.py

    def submit(self, commands: Records, timeout: float = 1.0) -> int:
        """Publish an array of commands (dtype COMMAND) in order; the sequence of the last.

        Sequences and timestamps are set on the way, in a copy. No command of another thread
        comes between them. Of an empty array: the last sequence there is. Raises RingFull when
        there is no room for `timeout` seconds; its `taken` says how many were published.
        """
        with self._publishing, told_as_core_failed(self._core):
            self._check()
            return self._core.submit(commands, timeout)

    # -- what came of it

    def wait(self, sequence: int, timeout: float = 10.0) -> None:
        """Return once that command is synced and its events can be read. Raises TimeoutError."""
        self._check()
        self._check_published(sequence)
        try:
            with told_as_core_failed(self._core):
                self._core.wait_applied(sequence, timeout)
        except TimeoutError as late:
            if self._core.journal.problem:
                raise TimeoutError(f"{late}: {self._core.journal.problem}") from None
            raise

    def result(self, sequence: int, timeout: float = 10.0) -> list[Event]:
        """Wait for one command and take its events; unread events before them stay unread.

        Raises TimeoutError, and ValueError where they were read before.
        """
        self.wait(sequence, timeout)
        found = self._until(lambda: self._reader.take_command(sequence), timeout)
        if found is None:
            raise TimeoutError(f"the events of command {sequence} were not there in {timeout} s")
        return list(events_of(found))

    def events(self, timeout: float = 0.0) -> Iterator[Event]:
        """The events not read yet, each once, in order; ends when there are none now.

        timeout: how many seconds to wait for the first. Stopping in between loses nothing. An
        engine whose events nobody reads does not fill the memory: they are worked out again
        from the journal when they are read, which takes longer.
        """
        while (row := self._until(self._reader.take_row, timeout)) is not None:
            yield event_of(row)
            timeout = 0.0

    def event_array(self, most: int = 16384, timeout: float = 0.0) -> Records:
        """Up to `most` of the events not read yet, dtype EVENT; empty when there are none now.

        timeout: how many seconds to wait for the first.
        """
        if most < 1:
            raise ValueError(f"most is 1 or more, {most} is not")
        found = self._until(lambda: self._reader.take(most), timeout)
        return np.empty(0, EVENT) if found is None else found

    def _until[Found: Sized](
        self, take: Callable[[], Found | None], timeout: float
    ) -> Found | None:
        """What `take` finds, asking again for that long; None when there is nothing."""
        deadline = time.monotonic() + timeout
        while True:
            self._check_open()
            with told_as_core_failed(self._core):
                found = take()
            if found is not None and len(found):
                return found
            self._check()
            if time.monotonic() >= deadline:
                return None
            if self._core.layout != "invoker":
                time.sleep(LOOK_AGAIN_S)

    # -- looking

    def book(self, instrument: int, levels: int | None = 10) -> Book:
        """The best levels of an instrument, all of them if `levels` is None.

        It shows every command whose events can be read. Raises KeyError for an unknown one.
        """
        self._check()
        self._await_market_data()
        market = self._core.marketdata
        depth = market.depth(instrument, levels)
        symbol = market.statistics(instrument).symbol
        phase = market.trading(instrument).phase
        return Book(instrument, symbol, levels_of(depth.bids), levels_of(depth.asks), phase)

    def trading(self, instrument: int) -> Trading:
        """Phase, status, price bands, auction and restrictions of an instrument.

        It shows every command whose events can be read. Raises KeyError for an unknown one.
        """
        self._check()
        self._await_market_data()
        market = self._core.marketdata
        symbol = market.statistics(instrument).symbol
        return Trading(instrument, symbol, market.trading(instrument))

    def trades(self, n: int = 50, instrument: int | None = None) -> Records:
        """The last trades since this engine was opened, oldest first: marketdata.views.TRADES."""
        self._check()
        self._await_market_data()
        return self._core.marketdata.trades(n, instrument)

    def account(self, account: int) -> Account:
        """Cash of an account, after every command whose events can be read.

        The first call replays the journal in a second copy of the state, later ones what came
        since: for statements and checks, not for every order. Raises KeyError if it is not open.
        """
        self._check()
        found = self._balances.account(account, self.sequence)
        if found is None:
            raise KeyError(f"account {account} is not open")
        return found

    def position(self, account: int, instrument: int) -> Position:
        """Shares of an account in an instrument; at the same cost as `account`."""
        self._check()
        return self._balances.position(account, instrument, self.sequence)

    def state_hash(self) -> tuple[int, int]:
        """(sequence, hash of everything the engine holds after it); costs as `account` does."""
        self._check()
        return self._balances.state_hash(self.sequence)

    @property
    def sequence(self) -> int:
        """Of the last command that is synced and whose events can be read."""
        # Events can be read a moment before the logic counts their command as done.
        return max(self._core.business.applied, self._reader.seen)

    @property
    def read_up_to(self) -> int:
        """Sequence of the last command that `events` or `event_array` gave whole.

        Keep it with what you made of the events: `open(folder, after=…)` goes on from there.
        """
        return self._reader.position

    def step(self) -> int:
        """One round of all work in the invoker layout; how much there was, 0 when none."""
        self._check()
        if self._core.layout != "invoker":
            raise RuntimeError(f"the {self._core.layout} layout has threads that do the work")
        with told_as_core_failed(self._core):
            return self._core.step()

    def _await_market_data(self, timeout: float = 10.0) -> None:
        """Until it has seen every command applied so far."""
        wanted, market = self.sequence, self._core.marketdata
        deadline = time.monotonic() + timeout
        while wanted > self._core.recovered and market.sequence < wanted:
            self._check()
            if time.monotonic() >= deadline:
                raise TimeoutError(f"market data is behind: at {market.sequence} of {wanted}")
            if self._core.layout == "invoker":
                self.step()
            else:
                time.sleep(LOOK_AGAIN_S)

    # -- is it alive

    @property
    def closed(self) -> bool:
        return not self._end.alive

    def _check_open(self) -> None:
        if not self._end.alive:
            raise EngineClosed(
                f"this engine was closed; Engine.open({str(self._directory.parent)!r}) goes on"
            )

    def _check(self) -> None:
        self._check_open()
        with told_as_core_failed(self._core):
            self._core.raise_failure()

    def _check_published(self, sequence: int) -> None:
        last = self._core.input.cursor
        if not 1 <= sequence <= last:
            raise ValueError(f"no command has the sequence {sequence} yet; the last is {last}")

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"at command {self.sequence}"
        return f"<Engine {str(self._directory.parent)!r}, {state}>"


def _stop(core: Core, reader: EventReader, balances: Balances) -> None:
    """Not a method: it runs when the engine is not there any more."""
    try:
        reader.close()
        balances.close()
    finally:
        core.stop()


@contextmanager
def told_as_core_failed(core: Core) -> Iterator[None]:
    """One exception for all the ways in which an engine comes to its end."""
    try:
        yield
    except EngineFault as fault:
        raise CoreFailed(str(fault)) from fault
    except AgentError as error:
        core.raise_failure()
        raise CoreFailed(str(error)) from error


def _sequence(after: int) -> int:
    if after < 0:
        raise ValueError(f"after is the sequence of a command, or 0; {after} is not")
    return after
