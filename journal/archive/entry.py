"""One entry of the manifest: what it says, and its bytes.

An entry is an object of its own, `manifest/00000001.json` and so on, since what is written once
cannot grow. Two lines: the entry as JSON, and its signature. Signed and hashed are the bytes of
the first line as they stand, so nothing depends on how JSON is written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from journal.archive.signing import Signer, is_signed

FORMAT = 1
FOLDER = "manifest/"
ENDING = ".json"

BEGIN = "begin"
SEGMENT = "segment"
TAIL = "tail"
SNAPSHOT = "snapshot"
KEYS = "keys"
PRUNED = "pruned"
DELETED = "deleted"
KEY = "key"
KINDS = (BEGIN, SEGMENT, TAIL, SNAPSHOT, KEYS, PRUNED, DELETED, KEY)
NO_HASH = "0" * 64


class BadEntry(Exception):
    """What is wrong with the bytes of an entry."""


@dataclass(frozen=True)
class Entry:
    """What was archived, or done. Hashes are SHA-256 in hex; times are UTC as ISO 8601.

    kind: `begin` (the first; `cluster` and `key` are those of the archive), `segment`, `tail` (the
    part of a segment that was written so far), `snapshot`, `keys` (the journal's keys, wrapped by
    a token's), `pruned` (a segment was deleted where it was written), `deleted` (an object was
    deleted here, as the policy allows), `key` (from the next entry on another key signs).
    previous: hash of the entry before. name, version: of the object; file: what it was. first,
    last: sequences; first_hash, last_hash: of the first and last batch, chain: of the batch before
    the first; skips: an earlier command that its segment leaves out (journal.skips). bytes, sha256:
    of the content, without what a segment's file holds behind its last batch.
    """

    number: int
    kind: str
    previous: str
    cluster: str
    archived: str
    retain_until: str = ""
    name: str = ""
    version: str = ""
    file: str = ""
    segment: int = 0
    segment_bytes: int = 0
    first: int = 0
    last: int = 0
    generation: int = 0
    epoch: int = 0
    chain: str = ""
    first_hash: str = ""
    last_hash: str = ""
    skips: int = 0
    bytes: int = 0
    sha256: str = ""
    compressed_bytes: int = 0
    compressed_sha256: str = ""
    key: str = ""
    reason: str = ""
    format: int = FORMAT

    @property
    def until(self) -> datetime:
        """Before this nothing of it may be deleted."""
        return datetime.fromisoformat(self.retain_until)


TYPES = {field.name: str if field.type == "str" else int for field in fields(Entry)}


def entry_name(number: int) -> str:
    """Of the object that holds the entry."""
    return f"{FOLDER}{number:08d}{ENDING}"


def entry_number(name: str) -> int | None:
    """Of which entry that is the object; None if of none."""
    stem = name.removeprefix(FOLDER).removesuffix(ENDING)
    number = int(stem) if stem.isascii() and stem.isdigit() else 0
    return number if number and entry_name(number) == name else None


def written(entry: Entry, signer: Signer) -> tuple[bytes, str]:
    """The entry's bytes, and its hash."""
    body = json.dumps(asdict(entry), sort_keys=True, separators=(",", ":")).encode()
    return body + b"\n" + signer.sign(body).hex().encode() + b"\n", hash_of(body)


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def parsed(data: bytes, public: bytes | None) -> tuple[Entry, str]:
    """An entry and its hash. public: the key that must have signed it; None: nobody is asked.

    BadEntry says what is wrong.
    """
    lines = data.split(b"\n")
    if len(lines) != 3 or lines[2]:
        raise BadEntry("was edited: it is not two lines")
    body, signature = lines[:2]
    if public is not None and not is_signed(public, body, as_bytes(signature)):
        raise BadEntry("was edited or not written by this key: its signature does not fit")
    try:
        values = json.loads(body)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise BadEntry("was edited: it is no JSON object")
    if values.get("format") != FORMAT:
        raise BadEntry(f"has format {values.get('format')!r}, not {FORMAT}: use a newer version")
    if {name: type(value) for name, value in values.items()} != TYPES:
        raise BadEntry("was edited: it has not the fields of an entry")
    if values["kind"] not in KINDS:
        raise BadEntry(f"is of kind {values['kind']!r}: use a newer version")
    if "/" in values["file"] or values["file"].startswith("."):
        raise BadEntry("was edited: its file is no plain name")
    return Entry(**values), hash_of(body)


def as_bytes(digits: bytes) -> bytes:
    """Hexadecimal digits as bytes; nothing if they are none."""
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return b""


def as_text(moment: datetime) -> str:
    """UTC in whole seconds, as entries have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
