"""`keys.wrapped` in a journal's folder: its keys, each encrypted by a key that stays in a token.

It is no secret, and it is part of the journal: whoever copies the journal copies it too, and
without it nobody reads the journal any more. It is replaced as a whole, and never shrinks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from journal.errors import JournalKeyError
from journal.key_token import TokenKey
from journal.keys import MOST_NUMBER, Keys

NAME = "keys.wrapped"
TITLE = "lmax-wrapped-keys 1"
ABOUT = (
    "# The journal's keys, each encrypted by the token's key that is named first. Copy this file\n"
    "# with the journal: without it nobody can read the journal any more.\n"
)


@dataclass(frozen=True)
class Wrapped:
    """The file's content. by: the key in the token, as a URI; keys: number → nonce, encrypted."""

    by: str
    keys: dict[int, tuple[bytes, bytes]]

    @property
    def current(self) -> int:
        """The number of the key that encrypts new segments: the last one."""
        return list(self.keys)[-1]


def purpose(number: int) -> bytes:
    """Bound to what is encrypted, so that no key is taken for another."""
    return b"lmax journal key %d" % number


def wrap_all(token: TokenKey, by: str, keys: Keys) -> Wrapped:
    """Encrypt keys, the current one last. Raises JournalKeyError."""
    numbers = sorted(keys.by_number, key=lambda number: (number == keys.current, number))
    return Wrapped(by, {n: token.wrap(keys.key(n), purpose(n)) for n in numbers})


def unwrap_all(token: TokenKey, wrapped: Wrapped, origin: str) -> Keys:
    """Raises JournalKeyError, which says who has wrapped them."""
    found = {}
    for number, (nonce, data) in wrapped.keys.items():
        try:
            found[number] = token.unwrap(nonce, data, purpose(number))
        except JournalKeyError as error:
            raise JournalKeyError(f"key {number}, wrapped by {wrapped.by}: {error}") from None
    return Keys(found, wrapped.current, origin)


def as_text(wrapped: Wrapped) -> str:
    lines = [f"{n} {nonce.hex()} {data.hex()}\n" for n, (nonce, data) in wrapped.keys.items()]
    return f"{TITLE}\nby {wrapped.by}\n{ABOUT}{''.join(lines)}"


def read(folder: Path) -> Wrapped | None:
    """None if there is no such file. Raises JournalKeyError if it is not whole."""
    path = folder / NAME
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise JournalKeyError(f"{path} cannot be read: {error}") from None
    title, _, rest = text.partition("\n")
    if title != TITLE:
        raise JournalKeyError(f"{path} does not begin with {TITLE!r}: another version wrote it")
    lines = [line for line in rest.splitlines() if line and not line.startswith("#")]
    try:
        by = lines[0].removeprefix("by ")
        keys: dict[int, tuple[bytes, bytes]] = {}
        for line in lines[1:]:
            number, nonce, data = line.split()
            if not 1 <= int(number) <= MOST_NUMBER or int(number) in keys:
                raise ValueError
            keys[int(number)] = bytes.fromhex(nonce), bytes.fromhex(data)
        if not keys or not text.endswith("\n"):
            raise ValueError
    except (IndexError, ValueError):
        raise JournalKeyError(f"{path} is damaged: restore it from a copy of the journal") from None
    return Wrapped(by, keys)
