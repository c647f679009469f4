"""Numbered SQL files, applied once each and in order.

``lmax.migrations`` holds the number, name and SHA-256 of every file that was applied. A
file that changed afterwards, or is missing, is refused: the database would not be what
the files say.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from ledger.errors import MigrationError

FOLDER = Path(__file__).parent / "migrations"
OLDEST_SERVER = 150_000
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LOCK = 0x1_6C6D_6178  # any number that only this runner uses
_TABLE = """
CREATE SCHEMA IF NOT EXISTS lmax;
CREATE TABLE IF NOT EXISTS lmax.migrations (
    number   integer     PRIMARY KEY,
    name     text        NOT NULL,
    checksum text        NOT NULL,
    applied  timestamptz NOT NULL DEFAULT now()
);
"""


@dataclass(frozen=True)
class Migration:
    """One file: ``0001_ledger.sql`` has the number 1."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """The files of ``folder`` in order; MigrationError unless they count 1, 2, 3, …"""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path}: a migration is named like 0001_what_it_does.sql")
        found.append(Migration(int(match[1]), path.name, path.read_text()))
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise MigrationError(f"{folder}: migrations must count 1, 2, 3, …; there are {numbers}")
    return found


def migrate(connection: psycopg.Connection[Any], folder: Path = FOLDER) -> list[str]:
    """Apply what is missing, all in one transaction, and return the names of those files.

    Several processes may do this at once: the others wait for the first and find it done.
    Raises MigrationError when files and database disagree or the server is too old.
    """
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise MigrationError(f"PostgreSQL 15 or later is needed, this server is {version // 10000}")
    wanted = migrations(folder)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        known = connection.execute("SELECT to_regclass('lmax.migrations')").fetchone()
        if known is None or known[0] is None:
            connection.execute(_TABLE)
        rows = connection.execute("SELECT number, name, checksum FROM lmax.migrations").fetchall()
        applied = {number: (name, checksum) for number, name, checksum in rows}
        _refuse_differences(wanted, applied)
        missing = [migration for migration in wanted if migration.number not in applied]
        for migration in missing:
            _apply(connection, migration)
    return [migration.name for migration in missing]


def _refuse_differences(wanted: list[Migration], applied: dict[int, tuple[str, str]]) -> None:
    files = {migration.number: migration for migration in wanted}
    for number, (name, checksum) in sorted(applied.items()):
        file = files.get(number)
        if file is None:
            raise MigrationError(
                f"the database has migration {name}, which this version does not know: "
                "use the version that applied it, or a later one"
            )
        if file.checksum != checksum:
            raise MigrationError(
                f"{file.name} is not what was applied to the database as {name}: "
                "restore the file and put the change into a new migration"
            )


def _apply(connection: psycopg.Connection[Any], migration: Migration) -> None:
    try:
        connection.execute(migration.sql.encode())
    except (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout):
        raise  # the server went away, which is no fault of the file's
    except psycopg.Error as error:
        raise MigrationError(f"{migration.name} failed: {error}") from error
    connection.execute(
        "INSERT INTO lmax.migrations (number, name, checksum) VALUES (%s, %s, %s)",
        [migration.number, migration.name, migration.checksum],
    )
