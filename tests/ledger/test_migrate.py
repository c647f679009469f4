"""Migrations are applied once, in order, and never changed afterwards."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from ledger.errors import MigrationError
from ledger.migrate import migrate, migrations


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE one (a int); CREATE TABLE two (a int);")
    (tmp_path / "0002_second.sql").write_text("INSERT INTO one VALUES (1);")
    return tmp_path


def run(dsn: str, folder: Path) -> list[str]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return migrate(connection, folder)


@pytest.fixture
def bare(postgres: str) -> str:
    """A database without migrations."""
    with psycopg.connect(postgres) as connection:
        connection.execute("DROP SCHEMA lmax CASCADE")
    return postgres


def test_each_file_is_applied_once_and_in_order(bare: str, folder: Path) -> None:
    assert run(bare, folder) == ["0001_first.sql", "0002_second.sql"]
    assert run(bare, folder) == []
    (folder / "0003_third.sql").write_text("INSERT INTO one VALUES (3);")
    assert run(bare, folder) == ["0003_third.sql"]


def test_processes_that_migrate_at_once_apply_each_file_once(bare: str, folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: run(bare, folder), range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, 2]


def test_a_file_that_changed_after_it_was_applied_is_refused(bare: str, folder: Path) -> None:
    run(bare, folder)
    (folder / "0001_first.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match=r"0001_first\.sql is not what was applied"):
        run(bare, folder)


def test_a_database_of_a_later_version_is_refused(bare: str, folder: Path) -> None:
    run(bare, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match=r"0002_second\.sql, which this version does not know"):
        run(bare, folder)


def test_a_migration_that_fails_changes_nothing(bare: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text("INSERT INTO three VALUES (1);")
    with pytest.raises(MigrationError, match=r'0002_second\.sql failed: relation "three"'):
        run(bare, folder)
    with psycopg.connect(bare) as connection:
        assert connection.execute("SELECT to_regclass('one')").fetchone() == (None,)


def test_files_must_count_from_one_without_a_hole(folder: Path) -> None:
    (folder / "0002_second.sql").rename(folder / "0003_second.sql")
    with pytest.raises(MigrationError, match=r"count 1, 2, 3.*\[1, 3\]"):
        migrations(folder)
    (folder / "later.sql").write_text("")
    with pytest.raises(MigrationError, match="named like 0001"):
        migrations(folder)
