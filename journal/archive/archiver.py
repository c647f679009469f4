"""Putting full segments and snapshots into an archive, each verified before it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from journal import key_wrapped
from journal.archive.checkpoints import keep, kept_for
from journal.archive.entry import KEYS, SEGMENT, TAIL, Entry
from journal.archive.errors import ArchiveError
from journal.archive.manifest import Checkpoint, Manifest, begin, load
from journal.archive.packing import hashed
from journal.archive.segments import described, scanned
from journal.archive.signing import Signer
from journal.archive.store import Store
from journal.archive.upload import Found, later, upload
from journal.errors import JournalError
from journal.folder import RealFolder
from journal.keys import Keys
from journal.reader import read_header, segment_name, segment_numbers
from journal.schema import SegmentFields
from journal.verify import ends_clean

YEARS = 7
RETENTION = timedelta(days=round(365.2425 * YEARS) + 1)


@dataclass(frozen=True)
class Archived:
    """What was added, the checkpoint to keep elsewhere, and what others did to the store."""

    added: list[Entry]
    checkpoint: Checkpoint
    covered: list[str]


@dataclass
class Archiver:
    """Archives one journal to one store. Raises ArchiveError, ManifestError, JournalError.

    directory: the journal's folder, which may be in use; retention: how long what is written now
    must be kept; told: called for each new entry. A run that broke off is taken up by the next.
    """

    directory: Path
    store: Store
    signer: Signer
    keys: Keys | None = None
    retention: timedelta = RETENTION
    told: Callable[[Entry], None] = lambda entry: None
    manifest: Manifest = field(init=False)
    added: list[Entry] = field(init=False, default_factory=list)

    def run(
        self,
        *,
        tail: bool = False,
        snapshots: Callable[[bytes], list[Found]] = lambda cluster: [],
        kept: Checkpoint | None = None,
    ) -> Archived:
        """Everything that is not archived yet.

        tail: also what the segment in use holds by now; snapshots: gives those of the journal with
        that name; kept: a checkpoint of the manifest, besides the one in the journal's folder.
        """
        self.store.check()
        self.manifest = load(self.store, self.signer.public, kept)
        if known := kept_for(self.directory, self.store.where):
            self.manifest.check(known)
        for number, kind in self._wanted(tail):
            self._segment(number, kind)
        if self.manifest.entries and (self.directory / key_wrapped.NAME).exists():
            self._wrapped_keys()
        if self.manifest.entries:
            for found in snapshots(bytes.fromhex(self.manifest.cluster)):
                self._snapshot(found)
            keep(self.directory, self.store.where, self.manifest.checkpoint)
        return Archived(self.added, self.manifest.checkpoint, self.manifest.covered)

    def _wanted(self, tail: bool) -> Iterator[tuple[int, str]]:
        """Numbers of full segments; those that are archived are compared by their headers.

        What leaves out an earlier command is not waited for until it is full.
        """
        used = {
            number: header
            for number in segment_numbers(self.directory)
            if isinstance(header := read_header(self.directory, segment_name(number)), dict)
        }
        archived = self.manifest.segments()
        for number, header in used.items():
            if entry := archived.get(number):
                check_same(self.directory / segment_name(number), header, entry)
            elif number + 1 in used:
                yield number, SEGMENT
            elif tail or (header["skips"] and not self._has_tail(number)):
                yield number, TAIL

    def _has_tail(self, number: int) -> bool:
        return any(entry.segment == number for entry in self.manifest.objects(TAIL))

    def _segment(self, number: int, kind: str) -> None:
        folder = RealFolder(self.directory)
        path = self.directory / segment_name(number)
        scan = scanned(folder, number, self.keys)
        if scan is None or (kind == SEGMENT and not ends_clean(folder, scan)):
            what = scan.wrong if scan else "no header"
            raise JournalError(
                f"{path} is not whole ({what or 'bytes behind its last batch'});"
                " `lmax journal verify` tells more. It is not archived."
            )
        entry = described(folder, scan, kind)
        if not scan.batches or self._has(entry):
            return
        self._check_follows(path, entry)
        if not self.manifest.entries:
            until = later(self.retention)
            cluster = scan.header["cluster"]
            self.manifest = begin(self.store, self.signer, cluster, until)
        if entry.cluster != self.manifest.cluster:
            raise ArchiveError(
                f"{self.store.where} is the archive of journal {self.manifest.cluster}, not of"
                f" {entry.cluster}; use another folder or prefix"
            )
        self._add(Found(path, entry))

    def _wrapped_keys(self) -> None:
        """Without them nobody reads the archive any more; each version of the file is kept."""
        path = self.directory / key_wrapped.NAME
        size = path.stat().st_size
        digest = hashed(path, size)
        if digest not in {e.sha256 for e in self.manifest.objects(KEYS)}:
            self._add(Found(path, Entry(0, KEYS, "", "", "", file=path.name, bytes=size)))

    def _snapshot(self, found: Found) -> None:
        """Only of a state that the archived segments lead to."""
        reached = max((e.last for e in self.manifest.objects(SEGMENT, TAIL)), default=0)
        if found.entry.last <= reached and not self._has(found.entry):
            self._add(found)

    def _has(self, entry: Entry) -> bool:
        return any(
            (e.file, e.last) == (entry.file, entry.last) for e in self.manifest.objects(entry.kind)
        )

    def _add(self, found: Found) -> None:
        entry = upload(self.manifest, self.signer, found, self.retention, self.keys)
        self.added.append(entry)
        self.told(entry)

    def _check_follows(self, path: Path, entry: Entry) -> None:
        """That it goes on where the archive ends; the first one begins the journal."""
        before = self.manifest.segments().get(entry.segment - 1)
        if before is None and entry.segment != 1:
            raise ArchiveError(
                f"{path} cannot be archived: {self.store.where} does not hold segment"
                f" {entry.segment - 1}"
            )
        if before and (before.last + 1, before.last_hash) != (entry.first, entry.chain):
            raise ArchiveError(
                f"{path} does not go on from segment {before.segment} in {self.store.where} by"
                " sequence and hash: another journal, or another history"
            )


def check_same(path: Path, header: SegmentFields, entry: Entry) -> None:
    """That the archive's segment is this one."""
    here = (header["cluster"].hex(), header["first_sequence"], header["previous"].hex())
    if here != (entry.cluster, entry.first, entry.chain):
        raise ArchiveError(
            f"{path} is not the segment that manifest entry {entry.number} has: another journal,"
            " or another history"
        )
