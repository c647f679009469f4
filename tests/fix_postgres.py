"""Fixtures with a real PostgreSQL: one server a test process, a fresh database a test.

A conftest.py takes them in with ``from tests.fix_postgres import postgres, postgres_server``.
"""

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.migrate import migrate
from ledger.server import EmbeddedPostgres

FAST = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
"""Safe here: killed processes lose nothing of this, only a machine without power would."""

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A running server; its database ``lmax`` has all migrations and stays empty."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), settings=FAST)
    try:
        dsn = server.start()
        with psycopg.connect(dsn, autocommit=True) as connection:
            migrate(connection)
        yield server
    finally:
        server.destroy()


@pytest.fixture
def postgres(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """DSN of a fresh database with all migrations; dropped after the test."""
    name = f"test_{next(_numbers)}"
    admin = make_conninfo(postgres_server.dsn, dbname="postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE lmax")
        yield make_conninfo(postgres_server.dsn, dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
