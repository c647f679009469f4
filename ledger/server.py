"""An embedded PostgreSQL: one cluster in a directory, run by this process and ended with it.

How it ends with us: the postmaster is started by a few lines of ``/bin/sh`` whose standard
input is a pipe that only this process can write. When the pipe closes, because ``stop``
closed it or because we were killed with -9, the shell sends the postmaster a fast shutdown.
PR_SET_PDEATHSIG was the alternative: it fires when the *thread* that started the child
ends, it is lost when the user changes, and it needs code between fork and exec.

Who may connect: only over a unix socket in a directory of mode 0700, and PostgreSQL asks
the kernel who is at the other end (``peer``): root and the server's own user, nobody else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from ledger import processes
from ledger.account import ServerUser, server_user
from ledger.binaries import programs
from ledger.errors import ServerError, ServerInUse
from ledger.home import Home, open_home, remembered_home

ROLE = "lmax"
DATABASE = "lmax"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
_LAUNCHER = """
if [ -f "$1" ]; then mv -f "$1" "$1.1"; fi
exec 3<&0 </dev/null >>"$1" 2>&1
shift
"$@" 3<&- &
server=$!
( read -r _ <&3; kill -INT "$server" ) &
watcher=$!
exec 3<&-
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"""
_ADVICE = {
    "No space left on device": "the disk is full: free some space or use another directory",
    "Read-only file system": "the file system is read-only: use another directory",
    "Permission denied": "the server's user may not use this directory: check its owner and mode",
    "could not map anonymous shared memory": "too little memory for shared_buffers",
    "is not compatible with this version": "the cluster was made by another major version of"
    " PostgreSQL: dump it with that version, or remove it and let the ledger be filled again",
    "could not create any Unix-domain sockets": "the directory of the socket cannot be used",
}


class EmbeddedPostgres:
    """A PostgreSQL server of our own.

    directory: where its lock and location are kept, made when missing; the cluster itself
        may be elsewhere, see ``ledger.home``.
    user: as root, the user to run the server as (default: postgres or nobody).
    settings: PostgreSQL settings that differ from ``SETTINGS``.
    patience_s: how long a start (with crash recovery) or a fast shutdown may take.

    Use it from one thread. A child that was forked without exec shares the pipe and the
    lock: the server then lives until the last of them has ended.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        user: str | None = None,
        settings: Mapping[str, str] | None = None,
        patience_s: float = 60.0,
    ) -> None:
        self.directory = Path(directory).absolute()
        self._user_name = user
        self._settings = {**SETTINGS, **(settings or {})}
        self._patience_s = patience_s
        self._lock: int | None = None
        self._launcher: subprocess.Popen[bytes] | None = None
        self._home: Home | None = None

    def start(self) -> str:
        """Start the server unless it runs, and return the DSN of the ledger's database.

        What an earlier owner left behind, a running postmaster or a stale pid file, is
        cleaned up first. Raises ServerInUse when another live process owns the directory,
        ServerError when the server cannot be started.
        """
        if self._launcher is not None and self._launcher.poll() is None:
            return self.dsn
        self.stop()
        self._take_lock()
        try:
            user = server_user(self._user_name)
            home = self._home = open_home(self.directory, user)
            self._clear_leftovers(home)
            binaries = programs(user)
            if not (home.data / "PG_VERSION").exists():
                _initdb(binaries, home, user, sync=self._settings.get("fsync") != "off")
            self._launch(binaries, home, user)
            _create_database(home)
        except BaseException:
            self.stop()
            raise
        return self.dsn

    @property
    def dsn(self) -> str:
        """The connection string of the database; ServerError before the first start."""
        if self._home is None:
            raise ServerError("the embedded PostgreSQL has not been started")
        return _dsn(self._home, DATABASE)

    @property
    def running(self) -> bool:
        """Whether the postmaster that this object started is alive."""
        return self._launcher is not None and self._launcher.poll() is None

    @property
    def postmaster_pid(self) -> int | None:
        """The pid of the running postmaster, or None."""
        return processes.postmaster_pid(self._home.data) if self._home and self.running else None

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, then a checkpoint is written.

        Does nothing when the server is not running.
        """
        launcher, self._launcher = self._launcher, None
        try:
            if launcher is not None:
                self._end(launcher)
        finally:
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def destroy(self) -> None:
        """Stop the server and delete its cluster: every row is gone."""
        self.stop()
        home = self._home or remembered_home(self.directory)
        if home is not None:
            home.remove()
        for name in ("location.json", "lock"):
            (self.directory / name).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _take_lock(self) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ServerError(f"cannot use {self.directory}: {error}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(lock, 20, 0).decode() or "unknown"
            os.close(lock)
            raise ServerInUse(
                f"process {owner} runs the PostgreSQL of {self.directory}: "
                "connect to it with ledger.server.running_dsn, or stop that process"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock

    def _clear_leftovers(self, home: Home) -> None:
        """Leave no process and no pid file of an earlier server; we hold the lock."""
        if not processes.stop_leftovers(home.data, self._patience_s):
            raise ServerError(
                f"processes {processes.of_cluster(home.data)} of an earlier server on "
                f"{home.data} do not end: end them by hand"
            )
        (home.data / "postmaster.pid").unlink(missing_ok=True)

    def _launch(self, binaries: Path, home: Home, user: ServerUser) -> None:
        options = {**self._settings, "unix_socket_directories": str(home.sockets)}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        server = [str(binaries / "postgres"), "-D", str(home.data), *flags]
        self._launcher = subprocess.Popen(
            ["/bin/sh", "-c", _LAUNCHER, "lmax-postgres", str(home.log), *server],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in our terminal is for us alone
            **user.popen_options(),
        )
        self._wait_until_ready(self._launcher, home)

    def _wait_until_ready(self, launcher: subprocess.Popen[bytes], home: Home) -> None:
        deadline = time.monotonic() + self._patience_s
        while not _ready(home):
            if launcher.poll() is not None:
                raise ServerError(explain("PostgreSQL did not start", _tail(home.log)))
            if time.monotonic() > deadline:
                text = f"PostgreSQL was not ready after {self._patience_s:g} s"
                raise ServerError(explain(text, _tail(home.log)))
            time.sleep(0.01)

    def _end(self, launcher: subprocess.Popen[bytes]) -> None:
        assert launcher.stdin is not None
        launcher.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # then it is a leftover, see below
            launcher.wait(self._patience_s)
        if self._home and not processes.stop_leftovers(self._home.data, self._patience_s):
            left = processes.of_cluster(self._home.data)
            raise ServerError(f"PostgreSQL processes {left} do not end")
        launcher.wait()


def running_dsn(directory: str | os.PathLike[str]) -> str | None:
    """The DSN of the server that some process runs on ``directory``, or None."""
    home = remembered_home(Path(directory).absolute())
    if home is None or not _ready(home):
        return None
    alive = processes.postmaster_pid(home.data) in processes.of_cluster(home.data)
    return _dsn(home, DATABASE) if alive else None


def _dsn(home: Home, database: str) -> str:
    return make_conninfo(host=str(home.sockets), user=ROLE, dbname=database)


def _initdb(binaries: Path, home: Home, user: ServerUser, *, sync: bool) -> None:
    """Make the cluster beside its place, then move it there: half a cluster is never used."""
    fresh = home.root / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    options = f"-U {ROLE} -E UTF8 --locale=C.UTF-8 --data-checksums -A peer".split()
    options += [] if sync else ["--no-sync"]
    done = user.run([binaries / "initdb", "-D", fresh, *options])
    if done.returncode != 0:
        raise ServerError(explain(f"initdb failed in {home.root}", done.stdout))
    names = dict.fromkeys(["root", user.name])
    mapping = "".join(f'lmax "{name}" {ROLE}\n' for name in names)
    user.write(fresh / "pg_ident.conf", mapping)
    user.write(fresh / "pg_hba.conf", "local all,replication all peer map=lmax\n")
    fresh.rename(home.data)


def _ready(home: Home) -> bool:
    """Whether the postmaster has noted in its pid file that it takes connections."""
    try:
        lines = (home.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _create_database(home: Home) -> None:
    with psycopg.connect(_dsn(home, "postgres"), autocommit=True, connect_timeout=10) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _tail(path: Path) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-12:])
    except OSError as error:
        return str(error)


def explain(what: str, output: str) -> str:
    """One message: what failed, what to do where we know it, and PostgreSQL's own words."""
    advice = next((text for sign, text in _ADVICE.items() if sign in output), None)
    return f"{what}{': ' + advice if advice else ''}\n{output.strip()}"
