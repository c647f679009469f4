"""One file into an archive: compressed, written once, read back, and only then recorded."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from journal.archive.entry import KEYS, TAIL, Entry, as_text
from journal.archive.errors import AlreadyThere, ArchiveError
from journal.archive.manifest import Manifest
from journal.archive.packing import Packed, pack, unpack
from journal.archive.segments import check_chain, fetch
from journal.archive.signing import Signer
from journal.archive.store import Held, Store, now
from journal.folder import RealFolder
from journal.keys import Keys

OBJECTS = "objects/"
ATTEMPTS = 9
"""Names tried for one object: one is spent when a write that broke off left other bytes there."""


@dataclass(frozen=True)
class Found:
    """A file to be archived: its first `entry.bytes` bytes."""

    path: Path
    entry: Entry


def later(retention: timedelta) -> str:
    """Until when what is written now must be kept."""
    return as_text(now() + retention)


def upload(
    manifest: Manifest, signer: Signer, found: Found, retention: timedelta, keys: Keys | None
) -> Entry:
    """Archive a file. ArchiveError when what was written does not read back as it should."""
    store, entry = manifest.store, found.entry
    with tempfile.TemporaryDirectory(prefix="lmax-archive-") as folder:
        packed = Path(folder, "packed")
        sizes = pack(found.path, entry.bytes, packed)
        entry = replace(entry, retain_until=later(retention))
        held, sizes = put_once(store, entry, packed, sizes)
        entry = replace(
            entry,
            name=held.name,
            version=held.version,
            sha256=sizes.sha256,
            compressed_bytes=sizes.compressed_bytes,
            compressed_sha256=sizes.compressed_sha256,
        )
        packed.unlink()
        fetch(store, entry, Path(folder, entry.file))
        if entry.segment:
            check_chain(RealFolder(Path(folder)), entry, keys)
    return manifest.add(entry, signer)


def put_once(store: Store, entry: Entry, packed: Path, sizes: Packed) -> tuple[Held, Packed]:
    """Write it under a name that is free, or find it there from a run that broke off."""
    for attempt in range(1, ATTEMPTS + 1):
        name = object_name(entry, sizes, attempt)
        try:
            return store.put(name, packed, entry.until), sizes
        except AlreadyThere:
            held = store.list(name)[name]
            there = look(store, held, packed.with_name("there"), entry.bytes)
            if there and there.sha256 == sizes.sha256 and there.bytes == sizes.bytes:
                return held, there
    raise ArchiveError(
        f"{store.where}/{object_name(entry, sizes, 1)} and other names hold other bytes"
    )


def object_name(entry: Entry, sizes: Packed, attempt: int) -> str:
    """`objects/00000001.segment.zst`; what changes has its last sequence or its hash in it."""
    which = {TAIL: f"-{entry.last}", KEYS: f"-{sizes.sha256[:16]}"}
    file = entry.file + which.get(entry.kind, "")
    return f"{OBJECTS}{file}.zst" if attempt == 1 else f"{OBJECTS}{file}.{attempt}.zst"


def look(store: Store, held: Held, scratch: Path, most: int) -> Packed | None:
    """What an object holds; None if it is nothing that can be unpacked."""
    try:
        with scratch.open("wb") as into:
            store.get(held.name, held.version, into)
        with scratch.with_name("content").open("wb") as target:
            return unpack(scratch, target, most)
    except ArchiveError:
        return None
    finally:
        scratch.unlink(missing_ok=True)
