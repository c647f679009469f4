"""The whole system in one process: the core and its ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from journal.files import DEFAULT_SEGMENT_BYTES
from journal.keys import Keys
from ledger.check import Discrepancy
from ledger.connect import database
from ledger.consumer import Ledger
from ledger.tail import LedgerTail, TailState
from node.core import DEFAULT_SLOTS, Core
from node.follower import Follower
from node.reconcile import reconcile

TROUBLED = (TailState.DOWN, TailState.FAILED)


def journal_folder(directory: Path) -> Path:
    """Where the journal of a data folder is; the folder itself may be given as well."""
    inner = directory / "journal"
    return directory if not inner.is_dir() and any(directory.glob("*.segment")) else inner


def database_folder(directory: Path) -> Path:
    """Where the embedded PostgreSQL of a data folder is."""
    return directory / "postgres"


@dataclass(frozen=True)
class Status:
    """Where everything stands at one moment. Sequences count commands."""

    published: int
    synced: int
    applied: int
    accepted: int
    rejected: dict[str, int]
    trades: int
    latency_ns: dict[str, int]
    journal: dict[str, int | str]
    ledger: dict[str, int | str | None]


@dataclass(frozen=True)
class Outcome:
    """What a finished run did; `discrepancies` is None when the ledger could not be asked."""

    commands: int
    accepted: int
    rejected: dict[str, int]
    trades: int
    seconds: float
    latency_ns: dict[str, int]
    state_hash: str
    ledger_rows: int
    discrepancies: int | None
    differences: list[Discrepancy] = field(repr=False)
    problem: str = ""


class System:
    """Core, ledger and PostgreSQL over one data folder.

    directory: holds `journal/` and, without a DSN, `postgres/`; dsn: a PostgreSQL to use.
    Use as a context manager; `finish` ends the work and gives the outcome.

    Raises JournalError, ServerError, ValueError at the start. A PostgreSQL named by a DSN may
    be down at the start or at any later time: the ledger catches up when it is back.
    """

    def __init__(
        self,
        directory: Path,
        *,
        dsn: str | None = None,
        layout: str = "shared",
        slots: int = DEFAULT_SLOTS,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        journal_mode: str = "auto",
        journal_key: str | Keys | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._open = ExitStack()
        try:
            self.core = Core(
                directory / "journal",
                layout=layout,
                slots=slots,
                segment_bytes=segment_bytes,
                journal_mode=journal_mode,
                journal_key=journal_key,
            )
            self._open.callback(self.core.stop)
            self.dsn = self._open.enter_context(database(database_folder(directory), dsn))
            self._follower = Follower(self.core, directory / "journal")
            self.ledger = LedgerTail(
                self._follower, lambda: Ledger(self.dsn), newest=lambda: self.core.business.applied
            )
            self._open.callback(self.ledger.stop, drain=False)
        except BaseException:
            self._open.close()
            raise
        self.first = self.core.recovered + 1
        self._began = time.monotonic()
        self._accepted = self.core.business.state.accepted
        self._trades = self.core.business.state.trades
        self._rejected = self._rejections()

    def _rejections(self) -> dict[str, int]:
        return {r.name: n for r, n in self.core.business.state.rejected.items()}

    def start(self) -> System:
        """Start the threads of the core and of the ledger."""
        self.core.start()
        self.ledger.start()
        self._began = time.monotonic()
        return self

    def rejected(self) -> dict[str, int]:
        """Commands rejected since the start, by reason."""
        return {
            name: count - self._rejected.get(name, 0)
            for name, count in self._rejections().items()
            if count > self._rejected.get(name, 0)
        }

    def status(self) -> Status:
        """A look at the running system; cheap."""
        core, state = self.core, self.core.business.state
        return Status(
            published=core.input.cursor,
            synced=core.synced.value,
            applied=core.business.applied,
            accepted=state.accepted - self._accepted,
            rejected=self.rejected(),
            trades=state.trades - self._trades,
            latency_ns=core.probe.histogram.summary(),
            journal={
                **core.journaler.counters,
                "segment": core.journaler.segment,
                "mode": core.journal.mode,
                "problem": core.journal.problem,
            },
            ledger={
                "state": str(self.ledger.state),
                "position": self.ledger.position,
                "rows": self.ledger.rows,
                "lag": self.ledger.lag,
                "source": "ring" if self._follower.live else "journal",
                "problem": self.ledger.last_error if self.ledger.state in TROUBLED else "",
            },
        )

    def forget_latencies(self) -> None:
        """Measure from now on; call it while nothing is on its way, else some are lost."""
        while self.core.probe.position.value < self.core.output.cursor:
            self.core.raise_failure()
            time.sleep(0.001)
        self.core.probe.histogram.reset()

    def finish(
        self, patience_s: float = 60.0, waiting: Callable[[], None] = lambda: None
    ) -> Outcome:
        """Apply what was published, let the ledger catch up, and compare it with the journal.

        patience_s: how long the core may take, and how long the ledger may stand still;
        waiting: called every now and then until the ledger has caught up.
        Raises CoreFailed, TimeoutError.
        """
        self.core.stop_timer()
        self.core.stop_checkpoints()
        self.core.wait_applied(self.core.input.cursor, timeout=patience_s)
        seconds = time.monotonic() - self._began
        self._await_ledger(patience_s, waiting)
        self.core.stop()
        state = self.core.business.state
        differences, problem = self._compare()
        return Outcome(
            commands=state.sequence - self.core.recovered,
            accepted=state.accepted - self._accepted,
            rejected=self.rejected(),
            trades=state.trades - self._trades,
            seconds=round(seconds, 3),
            latency_ns=self.core.probe.histogram.summary(),
            state_hash=f"{state.state_hash:016x}",
            ledger_rows=self.ledger.rows,
            discrepancies=None if problem else len(differences),
            differences=differences,
            problem=problem,
        )

    def _await_ledger(self, patience_s: float, waiting: Callable[[], None]) -> None:
        """Until the ledger holds everything, has failed, or stood still for too long."""
        seen, since = self.ledger.position, time.monotonic()
        while self.ledger.lag and self.ledger.state != TailState.FAILED:
            if self.ledger.position != seen:
                seen, since = self.ledger.position, time.monotonic()
            elif time.monotonic() - since > patience_s:
                break
            waiting()
            time.sleep(0.01)
        self.ledger.stop(drain=False)

    def _compare(self) -> tuple[list[Discrepancy], str]:
        if self.ledger.lag:
            return [], (
                f"the ledger holds commands up to {self.ledger.position} of"
                f" {self.core.business.applied} ({self.ledger.last_error or 'it is behind'});"
                " nothing is lost: start again with the same folder and it catches up"
            )
        replay, differences = reconcile(
            self.directory / "journal", self.dsn, keys=self.core.journal.keys
        )
        live = self.core.business.state
        if replay.state_hash != live.state_hash:
            differences.append(
                Discrepancy(
                    "state hash",
                    "replay of the journal",
                    hex(live.state_hash),
                    hex(replay.state_hash),
                )
            )
        return differences, ""

    def __enter__(self) -> System:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()
