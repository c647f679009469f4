"""The chain of entries that says what an archive holds, read and checked, and written on."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from journal.archive.entry import (
    BEGIN,
    DELETED,
    FOLDER,
    KEY,
    KEYS,
    NO_HASH,
    SEGMENT,
    SNAPSHOT,
    TAIL,
    BadEntry,
    Entry,
    as_bytes,
    as_text,
    entry_name,
    entry_number,
    parsed,
    written,
)
from journal.archive.errors import AlreadyThere, ArchiveError, ManifestError
from journal.archive.signing import Signer, is_signed
from journal.archive.store import Held, Store, now

TAKES_OVER = b"takes over "
"""What a new key signs, with the hash of the entry before its own."""

READERS = 8
"""Entries are small objects: a store far away answers several at a time."""


@dataclass(frozen=True)
class Checkpoint:
    """Up to where a manifest was known at some time, to be kept elsewhere: `NUMBER:HASH`."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def checkpoint_of(text: str) -> Checkpoint:
    """What `Checkpoint` prints. ValueError if it is none."""
    number, _, digits = text.strip().partition(":")
    if not (number.isdigit() and len(bytes.fromhex(digits)) == 32):
        raise ValueError(f"{text!r} is not NUMBER:HASH")
    return Checkpoint(int(number), digits)


@dataclass
class Manifest:
    """All entries of an archive, checked.

    covered: entries that somebody wrote or deleted over; public: the key that is trusted, None: no
    signature is checked; signing: all keys that signed, the present one last.
    """

    store: Store
    entries: list[Entry] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    covered: list[str] = field(default_factory=list)
    public: bytes | None = None
    signing: list[bytes] = field(default_factory=list)

    @property
    def cluster(self) -> str:
        return self.entries[0].cluster if self.entries else ""

    @property
    def checkpoint(self) -> Checkpoint:
        """Number and hash of the last entry: kept elsewhere, it proves that nothing was cut."""
        return Checkpoint(len(self.entries), self.hashes[-1] if self.hashes else NO_HASH)

    def check(self, kept: Checkpoint) -> None:
        """That this manifest still has what it had then. ManifestError if it was cut or rewritten.

        kept: from elsewhere.
        """
        if kept.number > len(self.entries):
            raise ManifestError(
                self.store.where,
                len(self.entries) + 1,
                f"is missing: the manifest was cut; a checkpoint knows entry {kept.number}",
            )
        if kept.number and self.hashes[kept.number - 1] != kept.hash:
            raise ManifestError(
                self.store.where, kept.number, "has another hash than the checkpoint that was kept"
            )

    def gone(self) -> dict[tuple[str, str], Entry]:
        """What was deleted as the policy allows: by name and version."""
        return {(e.name, e.version): e for e in self.entries if e.kind == DELETED}

    def objects(self, *kinds: str) -> list[Entry]:
        """Entries of what is archived and was not deleted, in order; of these kinds or all."""
        gone = self.gone()
        wanted = kinds or (SEGMENT, TAIL, SNAPSHOT, KEYS)
        return [e for e in self.entries if e.kind in wanted and (e.name, e.version) not in gone]

    def segments(self) -> dict[int, Entry]:
        """The full segments that are archived, by number."""
        return {e.segment: e for e in self.objects(SEGMENT)}

    def add(self, entry: Entry, signer: Signer) -> Entry:
        """Sign it as the next one and write it; number, hash before, cluster and time are set."""
        if self.signing and signer.public != self.signing[-1]:
            raise ArchiveError(
                f"{self.store.where}: the manifest is signed with another key; name that one"
            )
        entry = replace(
            entry,
            number=len(self.entries) + 1,
            previous=self.checkpoint.hash,
            cluster=self.cluster or entry.cluster,
            archived=as_text(now()),
        )
        data, digest = written(entry, signer)
        with tempfile.NamedTemporaryFile(prefix="lmax-entry-") as file:
            file.write(data)
            file.flush()
            try:
                self.store.put(entry_name(entry.number), Path(file.name), entry.until)
            except AlreadyThere:
                raise ArchiveError(
                    f"{self.store.where}: somebody else wrote entry {entry.number} at the same"
                    " time; run it again when the other is done"
                ) from None
        self._take(entry, digest)
        return entry

    def _take(self, entry: Entry, digest: str) -> None:
        self.entries.append(entry)
        self.hashes.append(digest)
        if entry.kind in (BEGIN, KEY):
            self.signing.append(bytes.fromhex(entry.key))

    def read(self, held: dict[str, Held]) -> None:
        """Take all entries that the store lists; ManifestError names the first that is bad."""
        numbers = {name: entry_number(name) for name in held}
        for name, number in numbers.items():
            if number is None:
                raise ManifestError(self.store.where, 0, f"was inserted: {name} is no entry")
        names = sorted(held)
        with ThreadPoolExecutor(READERS, "manifest") as pool:
            answers: Iterator[bytes] = pool.map(lambda n: fetched(self.store, held[n]), names)
            for place, (name, data) in enumerate(zip(names, answers, strict=True), 1):
                if numbers[name] != place:
                    raise self._bad(place, "is missing: it was deleted")
                self._read(place, data)
                if held[name].covered:
                    self.covered.append(f"{name}: covered by {held[name].covered}")
        if self.entries and self.public is not None and self.public not in self.signing:
            raise self._bad(1, "was not written by this key, nor does this key vouch for it")

    def _read(self, place: int, data: bytes) -> None:
        try:
            entry, digest = parsed(data, self._key_of(place, data))
            if entry.kind == KEY and self.public is not None:
                check_taken_over(entry)
        except BadEntry as error:
            raise self._bad(place, str(error)) from None
        if entry.number != place:
            raise self._bad(
                place, f"holds entry {entry.number}: entries were inserted or reordered"
            )
        if entry.previous != self.checkpoint.hash:
            raise self._bad(place, f"does not go on from entry {place - 1} by its hash")
        if (place == 1) != (entry.kind == BEGIN) or entry.cluster != (
            self.cluster or entry.cluster
        ):
            raise self._bad(place, "belongs to another archive")
        self._take(entry, digest)

    def _key_of(self, place: int, data: bytes) -> bytes | None:
        """Whose signature an entry must have: the first one names it itself."""
        if self.public is None:
            return None
        if place > 1:
            return self.signing[-1]
        first, _ = parsed(data, None)
        return as_bytes(first.key.encode())

    def _bad(self, number: int, what: str) -> ManifestError:
        return ManifestError(self.store.where, number, what)


def load(store: Store, public: bytes | None = None, kept: Checkpoint | None = None) -> Manifest:
    """The manifest of an archive, every entry checked; empty where there is none yet.

    public: the first key that signed, or one that took over; None checks the chain of hashes only.
    kept: a checkpoint from elsewhere. Raises ManifestError, ArchiveError.
    """
    manifest = Manifest(store, public=public)
    manifest.read(store.list(FOLDER))
    if kept:
        manifest.check(kept)
    return manifest


def begin(store: Store, signer: Signer, cluster: bytes, retain_until: str) -> Manifest:
    """A new manifest with its first entry, which names the journal and the key."""
    manifest = Manifest(store, public=signer.public)
    first = Entry(
        0, BEGIN, "", cluster.hex(), "", retain_until=retain_until, key=signer.public.hex()
    )
    manifest.add(first, signer)
    return manifest


def change_key(manifest: Manifest, old: Signer, new: Signer, retain_until: str) -> Entry:
    """From the next entry on the new key signs. The old one vouches for it, and it for the past.

    So who trusts either of them can check everything.
    """
    taken = new.sign(TAKES_OVER + manifest.checkpoint.hash.encode())
    entry = Entry(
        *(0, KEY, "", "", ""), retain_until=retain_until, key=new.public.hex(), reason=taken.hex()
    )
    return manifest.add(entry, old)


def check_taken_over(entry: Entry) -> None:
    """That the new key has signed what came before it. BadEntry if not."""
    key, taken = as_bytes(entry.key.encode()), as_bytes(entry.reason.encode())
    if not is_signed(key, TAKES_OVER + entry.previous.encode(), taken):
        raise BadEntry("names a key that does not vouch for what came before")


def fetched(store: Store, held: Held) -> bytes:
    """The bytes of a small object."""
    into = io.BytesIO()
    store.get(held.name, held.version, into)
    return into.getvalue()
