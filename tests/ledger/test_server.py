"""The embedded PostgreSQL: starts, stops, survives, and leaves nothing running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ledger import processes
from ledger.account import server_user
from ledger.connect import chosen_dsn, database
from ledger.errors import ServerError, ServerInUse
from ledger.home import remembered_home
from ledger.server import EmbeddedPostgres, explain, running_dsn
from tests.fix_postgres import FAST

ROOT = Path(__file__).resolve().parents[2]
OWNER = """
import sys, time
from ledger.server import EmbeddedPostgres
server = EmbeddedPostgres(sys.argv[1])
server.start()
print(server.postmaster_pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "pg", settings=FAST, patience_s=20)
    try:
        yield server
    finally:
        server.destroy()


def data_of(server: EmbeddedPostgres) -> Path:
    home = remembered_home(server.directory)
    assert home is not None
    return home.data


def ask(dsn: str, sql: str) -> list:
    with psycopg.connect(dsn) as connection:
        return connection.execute(sql.encode()).fetchall()


def gone(data: Path) -> bool:
    return processes.wait_until_gone(data, 15)


def owner_process(directory: Path) -> tuple[subprocess.Popen, int]:
    """Another process that runs a server, and the pid of its postmaster."""
    command = [sys.executable, "-c", OWNER, str(directory)]
    owner = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    return owner, int(owner.stdout.readline())


def kill(owner: subprocess.Popen) -> None:
    owner.kill()
    owner.wait()
    assert owner.stdout is not None
    owner.stdout.close()


def test_it_starts_stops_and_keeps_its_rows(server: EmbeddedPostgres) -> None:
    dsn = server.start()
    assert server.start() == dsn
    assert server.postmaster_pid is not None
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    server.stop()
    server.stop()
    assert not server.running
    assert gone(data_of(server))
    assert ask(server.start(), "SELECT seven FROM kept") == [(7,)]


def test_it_listens_on_a_private_socket_only_and_checks_its_pages(
    server: EmbeddedPostgres,
) -> None:
    dsn = server.start()
    shown = [ask(dsn, f"SHOW {name}")[0][0] for name in ("listen_addresses", "data_checksums")]
    assert shown == ["", "on"]
    assert ask(dsn, "SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database"
                    " WHERE datname = 'lmax'") == [("C.UTF-8", "UTF8")]  # fmt: skip
    sockets = Path(str(conninfo_to_dict(dsn)["host"]))
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert ask(dsn, "SELECT DISTINCT auth_method FROM pg_hba_file_rules") == [("peer",)]


def test_a_long_directory_gets_a_short_socket_path(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("deep" * 20) / "an odd, 'name'" / "pg", settings=FAST)
    try:
        dsn = server.start()
        assert len(str(conninfo_to_dict(dsn)["host"])) < 80
        assert ask(dsn, "SELECT 1") == [(1,)]
    finally:
        server.destroy()


def test_after_the_postmaster_was_killed_it_starts_again(server: EmbeddedPostgres) -> None:
    dsn = server.start()
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    pid = server.postmaster_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while server.running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not server.running
    assert ask(server.start(), "SELECT seven FROM kept") == [(7,)]
    assert server.postmaster_pid != pid


def test_the_server_ends_when_its_process_is_killed(server: EmbeddedPostgres) -> None:
    owner, postmaster = owner_process(server.directory)
    data = data_of(server)
    assert postmaster in processes.of_cluster(data)
    kill(owner)
    assert gone(data)
    assert ask(server.start(), "SELECT 1") == [(1,)]


def test_a_postmaster_that_outlived_everybody_is_stopped_first(server: EmbeddedPostgres) -> None:
    """Its process and the shells that watch it are killed at once; only it remains."""
    owner, postmaster = owner_process(server.directory)
    shells = children_of(owner.pid)
    watchers = [pid for shell in shells for pid in children_of(shell) if pid != postmaster]
    for pid in [*watchers, *shells]:
        os.kill(pid, signal.SIGKILL)
    kill(owner)
    time.sleep(0.2)
    assert postmaster in processes.of_cluster(data_of(server))
    assert ask(server.start(), "SELECT 1") == [(1,)]
    alive = processes.of_cluster(data_of(server))
    assert postmaster not in alive
    assert server.postmaster_pid in alive


def children_of(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_pid_file_that_names_a_stranger_does_not_matter(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    user = server_user()
    stranger = subprocess.Popen(["/bin/sleep", "60"], **user.popen_options())
    try:
        user.write(
            data_of(server) / "postmaster.pid", f"{stranger.pid}\nx\n0\n5432\n\n\n0\nready\n"
        )
        assert running_dsn(server.directory) is None
        assert ask(server.start(), "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_only_one_process_runs_the_server_and_others_may_join_it(
    server: EmbeddedPostgres,
) -> None:
    owner, postmaster = owner_process(server.directory)
    try:
        with pytest.raises(ServerInUse, match=f"process {owner.pid} runs"):
            server.start()
        assert not server.running
        with database(server.directory) as dsn:
            assert ask(dsn, "SELECT 1") == [(1,)]
        assert postmaster in processes.of_cluster(data_of(server))
    finally:
        kill(owner)
    assert gone(data_of(server))
    assert running_dsn(server.directory) is None


def test_half_an_initdb_is_thrown_away(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    data_of(server).rename(data_of(server).with_name("data.new"))
    assert ask(server.start(), "SELECT 1") == [(1,)]


def test_the_users_dsn_wins(tmp_path: Path) -> None:
    environment = {"LMAX_DSN": "host=theirs"}
    assert chosen_dsn("host=mine", environment) == "host=mine"
    assert chosen_dsn(None, environment) == "host=theirs"
    assert chosen_dsn(None, {}) is None
    with database(tmp_path / "never made", "host=mine") as dsn:
        assert dsn == "host=mine"
    assert not (tmp_path / "never made").exists()


def test_a_start_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", settings=FAST | {"shared_buffers": "many"})
    try:
        with pytest.raises(ServerError, match=r"(?s)did not start.*shared_buffers"):
            server.start()
        assert gone(data_of(server))
        assert not server.running
    finally:
        server.destroy()


def test_a_directory_that_is_a_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "pg").write_text("")
    with pytest.raises(ServerError, match=f"cannot use {tmp_path / 'pg'}"):
        EmbeddedPostgres(tmp_path / "pg").start()


def test_another_major_version_is_refused_with_advice(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    server_user().write(data_of(server) / "PG_VERSION", "14\n")
    with pytest.raises(ServerError, match="another major version"):
        server.start()


def test_a_full_disk_is_named() -> None:
    """PostgreSQL's own words come with the advice."""
    text = explain("initdb failed", "could not write: No space left on device")
    assert text.startswith("initdb failed: the disk is full")
    assert text.endswith("No space left on device")
