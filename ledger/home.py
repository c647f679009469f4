"""Where an embedded cluster lives on disk.

Beside the caller's directory when PostgreSQL's user can get there, else in a directory of
that user's under ``/var/tmp`` (mode 0700). The choice is remembered in ``location.json``.

    DIR/lock            held by the process that runs the server
    DIR/location.json   {"home": ..., "sockets": ...}
    <home>/data         the cluster        <home>/server.log   what PostgreSQL says
    <sockets>           the unix socket, on a path that fits the kernel's 107 bytes
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ledger.account import ServerUser
from ledger.errors import ServerError

SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 107
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")


@dataclass(frozen=True)
class Home:
    """The directories of one cluster."""

    root: Path
    sockets: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    def remove(self) -> None:
        """Delete the cluster and its sockets."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.rmtree(self.sockets, ignore_errors=True)


def remembered_home(directory: Path) -> Home | None:
    """The home noted in ``directory``, or None when there is none that still exists."""
    try:
        noted = json.loads((directory / "location.json").read_text())
        home = Home(Path(noted["home"]), Path(noted["sockets"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ServerError(
            f"{directory / 'location.json'} does not say where the database is ({error!r}): "
            "restore it, or remove it to begin an empty database"
        ) from error
    return home if home.root.is_dir() else None


def open_home(directory: Path, user: ServerUser) -> Home:
    """The home of the cluster of ``directory``; made and remembered when there is none.

    Raises ServerError when it cannot be made or belongs to somebody else.
    """
    try:
        known = remembered_home(directory)
        root = known.root if known else _new_root(directory, user)
        sockets = known.sockets if known else root / "run"
        home = Home(root, _usable_sockets(root, sockets, user))
        _remember(directory, home)
    except OSError as error:
        raise ServerError(f"cannot prepare {directory} for PostgreSQL: {error}") from error
    _refuse_other_owner(home.root, user)
    return home


def _new_root(directory: Path, user: ServerUser) -> Path:
    root = directory / "postgres"
    root.mkdir(mode=0o700, exist_ok=True)
    _give(root, user)
    if user.can_execute(root):
        return root
    root.rmdir()
    return _private_directory("/var/tmp", "lmax-postgres-", user)


def _usable_sockets(root: Path, wanted: Path, user: ServerUser) -> Path:
    """``wanted``, or a short private directory when its path is too long or too odd."""
    length = len(os.fsencode(wanted / SOCKET_NAME))
    if length > _SOCKET_PATH_BYTES or not _PLAIN_PATH.fullmatch(str(wanted)):
        return _private_directory("/tmp", "lmax-pg-", user)
    if not wanted.is_dir():
        if wanted.parent != root:  # a short directory that was cleaned away: take a new name
            return _private_directory("/tmp", "lmax-pg-", user)
        wanted.mkdir(mode=0o700)
        _give(wanted, user)
    _refuse_other_owner(wanted, user)
    return wanted


def _private_directory(parent: str, prefix: str, user: ServerUser) -> Path:
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    _give(path, user)
    return path


def _give(path: Path, user: ServerUser) -> None:
    if user.switch:
        os.chown(path, user.uid, user.gid)


def _refuse_other_owner(path: Path, user: ServerUser) -> None:
    owner = path.lstat().st_uid
    if owner != user.uid:
        raise ServerError(
            f"{path} belongs to user id {owner}, but PostgreSQL would run as {user.name} "
            f"(user id {user.uid}): start as the user who made it, or use another directory"
        )


def _remember(directory: Path, home: Home) -> None:
    text = json.dumps({"home": str(home.root), "sockets": str(home.sockets)}) + "\n"
    path = directory / "location.json"
    if path.exists() and path.read_text() == text:
        return
    fresh = directory / f"location.json.{os.getpid()}"
    fresh.write_text(text)
    fresh.replace(path)
