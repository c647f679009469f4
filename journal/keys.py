"""Keys of an encrypted journal: from a file or the environment, by number, so that they change.

A key is 32 random bytes. Batches are not encrypted with it but with a segment's own key, which is
derived from it, the journal's name and the segment's random salt: HMAC-SHA-256, a PRF. So the
same key and nonce never meet twice, and a key may serve any number of segments.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path

from journal.errors import JournalError

KEY_BYTES = 32
CONTEXT = b"lmax journal segment"


@dataclass(frozen=True)
class Keys:
    """Keys by number, from 1; `current` encrypts new segments, 0: they are not encrypted."""

    by_number: dict[int, bytes] = field(default_factory=dict, repr=False)
    current: int = 0

    def __post_init__(self) -> None:
        for number, key in self.by_number.items():
            if not 1 <= number < 2**32 or len(key) != KEY_BYTES:
                raise JournalError(f"key {number}: keys are {KEY_BYTES} bytes, numbered from 1")
        if self.current and self.current not in self.by_number:
            raise JournalError(f"there is no key {self.current} to encrypt with")

    def of_segment(self, number: int, cluster: bytes, salt: bytes) -> bytes:
        """The segment's own key; zeros for number 0. JournalError if the key is not here."""
        if number == 0:
            return bytes(KEY_BYTES)
        if number not in self.by_number:
            raise JournalError(
                f"the journal is encrypted with key {number}, which was not given."
                " Name the file that holds it."
            )
        return hmac.digest(self.by_number[number], CONTEXT + cluster + salt, hashlib.sha256)


def parse_keys(text: str, origin: str) -> Keys:
    """Keys from lines of `NUMBER HEX`; the last line's key encrypts. JournalError says what is odd.

    Blank lines, and lines that begin with #, count for nothing.
    """
    found: dict[int, bytes] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.startswith("#"):
            continue
        try:
            number, digits = line.split()
            key = bytes.fromhex(digits)
            if len(key) != KEY_BYTES or int(number) in found:
                raise ValueError
            found[int(number)] = key
        except ValueError:  # the line itself stays out of the message: it may hold a key
            raise JournalError(
                f"{origin}: a line is a number that no other line has, and a key of"
                f" {2 * KEY_BYTES} hexadecimal digits"
            ) from None
    if not found:
        raise JournalError(f"{origin} holds no key")
    return Keys(found, list(found)[-1])


def keys_from_file(path: Path) -> Keys:
    """Keys from a file that only its owner may read. Raises JournalError."""
    try:
        if path.stat().st_mode & 0o077:
            raise JournalError(f"{path} can be read by others: chmod 600 {path}")
        return parse_keys(path.read_text(), str(path))
    except OSError as error:
        raise JournalError(f"the journal's keys cannot be read: {error}") from None


def keys_from_environment(name: str) -> Keys:
    """Keys from a variable, which is then forgotten, so that no child inherits it."""
    text = os.environ.pop(name, None)
    if text is None:
        raise JournalError(f"{name} is not set; it should hold the journal's keys")
    return parse_keys(text, name)
