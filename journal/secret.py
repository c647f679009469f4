"""Where secrets come from: a file, a store that the service manager fills, or a variable.

A place is written `file:PATH`, `credential:NAME` or `env:NAME`. What is found there never gets into
a message; the place does.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from journal.errors import JournalKeyError

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Set by systemd (LoadCredential=) for the service alone."""

MOUNTED = Path("/run/secrets")
"""Where Docker, Podman and Kubernetes are usually told to mount secrets."""

SCHEMES = ("file", "credential", "env")
MOST_BYTES = 1 << 20

_taken: dict[str, str] = {}


def read_secret(place: str) -> str:
    """The text at a place. Raises JournalKeyError."""
    scheme, _, name = place.partition(":")
    if scheme == "file" and name:
        return read_private(Path(name))
    if scheme == "credential" and name:
        return read_credential(name)
    if scheme == "env" and name:
        return take_variable(name)
    # The text itself may be a secret that was given by mistake.
    raise JournalKeyError("a secret is named as file:PATH, credential:NAME or env:NAME")


def read_private(path: Path) -> str:
    """A file that only its owner may read: mode 0600 or less."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise JournalKeyError(f"{path} is no file; name a file that holds the secret")
            if status.st_mode & 0o077:
                raise JournalKeyError(f"{path} can be read by others: chmod 600 {path}")
            return text_of(file.read(MOST_BYTES), str(path))
    except OSError as error:
        raise unreadable(path, error) from None


def read_credential(name: str) -> str:
    """A file of the secret store. Who may read it is the store's affair, so no mode is checked:
    systemd gives access by an ACL, which looks like a group's right, and others mount it for all.
    """
    folder = os.environ.get(CREDENTIALS)
    if name in {".", ".."} or "/" in name or "\0" in name:
        raise JournalKeyError("a credential is named by its name alone, without a folder")
    path = (Path(folder) if folder else MOUNTED) / name
    try:
        return text_of(path.read_bytes()[:MOST_BYTES], str(path))
    except OSError as error:
        where = f"${CREDENTIALS}" if folder else f"{MOUNTED}, for ${CREDENTIALS} is not set"
        raise JournalKeyError(
            f"the credential {name} cannot be read: {error.strerror} in {where}."
            " Let the service manager put it there."
        ) from None


def take_variable(name: str) -> str:
    """A variable, which is then removed, so that no child inherits it; we remember what it said."""
    if name in os.environ:
        _taken[name] = os.environ.pop(name)
    if name not in _taken:
        raise JournalKeyError(f"the variable {name} is not set. Set it, or name another source.")
    return _taken[name]


def text_of(data: bytes, origin: str) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise JournalKeyError(f"{origin} holds other characters than ASCII") from None


def unreadable(path: Path, error: OSError) -> JournalKeyError:
    return JournalKeyError(
        f"{path} cannot be read: {error.strerror}. Name a file that exists and that"
        " this user may read."
    )
