"""Segments of an archive as files again: fetched, unpacked, and compared with the manifest."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from journal.archive.entry import KEYS, Entry
from journal.archive.errors import ArchiveError
from journal.archive.manifest import Manifest
from journal.archive.packing import Packed, unpack
from journal.archive.store import Store
from journal.folder import ReadFolder, read_all
from journal.keys import Keys
from journal.reader import BLOCK_BYTES, read_header, segment_name
from journal.schema import BATCH
from journal.verify import SegmentScan, scan_segment


def packed_of(entry: Entry) -> Packed:
    """What the manifest says of an object's sizes and hashes."""
    return Packed(entry.bytes, entry.sha256, entry.compressed_bytes, entry.compressed_sha256)


def fetch(store: Store, entry: Entry, target: Path) -> None:
    """An archived object as a new file, synced. ArchiveError if it is not what the manifest says.

    A segment gets its full length, with zeros behind its last batch.
    """
    packed = target.with_name(target.name + ".zst")
    try:
        with packed.open("wb") as into:
            store.get(entry.name, entry.version, into)
        with target.open("wb") as file:
            try:
                found = unpack(packed, file, entry.bytes)
            except ArchiveError as error:
                raise ArchiveError(f"{store.where}/{entry.name}: {error}") from None
            if found != packed_of(entry):
                raise ArchiveError(
                    f"{store.where}/{entry.name} is not what manifest entry {entry.number} says:"
                    " its hash differs"
                )
            if entry.segment:
                file.truncate(entry.segment_bytes)
            file.flush()
            os.fsync(file.fileno())
    finally:
        packed.unlink(missing_ok=True)


def first_hash(folder: ReadFolder, number: int) -> bytes:
    """Hash of the first batch of a segment that was scanned."""
    header = read_all(folder, segment_name(number), BLOCK_BYTES, BATCH.itemsize).view(BATCH)[0]
    return np.asarray(header["hash"]).tobytes()


def described(folder: ReadFolder, scan: SegmentScan, kind: str) -> Entry:
    """An entry that says what a scanned segment holds; name, sizes and hashes are still open."""
    header = scan.header
    return Entry(
        0,
        kind,
        "",
        header["cluster"].hex(),
        "",
        file=segment_name(scan.number),
        segment=scan.number,
        segment_bytes=header["segment_bytes"],
        first=header["first_sequence"],
        last=scan.last,
        generation=header["generation"],
        epoch=scan.epoch,
        chain=header["previous"].hex(),
        first_hash=first_hash(folder, scan.number).hex() if scan.batches else "",
        last_hash=scan.hash.hex(),
        skips=header["skips"],
        bytes=scan.bytes,
    )


def scanned(folder: ReadFolder, number: int, keys: Keys | None) -> SegmentScan | None:
    """A segment checked with hashes; one that no key was given for, by checksums and links."""
    name = segment_name(number)
    header = read_header(folder, name) if folder.exists(name) else None
    open_to_us = isinstance(header, dict) and (not header["key"] or bool(keys and keys.by_number))
    return scan_segment(folder, number, hashes=open_to_us, keys=keys if open_to_us else None)


def check_chain(folder: ReadFolder, entry: Entry, keys: Keys | None) -> None:
    """That a fetched segment's own chain leads where the manifest says. ArchiveError if not."""
    scan = scanned(folder, entry.segment, keys)
    if scan is None or scan.wrong:
        raise ArchiveError(f"{entry.name}: {scan.wrong if scan else 'no segment'}")
    found = described(folder, scan, entry.kind)
    for name in (
        *("cluster", "segment_bytes", "first", "last", "generation", "epoch"),
        *("chain", "first_hash", "last_hash", "skips", "bytes"),
    ):
        if getattr(found, name) != getattr(entry, name):
            raise ArchiveError(
                f"{entry.name}: {name} is {getattr(found, name)}, not {getattr(entry, name)} as"
                f" manifest entry {entry.number} says"
            )


def fetch_keys(manifest: Manifest, directory: Path) -> None:
    """Write the newest file of wrapped keys, if there is one, to where keys are looked for."""
    for entry in manifest.objects(KEYS)[-1:]:
        fetch(manifest.store, entry, directory / entry.file)
