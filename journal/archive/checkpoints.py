"""How far the manifests were known when this journal was archived last, kept beside it.

An archive that is cut looks like an archive that is younger. Who kept its last number and hash
elsewhere can tell; so the journal's folder does, in one file for all its archives.
"""

from __future__ import annotations

import json
from pathlib import Path

from journal.archive.errors import ArchiveError
from journal.archive.manifest import Checkpoint, checkpoint_of
from journal.folder import ReadFolder, RealFolder, read_all

NAME = "archive.checkpoints"


def kept_for(directory: Path, where: str) -> Checkpoint | None:
    """What this journal knows of the archive at `where`; None when it never wrote there."""
    text = _all(directory).get(where)
    try:
        return checkpoint_of(text) if text else None
    except ValueError:
        raise ArchiveError(f"{directory / NAME}: {text!r} is no checkpoint") from None


def archives_of(folder: ReadFolder) -> list[str]:
    """Where this journal was archived to. Raises ArchiveError."""
    if not folder.exists(NAME):
        return []
    return sorted(_parsed(folder.path / NAME, read_all(folder, NAME).tobytes()))


def keep(directory: Path, where: str, checkpoint: Checkpoint) -> None:
    """Remember it, safely."""
    folder = RealFolder(directory)
    known = _all(directory) | {where: str(checkpoint)}
    folder.write_file(f"{NAME}.part", json.dumps(known, indent=1, sort_keys=True).encode())
    folder.rename(f"{NAME}.part", NAME)
    folder.sync()


def _all(directory: Path) -> dict[str, str]:
    try:
        return _parsed(directory / NAME, (directory / NAME).read_bytes())
    except FileNotFoundError:
        return {}


def _parsed(path: Path, text: bytes) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ArchiveError(f"{path} is damaged; take it from a copy, or remove it")
    return found
