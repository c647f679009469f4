"""Keys of an encrypted journal, by number, so that they change.

A key is 32 random bytes. Batches are not encrypted with it but with a segment's own key, which is
derived from it, the journal's name and the segment's random salt: HMAC-SHA-256, a PRF. So the
same key and nonce never meet twice, and a key may serve any number of segments.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field

from journal.errors import JournalKeyError

KEY_BYTES = 32
CONTEXT = b"lmax journal segment"
MOST_NUMBER = 2**32 - 1


@dataclass(frozen=True)
class Keys:
    """Keys by number, from 1; `current` encrypts new segments, 0: they are not encrypted.

    origin: where they are from, for messages; no secret.
    """

    by_number: dict[int, bytes] = field(default_factory=dict, repr=False)
    current: int = 0
    origin: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for number, key in self.by_number.items():
            if not 1 <= number <= MOST_NUMBER or len(key) != KEY_BYTES:
                raise JournalKeyError(f"key {number}: keys are {KEY_BYTES} bytes, numbered from 1")
        if self.current and self.current not in self.by_number:
            raise JournalKeyError(f"there is no key {self.current} to encrypt with")

    def of_segment(self, number: int, cluster: bytes, salt: bytes) -> bytes:
        """The segment's own key; zeros for number 0. JournalKeyError if the key is not here."""
        if number == 0:
            return bytes(KEY_BYTES)
        return hmac.digest(self.key(number), CONTEXT + cluster + salt, hashlib.sha256)

    def key(self, number: int) -> bytes:
        """The key of that number. Raises JournalKeyError."""
        if number in self.by_number:
            return self.by_number[number]
        if not self.by_number:
            raise JournalKeyError(
                f"the journal is encrypted with key {number}, and no key was given. Name where it"
                " is: --journal-key SOURCE, or LMAX_JOURNAL_KEY."
            )
        held = ", ".join(map(str, sorted(self.by_number)))
        raise JournalKeyError(
            f"the journal is encrypted with key {number}, but {self.origin or 'what was given'}"
            f" holds only {held}. Name the source that has it."
        )

    def grown(self) -> Keys:
        """The same and one more, with a number that none has had, which encrypts from now on."""
        number = max(self.by_number, default=0) + 1
        return Keys({**self.by_number, number: os.urandom(KEY_BYTES)}, number, self.origin)


def parse_keys(text: str, origin: str) -> Keys:
    """Keys from lines of `NUMBER HEX`; the last line's key encrypts. Says what is odd.

    Blank lines, and lines that begin with #, count for nothing. Raises JournalKeyError.
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
            raise JournalKeyError(
                f"{origin}: a line is a number that no other line has, and a key of"
                f" {2 * KEY_BYTES} hexadecimal digits"
            ) from None
    if not found:
        raise JournalKeyError(f"{origin} holds no key")
    return Keys(found, list(found)[-1], origin)


def key_line(keys: Keys, number: int) -> str:
    """A line that `parse_keys` takes. It is as secret as the key."""
    return f"{number} {keys.key(number).hex()}\n"
