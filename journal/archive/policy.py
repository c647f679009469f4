"""What may be deleted, and when: nothing before its date, nothing that is not safe elsewhere.

*Here*: a segment that ends before a verified snapshot, that is in the archive and was fetched and
compared just now, and that is old enough. *In the archive*: what is past its date. A segment in
which a snapshot's last command stands always stays, since that is where reading goes on.
Every deletion is an entry of the manifest, written before it is done.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from journal import beginning
from journal.archive.archiver import RETENTION
from journal.archive.checkpoints import keep, kept_for
from journal.archive.entry import DELETED, PRUNED, SEGMENT, SNAPSHOT, TAIL, Entry
from journal.archive.errors import ArchiveError
from journal.archive.manifest import Manifest
from journal.archive.packing import hashed
from journal.archive.segments import check_chain, fetch
from journal.archive.signing import Signer
from journal.archive.snapshots import check_snapshot
from journal.archive.store import now
from journal.archive.upload import later
from journal.folder import RealFolder
from journal.keys import Keys
from journal.reader import segment_name, segment_numbers

KEEP_HERE = timedelta(days=30)


def prunable(
    manifest: Manifest, directory: Path, covered: int, older_than: timedelta = KEEP_HERE
) -> list[Entry]:
    """Segments of a folder that may go: archived, old enough, and ending before `covered`.

    covered: the sequence of the oldest snapshot that recovery may need, every byte of it checked.
    """
    archived = manifest.segments()
    limit = now() - older_than
    found = []
    for number in segment_numbers(directory):
        entry = archived.get(number)
        if entry is None or entry.last >= covered:
            break
        if datetime.fromisoformat(entry.archived) > limit:
            break
        found.append(entry)
    return found


def prune(
    manifest: Manifest,
    directory: Path,
    signer: Signer,
    covered: int,
    *,
    older_than: timedelta = KEEP_HERE,
    retention: timedelta = RETENTION,
    keys: Keys | None = None,
) -> list[str]:
    """Delete what `prunable` allows, oldest first, after fetching and comparing each; the names.

    The files are removed, not used again for new segments: somebody may be reading them.
    """
    if known := kept_for(directory, manifest.store.where):
        manifest.check(known)
    names = []
    here = RealFolder(directory)
    for entry in prunable(manifest, directory, covered, older_than):
        path = directory / segment_name(entry.segment)
        prove(manifest, entry, path, keys)
        reason = f"archived, and good snapshots stand for every command up to {covered}"
        done = replace(entry, kind=PRUNED, retain_until=later(retention), reason=reason)
        if not any(is_same(e, done) for e in manifest.entries):
            manifest.add(done, signer)
        beginning.note(here, entry.segment + 1, entry.last, bytes.fromhex(entry.last_hash))
        path.unlink()
        here.sync()
        names.append(path.name)
        keep(directory, manifest.store.where, manifest.checkpoint)
    return names


def prove(manifest: Manifest, entry: Entry, path: Path, keys: Keys | None) -> None:
    """That the archive gives back what stands here, byte for byte."""
    with tempfile.TemporaryDirectory(prefix="lmax-archive-") as folder:
        fetch(manifest.store, entry, Path(folder, entry.file))
        check_chain(RealFolder(Path(folder)), entry, keys)
    if hashed(path, entry.bytes) != entry.sha256:
        raise ArchiveError(f"{path} is not what the archive holds; it stays")


def is_same(done: Entry, wanted: Entry) -> bool:
    """Whether that was recorded already, by a run that broke off before the file was gone."""
    same = (done.kind, done.name, done.version) == (wanted.kind, wanted.name, wanted.version)
    return same and done.kind == PRUNED


def expirable(manifest: Manifest, moment: datetime | None = None) -> list[Entry]:
    """Objects of the archive that are past their date, oldest first.

    A segment goes only together with all before it, and only if a snapshot that stays stands for
    it: what is left can always be restored and replayed.
    """
    moment = moment or datetime.now(UTC)
    covered = max((e.last for e in manifest.objects(SNAPSHOT) if e.until > moment), default=0)
    found = []
    objects = manifest.objects(SEGMENT, TAIL, SNAPSHOT)
    for entry in sorted(objects, key=lambda e: (e.last, e.number)):
        if entry.until > moment or entry.last >= covered:
            break
        found.append(entry)
    return found


def expire(
    manifest: Manifest,
    signer: Signer,
    *,
    moment: datetime | None = None,
    retention: timedelta = RETENTION,
) -> list[str]:
    """Delete from the archive what `expirable` allows, each recorded first; the names.

    A deletion that was recorded and then broke off is done again.
    """
    names = []
    held = manifest.store.list("")
    for name, version in manifest.gone():
        if name in held and held[name].version == version:
            manifest.store.delete(name, version)
            names.append(name)
    gone = expirable(manifest, moment)
    if gone:
        prove_snapshot(manifest, gone)
    for entry in gone:
        reason = f"deleted by policy: to be kept until {entry.retain_until}"
        done = replace(entry, kind=DELETED, retain_until=later(retention), reason=reason)
        manifest.add(done, signer)
        manifest.store.delete(entry.name, entry.version)
        names.append(entry.name)
    return names


def prove_snapshot(manifest: Manifest, gone: list[Entry]) -> None:
    """That the newest snapshot, which stays, is whole and what was archived."""
    newest = max(manifest.objects(SNAPSHOT), key=lambda entry: entry.last)
    if newest in gone:
        raise ArchiveError(f"{newest.name} would go, and nothing stands for what is older")
    check_snapshot(manifest, newest)
