"""A database for the simulation, in the place of PostgreSQL behind the real ledger.Ledger.

What the ledger says about its progress, which decides what is written and by whom, is SQL of its
own and is run as it is, by SQLite. Rows go into `Tables`. A connection is lost before or after a
COMMIT, which the caller cannot tell, transactions have to be tried again, and a failover may lose
the last ones. All chance is seeded, by a seed of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from psycopg import OperationalError, errors

from ledger.consumer import Ledger
from ledger.fold import Batch, fold
from tests.cluster.tables import Tables


@dataclass
class Commit:
    """A transaction that was committed, with what it wrote, and what was there then."""

    sequence: int
    epoch: int
    batch: Batch | None
    trades: int
    postings: int
    holdings: dict[tuple[Any, ...], int]


class Database:
    """mistaken: the epoch is not kept, so nobody is refused for it.

    commits: those that are there; seen: whatever was there at a time, also what is lost since.
    """

    def __init__(self, random: Random, *, mistaken: bool = False) -> None:
        self.random = random
        self.mistaken = mistaken
        self.away = False
        self.trouble = 0.0
        self.tables = Tables()
        self.commits: list[Commit] = []
        self.seen: list[Commit] = []
        self.generation = 0
        self._sql = sqlite3.connect(":memory:", isolation_level=None)
        self._sql.execute("ATTACH ':memory:' AS lmax")
        self._sql.execute("CREATE TABLE lmax.progress (last_sequence, epoch, updated)")
        self._sql.execute("INSERT INTO lmax.progress VALUES (0, 0, NULL)")
        self._sql.create_function("now", 0, lambda: None)

    @property
    def progress(self) -> tuple[int, int]:
        sequence, epoch = self.run("SELECT last_sequence, epoch FROM lmax.progress").fetchone()
        return sequence, epoch

    def run(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        done = self._sql.execute(sql.replace("%s", "?"), list(values))
        if self.mistaken and not sql.startswith("SELECT"):
            self._sql.execute("UPDATE lmax.progress SET epoch = 0")
        return done

    def begin(self) -> None:
        self._sql.execute("BEGIN")

    def roll_back(self) -> None:
        self._sql.execute("ROLLBACK")

    def commit(self, batch: Batch | None, epoch: int) -> None:
        """What is in the transaction holds, and its rows are there."""
        self._sql.execute("COMMIT")
        if batch is not None:
            self.tables.apply(batch)
        self.commits.append(
            Commit(
                self.progress[0],
                epoch,
                batch,
                len(self.tables.trades),
                len(self.tables.postings),
                dict(self.tables.holdings),
            )
        )
        self.seen.append(self.commits[-1])

    def fail_over(self, lost: int, *, ends: bool) -> None:
        """To a copy that lacks the last ones. ends: connections do; behind a pooler they go on."""
        self.generation += ends
        if not lost or not self.commits:
            return
        del self.commits[-lost:]
        last = self.commits[-1] if self.commits else None
        place = (last.sequence, 0 if self.mistaken else last.epoch) if last else (0, 0)
        self.run("UPDATE lmax.progress SET last_sequence = ?, epoch = ?", place)
        self.tables = Tables()
        for commit in self.commits:
            if commit.batch is not None:
                self.tables.apply(commit.batch)

    def close(self) -> None:
        self._sql.close()


class Connection:
    """What `Ledger` uses of a psycopg connection."""

    def __init__(self, database: Database, epoch: int) -> None:
        self.database, self.epoch = database, epoch
        self.generation = database.generation
        self.batch: Batch | None = None
        self._check()

    def _check(self) -> None:
        if self.database.away or self.generation != self.database.generation:
            raise OperationalError("the simulated database has closed the connection")

    def _happens(self) -> bool:
        return self.database.random.random() < self.database.trouble

    def execute(self, sql: str, values: Any = ()) -> Any:
        self._check()
        if "lmax.progress" in sql:
            return self.database.run(sql, values)
        if "pg_terminate_backend" in sql:
            self.database.generation += 1
            self.generation = self.database.generation
        elif not sql.lstrip().startswith("SET"):
            raise AssertionError(f"the simulated database does not know what this is: {sql}")
        return None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._check()
        database = self.database
        database.begin()
        self.batch = None
        try:
            yield
            if self._happens():
                raise OperationalError("simulated: lost before COMMIT")
            if self._happens():
                raise errors.SerializationFailure("simulated")
        except BaseException:
            database.roll_back()
            raise
        database.commit(self.batch, self.epoch)
        if self._happens():
            raise OperationalError("simulated: lost after COMMIT")

    def close(self) -> None:
        """Nobody else notices."""


class SimulatedLedger(Ledger):
    """The ledger as it is, on such a database."""

    def __init__(self, database: Database, *, epoch: int) -> None:
        self._database = database
        super().__init__("simulated", epoch=epoch)

    def _connect(self) -> Any:
        return Connection(self._database, self.epoch)

    @staticmethod
    def _migrate(connection: Any, *_: Any) -> list[str]:
        """The tables are there."""
        return []

    @staticmethod
    def _write_rows(connection: Any, batch: Batch) -> int:
        connection.batch = batch
        return len(batch.postings)


class ApartLedger(SimulatedLedger):
    """A mistake: the position is moved in one transaction, the rows are written in the next."""

    @staticmethod
    def _write_rows(connection: Any, batch: Batch) -> int:
        return 0

    def _write(self, connection: Any, new: Any) -> int:
        rows = super()._write(connection, new)
        with connection.transaction():
            rows += SimulatedLedger._write_rows(connection, fold(new))
        return rows
