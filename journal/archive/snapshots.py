"""The snapshots of a data folder, as files to be archived: a name, a sequence, bytes."""

from __future__ import annotations

import re
from pathlib import Path

from journal.archive.entry import SNAPSHOT, Entry
from journal.archive.restore import SNAPSHOTS
from journal.archive.upload import Found

NAME = re.compile(r"(\d+)\.snapshot")
"""Whose digits are the sequence of the last command in it; what is half written has other names."""


def snapshots_folder(directory: Path) -> Path:
    """Where the snapshots of a journal's folder are: beside it, in the data folder."""
    return directory.parent / SNAPSHOTS


def snapshots_of(directory: Path) -> list[Found]:
    """All of a journal, oldest first."""
    found = []
    for path in sorted(snapshots_folder(directory).glob("*")):
        if match := NAME.fullmatch(path.name):
            last, size = int(match[1]), path.stat().st_size
            found.append(
                Found(path, Entry(0, SNAPSHOT, "", "", "", file=path.name, last=last, bytes=size))
            )
    return sorted(found, key=lambda snapshot: snapshot.entry.last)


def covered_by_snapshot(directory: Path) -> int:
    """The sequence of the newest snapshot here that was verified by loading it; 0: there is none.

    Until snapshots can be loaded, none is.
    """
    return 0
