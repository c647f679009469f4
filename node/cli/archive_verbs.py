"""What the verbs around archives do."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from journal.archive.archiver import Archiver
from journal.archive.checking import check
from journal.archive.entry import Entry
from journal.archive.errors import ArchiveError
from journal.archive.manifest import Checkpoint, Manifest, change_key, load
from journal.archive.policy import expirable, expire, prunable, prune
from journal.archive.restore import restore
from journal.archive.segments import fetch_keys
from journal.archive.signing import PUBLIC, make_key, private_key, public_key
from journal.archive.snapshots import snapshots_of
from journal.archive.stores import open_store
from journal.archive.upload import later
from journal.key_sources import load_keys
from journal.reader import segment_numbers
from journal.snapshots import SnapshotStore, snapshot_folder
from node.cli.exits import Exit
from node.cli.journal_reading import journal_of
from node.cli.output import print_json, print_table, say
from node.system import journal_folder


def new_key(
    file: Path,
    old: Path | None,
    target: str | None,
    endpoint: str,
    retention: timedelta,
    json: bool,
) -> Exit:
    """`lmax journal archive-key`"""
    if (old is None) != (target is None):
        raise click.UsageError("--instead-of and --archive belong together")
    if old and target:
        before = private_key(old)
        manifest = load(open_store(target, endpoint=endpoint), before.public)
        if not manifest.entries:
            raise ArchiveError(f"{target} holds no archive")
        signer = make_key(file)
        change_key(manifest, before, signer, later(retention))
    else:
        signer = make_key(file)
    public = str(file) + PUBLIC
    show({"key": str(file), "public_key": public, "public": signer.public.hex()}, json)
    return Exit.OK


def archive_journal(
    folder: Path,
    target: str,
    endpoint: str,
    key: Path,
    tail: bool,
    lock_mode: str,
    retention: timedelta,
    kept: Checkpoint | None,
    journal_key: str,
    json: bool,
) -> Exit:
    """`lmax journal archive`"""
    directory = journal_of(folder)
    archiver = Archiver(
        directory,
        open_store(target, endpoint=endpoint, lock_mode=lock_mode.upper()),
        private_key(key),
        load_keys(journal_key, directory),
        retention,
        told=lambda entry: say(_line(entry)),
    )
    done = archiver.run(
        tail=tail, snapshots=lambda cluster: snapshots_of(directory, cluster), kept=kept
    )
    warn(done.covered)
    result = {
        "archived": [entry.name for entry in done.added],
        "bytes": sum(entry.bytes for entry in done.added),
        "compressed_bytes": sum(entry.compressed_bytes for entry in done.added),
        "last_sequence": max((e.last for e in archiver.manifest.objects()), default=0),
        "covered": done.covered,
        "checkpoint": str(done.checkpoint),
    }
    show(result, json)
    return Exit.OK


def _line(entry: Entry) -> str:
    what = f"commands {entry.first:,} to {entry.last:,}, " if entry.segment else ""
    return f"{entry.name}: {what}{entry.bytes:,} bytes as {entry.compressed_bytes:,}, verified"


def check_archive(
    source: str,
    endpoint: str,
    public_key: Path,
    kept: Checkpoint | None,
    quick: bool,
    journal_key: str,
    json: bool,
) -> Exit:
    """`lmax journal verify-archive`"""
    manifest = opened(source, endpoint, public_key, kept)
    with tempfile.TemporaryDirectory(prefix="lmax-keys-") as scratch:
        fetch_keys(manifest, Path(scratch))
        keys = load_keys(journal_key, Path(scratch))
    report = check(manifest, content=not quick, keys=keys)
    warn(report.covered)
    result = {
        "state": "corrupt" if report.bad else "good",
        "entries": len(manifest.entries),
        "objects": report.objects,
        "bytes": report.bytes,
        "last_sequence": max((e.last for e in manifest.objects()), default=0),
        "bad": report.bad,
        "covered": report.covered,
        "unlisted": report.unlisted,
        "checkpoint": str(manifest.checkpoint),
    }
    show(result, json)
    for what in report.bad:
        say(f"lmax: {what}")
    return Exit.ARCHIVE if report.bad else Exit.OK


def restore_journal(
    folder: Path,
    source: str,
    endpoint: str,
    public_key: Path,
    kept: Checkpoint | None,
    upto: int | None,
    numbers: tuple[int, int] | None,
    journal_key: str,
    json: bool,
) -> Exit:
    """`lmax journal restore`"""
    if upto and numbers:
        raise click.UsageError("--upto and --segments exclude each other")
    directory = journal_folder(folder)
    manifest = opened(source, endpoint, public_key, kept)
    done = restore(
        manifest,
        directory,
        upto=upto,
        numbers=numbers,
        snapshots=snapshot_folder(directory),
        keys=lambda: load_keys(journal_key, directory),
        told=lambda name: say(f"{name}: restored"),
    )
    result = {
        "restored": done.files,
        "kept": done.kept,
        "first_sequence": done.first,
        "last_sequence": done.last,
        "last_hash": done.last_hash,
        "checkpoint": str(manifest.checkpoint),
    }
    show(result, json)
    return Exit.OK


def prune_journal(
    folder: Path,
    target: str,
    endpoint: str,
    key: Path,
    older_than: timedelta,
    snapshots: int,
    seen: tuple[int, ...],
    dry_run: bool,
    journal_key: str,
    json: bool,
) -> Exit:
    """`lmax journal prune`"""
    directory = journal_of(folder)
    signer = private_key(key)
    store = open_store(target, endpoint=endpoint)
    manifest = load(store, signer.public)
    keys = load_keys(journal_key, directory)
    needed = SnapshotStore.of(directory, keys).first_needed(
        bytes.fromhex(manifest.cluster), keep=snapshots, seen=seen
    )
    covered = needed - 1
    if dry_run:
        names = [entry.file for entry in prunable(manifest, directory, covered, older_than)]
    else:
        names = prune(manifest, directory, signer, covered, older_than=older_than, keys=keys)
    left = len(segment_numbers(directory)) - (len(names) if dry_run else 0)
    result = {
        "deleted": names,
        "dry_run": dry_run,
        "left": left,
        "snapshot_sequence": covered,
        "checkpoint": str(manifest.checkpoint),
    }
    show(result, json)
    return Exit.OK


def expire_archive(
    target: str, endpoint: str, key: Path, retention: timedelta, dry_run: bool, json: bool
) -> Exit:
    """`lmax journal expire`"""
    signer = private_key(key)
    manifest = load(open_store(target, endpoint=endpoint), signer.public)
    if dry_run:
        names = [entry.name for entry in expirable(manifest)]
    else:
        names = expire(manifest, signer, retention=retention)
    result = {"deleted": names, "dry_run": dry_run, "checkpoint": str(manifest.checkpoint)}
    show(result, json)
    return Exit.OK


def opened(source: str, endpoint: str, public: Path | None, kept: Checkpoint | None) -> Manifest:
    """The manifest of an archive that is there. ArchiveError if there is none."""
    key = public_key(public) if public else None
    manifest = load(open_store(source, endpoint=endpoint), key, kept)
    if not manifest.entries:
        raise ArchiveError(f"{source} holds no archive. Name where `lmax journal archive` wrote.")
    return manifest


def warn(covered: list[str]) -> None:
    """What somebody did to the store, which does not count, but should be known."""
    for what in covered:
        say(f"lmax: {what}; the first version is still there and counts")


def show(result: dict[str, Any], as_json: bool) -> None:
    """A result as JSON or as a table."""
    if as_json:
        print_json(result)
        return
    print_table([(name.replace("_", " "), _text(value)) for name, value in result.items()])


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
