"""From an archive to a journal's folder again, on this machine or a new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from journal import beginning
from journal.archive.checkpoints import keep
from journal.archive.entry import KEYS, SNAPSHOT, Entry
from journal.archive.errors import ArchiveError
from journal.archive.manifest import Manifest
from journal.archive.packing import hashed
from journal.archive.reading import usable
from journal.archive.segments import check_chain, fetch
from journal.files import lock_folder
from journal.folder import RealFolder
from journal.keys import Keys

PART = ".restore"


@dataclass(frozen=True)
class Restored:
    """Files that are there now; those that were there already; sequence and hash at the end."""

    files: list[str]
    kept: list[str]
    first: int
    last: int
    last_hash: str


def restore(
    manifest: Manifest,
    directory: Path,
    *,
    upto: int | None = None,
    numbers: tuple[int, int] | None = None,
    snapshots: Path | None = None,
    keys: Callable[[], Keys] = Keys,
    told: Callable[[str], None] = lambda name: None,
) -> Restored:
    """Write the archived segments into a journal's folder, and snapshots into theirs.

    upto: no segment that begins after that command; numbers: these segments only, first and last;
    with either, later ones too that leave out a command of these (journal.skips);
    keys: called when the file of wrapped keys is back. What is there already with the same bytes
    is left; with others it is refused. A run that broke off is taken up by the next. Raises
    ArchiveError, JournalLocked.
    """
    entries = chosen(manifest, upto, numbers)
    directory.mkdir(parents=True, exist_ok=True)
    lock = lock_folder(directory)
    files: list[str] = []
    kept: list[str] = []
    try:
        check_line(manifest, entries)
        for entry in manifest.objects(KEYS)[-1:]:
            put_back(manifest, entry, directory, None)
        known = keys()
        if (first := entries[0]).segment > 1:
            before = bytes.fromhex(first.chain)
            beginning.note(RealFolder(directory), first.segment, first.first - 1, before)
        for entry in entries:
            fresh = put_back(manifest, entry, directory, known)
            (files if fresh else kept).append(entry.file)
            told(entry.file)
        for entry in manifest.objects(SNAPSHOT) if snapshots else []:
            if snapshots and entry.last <= entries[-1].last:
                snapshots.mkdir(parents=True, exist_ok=True)
                fresh = put_back(manifest, entry, snapshots, None)
                (files if fresh else kept).append(entry.file)
        keep(directory, manifest.store.where, manifest.checkpoint)
    finally:
        os.close(lock)
    end = entries[-1]
    return Restored(files, kept, entries[0].first, end.last, end.last_hash)


def chosen(manifest: Manifest, upto: int | None, numbers: tuple[int, int] | None) -> list[Entry]:
    """The segments that are wanted, in order; ArchiveError if the archive has not all of them."""
    found = usable(manifest, with_tail=True)
    if numbers:
        first, last = numbers
        missing = [n for n in range(first, last + 1) if n not in found]
        if missing:
            raise ArchiveError(f"{manifest.store.where} does not hold segment {missing[0]}")
        return with_skips([found[n] for n in range(first, last + 1)], found)
    entries = [e for e in found.values() if upto is None or e.first <= upto]
    if not entries:
        raise ArchiveError(f"{manifest.store.where} holds no segment that was asked for")
    if upto is not None and entries[-1].last < upto:
        raise ArchiveError(
            f"{manifest.store.where} ends with command {entries[-1].last}, before {upto}"
        )
    return with_skips(entries, found)


def with_skips(entries: list[Entry], found: dict[int, Entry]) -> list[Entry]:
    """And those up to the last one that leaves out a command of theirs: it was never applied."""
    while True:
        first, end = entries[0], entries[-1]
        saying = [
            n for n, e in found.items() if n > end.segment and first.first <= e.skips <= end.last
        ]
        if not saying:
            return entries
        more = range(end.segment + 1, max(saying) + 1)
        entries = entries + [found[n] for n in more if n in found]


def check_line(manifest: Manifest, entries: list[Entry]) -> None:
    """That each goes on where the one before ends, by sequence and hash."""
    for before, entry in pairwise(entries):
        if (before.last + 1, before.last_hash) != (entry.first, entry.chain):
            raise ArchiveError(
                f"{manifest.store.where}: segment {entry.segment} does not go on from segment"
                f" {before.segment}: what lies between was deleted, or never archived"
            )


def put_back(manifest: Manifest, entry: Entry, directory: Path, keys: Keys | None) -> bool:
    """One file, whole or not at all; False if it is there already."""
    target = directory / entry.file
    if target.exists():
        if hashed(target, entry.bytes) != entry.sha256:
            raise ArchiveError(
                f"{target} is there with other bytes. Name an empty folder, or repair this one:"
                " `lmax journal repair`."
            )
        return False
    scratch = directory / f".{entry.file}{PART}"
    scratch.mkdir(exist_ok=True)
    try:
        fetch(manifest.store, entry, scratch / entry.file)
        if entry.segment:
            check_chain(RealFolder(scratch), entry, keys)
        os.rename(scratch / entry.file, target)
        RealFolder(directory).sync()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return True
