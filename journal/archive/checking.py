"""Whether an archive holds what its manifest says: every entry, every object, every byte."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from journal.archive.entry import Entry
from journal.archive.errors import ArchiveError
from journal.archive.manifest import Manifest
from journal.archive.segments import check_chain, fetch
from journal.archive.store import Held
from journal.archive.upload import OBJECTS
from journal.errors import JournalError
from journal.folder import RealFolder
from journal.keys import Keys


@dataclass
class Report:
    """What was checked. bad: objects that are not what they should be, in the manifest's order.

    covered: what somebody wrote or deleted over (the first version is still there and counts);
    unlisted: objects of no entry, left by a run that broke off, or put there by somebody else.
    """

    objects: int = 0
    bytes: int = 0
    bad: list[str] = field(default_factory=list)
    covered: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)


def check(manifest: Manifest, *, content: bool = True, keys: Keys | None = None) -> Report:
    """Compare a checked manifest with the store.

    content: fetch every object, unpack it, compare its hashes and a segment's own chain; otherwise
    sizes only. keys: of an encrypted journal. Raises ArchiveError when the store cannot be asked.
    """
    report = Report(covered=list(manifest.covered))
    held = manifest.store.list(OBJECTS)
    for entry in manifest.objects():
        report.objects += 1
        report.bytes += entry.compressed_bytes
        wrong = wrong_with(manifest, entry, held.get(entry.name), content, keys)
        if wrong:
            report.bad.append(f"{entry.name} (manifest entry {entry.number}): {wrong}")
    known = {e.name for e in manifest.entries if e.name}
    gone = {name for name, _ in manifest.gone()}
    for name, there in held.items():
        if name not in known:
            report.unlisted.append(name)
        elif there.covered and name not in gone:
            report.covered.append(f"{name}: covered by {there.covered}")
    return report


def wrong_with(
    manifest: Manifest, entry: Entry, held: Held | None, content: bool, keys: Keys | None
) -> str:
    """What is wrong with an object; nothing if it is as it should be."""
    if held is None:
        return "is gone, and no entry says that it was deleted"
    if held.version != entry.version:
        return "the version that was archived is gone"
    if held.bytes != entry.compressed_bytes:
        return f"has {held.bytes} bytes, not {entry.compressed_bytes}"
    if not content:
        return ""
    with tempfile.TemporaryDirectory(prefix="lmax-archive-") as folder:
        try:
            fetch(manifest.store, entry, Path(folder, entry.file))
            if entry.segment:
                check_chain(RealFolder(Path(folder)), entry, keys)
        except (ArchiveError, JournalError) as error:
            return str(error)
    return ""
