"""The ledger's loop in a node: follow the events, write them, survive PostgreSQL's absence.

Nothing that happens here reaches the rest of the node: when PostgreSQL is away the loop
waits and tries again, when the events do not fit it asks for them anew from the last
sequence in the database, and when it cannot go on it says so in ``state``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol

import numpy as np

from ledger.consumer import Ledger
from ledger.errors import (
    LedgerCorrupt,
    LedgerFenced,
    LedgerGap,
    LedgerUnavailable,
    MigrationError,
    ServerError,
)

_TEMPORARY = (LedgerUnavailable, LedgerGap, ServerError)
_FATAL = (LedgerFenced, LedgerCorrupt, MigrationError)
_FIRST_PAUSE_S = 0.05
_LONGEST_IDLE_S = 0.02


class Follower(Protocol):
    """Where the events come from."""

    def poll(self, max_events: int) -> np.ndarray:
        """The next events, whole commands, at most about ``max_events``; empty when none."""

    def restart(self, from_sequence: int) -> None:
        """Go on with the command right after ``from_sequence``."""


class TailState(StrEnum):
    """How the loop is doing."""

    STARTING = "starting"
    """Not connected yet."""
    LIVE = "live"
    """Connected; what is there gets written."""
    DOWN = "down"
    """PostgreSQL is away or the events do not follow: tries again, with growing pauses."""
    FAILED = "failed"
    """Cannot go on without an operator: fenced, contradicted, or the wrong schema."""
    STOPPED = "stopped"


class LedgerTail:
    """Feeds a ledger from a follower, in one thread of its own.

    connect: makes a Ledger; called in the thread, and again after every failure. With
        ``lambda: Ledger(server.start())`` an embedded server that died is started again.
    ended: called in the thread when it ends, for whatever reason. delay_s: before it connects.
    newest: the last sequence there is, for ``lag``; without it the lag is unknown (None).
    batch_events: how many events a transaction takes, about. max_pause_s: between retries.
    """

    def __init__(
        self,
        follower: Follower,
        connect: Callable[[], Ledger],
        *,
        newest: Callable[[], int] | None = None,
        batch_events: int = 50_000,
        max_pause_s: float = 5.0,
        ended: Callable[[], None] = lambda: None,
        delay_s: float = 0.0,
    ) -> None:
        self._follower = follower
        self._connect = connect
        self._newest = newest
        self._batch_events = batch_events
        self._max_pause_s = max_pause_s
        self._ended = ended
        self._delay_s = delay_s
        self._asked_at: float | None = None
        self._ledger: Ledger | None = None
        self._stopping = threading.Event()
        self._drain = False
        self._thread = threading.Thread(target=self._guarded, name="ledger", daemon=True)
        self.state = TailState.STARTING
        self.position = 0
        """The last sequence known to be committed."""
        self.rows = 0
        """Rows inserted or changed since the start."""
        self.last_error: str | None = None
        """What went wrong last, kept after it is over."""
        self.problem = ""
        """The same, until something is written again, or there is nothing to be written."""

    def start(self) -> None:
        """Start the thread; it connects by itself."""
        self._thread.start()

    @property
    def lag(self) -> int | None:
        """Commands that are not in the database yet, or None when that is not known."""
        return None if self._newest is None else max(0, self._newest() - self.position)

    @property
    def waits_s(self) -> float:
        """Seconds since PostgreSQL was asked for what it has not answered yet; 0: for nothing."""
        asked = self._asked_at
        return 0.0 if asked is None else time.monotonic() - asked

    def interrupt(self) -> None:
        """End the thread, whatever it waits for, and do not wait for that."""
        self.stop(drain=False, timeout=0)
        if self._ledger is not None:
            self._ledger.interrupt()

    def stop(self, drain: bool = True, timeout: float = 10.0) -> bool:
        """End the thread; true when it has ended.

        drain: first write all that the follower has, unless PostgreSQL is away.
        timeout: seconds to wait. A thread that hangs in PostgreSQL's hands ends with the process.
        """
        self._drain = drain
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _guarded(self) -> None:
        try:
            self._run()
        finally:
            self._ended()

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        if self._stopping.wait(self._delay_s) and not self._drain:
            self.state = TailState.STOPPED  # without a claim: another one may lead by now
            return self._close()
        while True:
            began = self.position
            try:
                self._follow()
                self.state = TailState.STOPPED
                return self._close()
            except _TEMPORARY as error:
                self._note(TailState.DOWN, error)
            except _FATAL as error:
                self._note(TailState.FAILED, error)
                return self._close()
            except Exception as error:  # a defect of ours must not end in silence
                self._note(TailState.FAILED, error)
                self._close()
                raise
            if self.position != began:
                pause_s = _FIRST_PAUSE_S
            if self._stopping.wait(pause_s):
                self.state = TailState.STOPPED
                return self._close()
            pause_s = min(2 * pause_s, self._max_pause_s)

    def _follow(self) -> None:
        """Connect, go to the last sequence in the database, and write until asked to stop."""
        ledger = self._reconnected()
        if self._stopping.is_set() and not self._drain:
            return
        self._follower.restart(ledger.last_sequence)
        self.position = ledger.last_sequence
        self.state = TailState.LIVE
        idle_s = 0.001
        while True:
            stopping = self._stopping.is_set()
            if stopping and not self._drain:
                return
            events = self._follower.poll(self._batch_events)
            if len(events):
                with self._asking():
                    self.rows += ledger.apply(events)
                self.position = ledger.last_sequence
                self.problem, idle_s = "", 0.001
                continue
            self.problem = ""
            if stopping:
                return
            self._stopping.wait(idle_s)
            idle_s = min(2 * idle_s, _LONGEST_IDLE_S)

    def _reconnected(self) -> Ledger:
        self._close()
        with self._asking():
            self._ledger = self._connect()
        return self._ledger

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._asked_at = time.monotonic()
        try:
            yield
        finally:
            self._asked_at = None

    def _note(self, state: TailState, error: Exception) -> None:
        self.last_error = self.problem = f"{type(error).__name__}: {error}"
        self.state = state

    def _close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
