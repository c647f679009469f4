"""The exactly-once consumer: batches of events in, one SERIALIZABLE transaction each.

The last sequence is a row of the same transaction, and the transaction begins by moving
it from what we believe it to be. So whatever happens, a crash of either side, a lost reply to
COMMIT, a second writer, the rows and the sequence change together or not at all, and a
repeated batch is recognised and skipped.
"""

from __future__ import annotations

import contextlib
import random
import time
from types import TracebackType
from typing import Any, NoReturn, Self

import numpy as np
import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.errors import LedgerCorrupt, LedgerError, LedgerFenced, LedgerGap, LedgerUnavailable
from ledger.fold import fold
from ledger.line import Line
from ledger.migrate import migrate
from ledger.pgbinary import PgArray, PgArrayDumper
from ledger.writer import write
from lmax.schema import EVENT, EventFlag

_ATTEMPTS = 20
_RETRYABLE = (errors.SerializationFailure, errors.DeadlockDetected)
_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.ReadOnlySqlTransaction,
    errors.FeatureNotSupported,  # SERIALIZABLE, to a server that is in recovery
    errors.IdleInTransactionSessionTimeout,
)
"""What passes by itself, or by mending PostgreSQL alone."""
_SESSION = """
SET enable_hashjoin = off; SET enable_mergejoin = off;  -- one index probe a changed row, always
SET jit = off; SET search_path = pg_catalog;
SET statement_timeout = '120s'; SET idle_in_transaction_session_timeout = '60s';
"""
_PATIENCE = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""Unless the DSN says otherwise: a machine that is gone is noticed sooner than by the system."""
_NAME = "lmax ledger {}"
"""The application_name of a session, with its epoch."""
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND usename = current_user
   AND substring(application_name FROM '^lmax ledger ([0-9]{1,18})$')::bigint < %s
"""
_CLAIM = "UPDATE lmax.progress SET epoch = %s, updated = now() WHERE epoch < %s"
_MOVE_PROGRESS = """
UPDATE lmax.progress SET last_sequence = %s, epoch = %s, updated = now()
 WHERE last_sequence = %s AND epoch <= %s
"""


class _ProgressMoved(Exception):
    """The stored sequence or epoch is not what we believed."""


class Ledger:
    """A connection that applies events to the database at ``dsn``.

    epoch: of the node that feeds it; the database remembers the highest that came, and refuses a
        lower one from then on. Who comes with a higher one ends the sessions of lower ones, which
        could stand still in the middle of a transaction; those of the same database user.

    Connects and applies missing migrations. Not for several threads at once. Raises
    LedgerUnavailable when PostgreSQL cannot be reached: try again later.
    """

    # What a simulated database does otherwise; all that decides runs as it is.
    _migrate = staticmethod(migrate)
    _write_rows = staticmethod(write)

    def __init__(self, dsn: str, *, epoch: int = 0, connect_timeout_s: int = 10) -> None:
        self.dsn = dsn
        self.epoch = epoch
        self.last_sequence = 0
        """The last command whose effects are in the database, as last read or written."""
        self._connect_timeout_s = connect_timeout_s
        self._connection: psycopg.Connection[Any] | None = None
        self._line: Line | None = None
        self.reconnect()

    def reconnect(self) -> None:
        """Drop the connection, make a new one and read the last sequence from the database."""
        self.close()
        try:
            connection = self._connection = self._connect()
            connection.execute(_SESSION)
            self._migrate(connection)
            if self._read_progress(connection) < self.epoch:
                self._claim(connection)
        except psycopg.Error as error:
            self._give_up(error)
        except LedgerError:
            self.close()
            raise

    def apply(self, events: np.ndarray) -> int:
        """Write a batch of whole commands and return the rows inserted or changed.

        events: dtype ``EVENT``, ending with the last event of a command. Commands that the
        database has already are skipped. After the return the batch is committed.

        Raises LedgerGap when the rest does not follow ``last_sequence``; LedgerUnavailable
        when PostgreSQL is away, and then only ``reconnect`` tells whether the batch was
        written; LedgerFenced when a higher epoch has written; LedgerCorrupt when events and
        database contradict each other; ValueError when ``events`` is no such batch.
        """
        _refuse_partial(events)
        if self._connection is None:
            raise LedgerUnavailable("not connected to PostgreSQL: reconnect first")
        try:
            return self._apply(self._connection, events)
        except psycopg.Error as error:
            self._give_up(error)
        except LedgerCorrupt:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; ``reconnect`` opens it again."""
        connection, self._connection = self._connection, None
        line, self._line = self._line, None
        if line is not None:
            line.close()
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.close()

    def interrupt(self) -> None:
        """From another thread: who waits for PostgreSQL is told LedgerUnavailable at once."""
        line = self._line
        if line is not None:
            line.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connect(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(
            make_conninfo(self.dsn, **(_PATIENCE | conninfo_to_dict(self.dsn))),
            autocommit=True,
            connect_timeout=self._connect_timeout_s,
            application_name=_NAME.format(self.epoch),
        )
        try:
            self._line = Line(connection.fileno())
        except OSError as error:
            connection.close()
            raise psycopg.OperationalError(str(error)) from error
        connection.adapters.register_dumper(PgArray, PgArrayDumper)
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        return connection

    def _apply(self, connection: psycopg.Connection[Any], events: np.ndarray) -> int:
        for attempt in range(_ATTEMPTS):
            new = _new_commands(events, self.last_sequence)
            if not len(new):
                return 0
            try:
                return self._write(connection, new)
            except (_ProgressMoved, *_RETRYABLE):
                time.sleep(random.uniform(0, 0.002 * attempt))  # other writers first
                self._read_progress(connection)
        raise LedgerUnavailable(f"another writer was in the way {_ATTEMPTS} times: try later")

    def _write(self, connection: psycopg.Connection[Any], new: np.ndarray) -> int:
        batch = fold(new)
        with connection.transaction():
            move = [batch.last_sequence, self.epoch, self.last_sequence, self.epoch]
            if connection.execute(_MOVE_PROGRESS, move).rowcount != 1:
                raise _ProgressMoved
            rows = self._write_rows(connection, batch)
        self.last_sequence = batch.last_sequence
        return rows

    def _claim(self, connection: psycopg.Connection[Any]) -> None:
        """From now on no lower epoch writes, also before we have written anything."""
        connection.execute(_END_OTHERS, [self.epoch])
        connection.execute(_CLAIM, [self.epoch, self.epoch])
        self._read_progress(connection)

    def _read_progress(self, connection: psycopg.Connection[Any]) -> int:
        """The last sequence, kept; the epoch is the answer. Raises LedgerFenced, LedgerCorrupt."""
        row = connection.execute("SELECT last_sequence, epoch FROM lmax.progress").fetchone()
        if row is None:
            raise LedgerCorrupt("lmax.progress has lost its row: restore the database")
        if row[1] > self.epoch:
            raise LedgerFenced(f"epoch {row[1]} has written to this ledger, we are {self.epoch}")
        self.last_sequence = row[0]
        return int(row[1])

    def _give_up(self, error: psycopg.Error) -> NoReturn:
        """Say what an error of PostgreSQL's means to the caller."""
        self.close()
        if isinstance(error, _AWAY):
            raise LedgerUnavailable(f"PostgreSQL is away: {error}") from error
        raise LedgerCorrupt(f"PostgreSQL refused the rows: {error}") from error


def _refuse_partial(events: np.ndarray) -> None:
    if events.dtype != EVENT or events.ndim != 1:
        raise ValueError(f"events must be a row of lmax.schema.EVENT, not {events.dtype}")
    if len(events) and not events["flags"][-1] & EventFlag.LAST:
        raise ValueError(
            f"the batch ends inside command {events['sequence'][-1]}: hand over whole commands"
        )


def _new_commands(events: np.ndarray, last: int) -> np.ndarray:
    """The events after sequence ``last``; LedgerGap unless they follow it without a hole."""
    sequences = events["sequence"].astype("i8")
    new = sequences[np.searchsorted(sequences, last, side="right") :]
    steps = np.diff(new, prepend=last)
    if len(new) and (steps[0] != 1 or steps.min() < 0 or steps.max() > 1):
        at = int(np.flatnonzero((steps < 0) | (steps > 1))[0]) if steps[0] == 1 else 0
        before = int(new[at - 1]) if at else last
        raise LedgerGap(f"after sequence {before} comes {new[at]}: read the events from there")
    return events[len(events) - len(new) :]
