"""The operating-system user that runs PostgreSQL: ourselves, or another one when we are root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.errors import ServerError

FALLBACK_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class ServerUser:
    """Who runs the server. ``switch`` is true when our processes must change to that user."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments for ``subprocess`` that start a child as this user.

        The child works in ``/``: the user may be unable to enter our own directory.
        """
        options: dict[str, Any] = {"cwd": "/", "env": _environment(self), "umask": 0o077}
        if self.switch:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run ``command`` to its end as this user and catch what it prints."""
        return subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,  # Ctrl-C in the terminal is for us to answer
            **self.popen_options(),
        )

    def write(self, path: Path, text: str) -> None:
        """Write a small file as this user: root follows no link in a directory of another's."""
        done = self.run(["/bin/sh", "-c", 'printf %s "$1" >"$2"', "sh", text, path])
        if done.returncode != 0:
            raise ServerError(f"cannot write {path}: {done.stdout.strip()}")

    def can_execute(self, path: Path) -> bool:
        """Whether this user can reach and execute ``path`` (enter it, if it is a directory).

        The kernel is asked, by a child that has become the user: it alone knows about
        every directory on the way, access lists and mount options.
        """
        if not self.switch:
            return os.access(path, os.X_OK)
        return self.run(["/bin/sh", "-c", 'test -x "$1"', "sh", path]).returncode == 0


def server_user(name: str | None = None) -> ServerUser:
    """The user to run PostgreSQL as.

    name: only for root, who may choose; by default the first of ``FALLBACK_USERS`` there is.
    Raises ServerError when that user does not exist or is root.
    """
    uid = os.geteuid()
    if uid != 0:
        return _ourselves(uid)
    for candidate in (name,) if name else FALLBACK_USERS:
        try:
            entry = pwd.getpwnam(candidate)
        except KeyError:
            continue
        if entry.pw_uid == 0:
            raise ServerError("PostgreSQL refuses to run as root: name another user")
        return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    wanted = name or " or ".join(FALLBACK_USERS)
    raise ServerError(
        f"PostgreSQL refuses to run as root and there is no user {wanted} to run it as: "
        "create one, run as a normal user, or name your own server with --dsn or LMAX_DSN"
    )


def _ourselves(uid: int) -> ServerUser:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise ServerError(
            f"the user id {uid} has no entry in /etc/passwd, which PostgreSQL requires: "
            "add one, or name your own server with --dsn or LMAX_DSN"
        ) from None
    return ServerUser(entry.pw_name, uid, os.getegid(), switch=False)


def _environment(user: ServerUser) -> dict[str, str]:
    """A small environment: no PG* variable and no locale of ours reaches the server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "USER": user.name}
