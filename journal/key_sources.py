"""Where a journal's keys are, in one text: what `--journal-key` and LMAX_JOURNAL_KEY take.

`file:PATH`, `credential:NAME` and `env:NAME` hold them as they are (journal/keys.py); with
`pkcs11:…` they are in the journal's folder, wrapped by a key that never leaves its token; `none`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from journal import key_wrapped
from journal.errors import JournalKeyError
from journal.key_token import opened
from journal.keys import Keys, key_line, parse_keys
from journal.pkcs11_uri import TokenUri, parse_uri
from journal.reader import segment_numbers
from journal.secret import SCHEMES, read_private, read_secret

VARIABLE = "LMAX_JOURNAL_KEY"
NONE = "none"
FORMS = "file:PATH, credential:NAME, env:NAME, pkcs11:… or none"


class KeySource(Protocol):
    """Where keys are. Every method raises JournalKeyError."""

    def load(self, folder: Path, *, begin: bool = False) -> Keys:
        """The keys of the journal in `folder`; begin: make the first of a journal that begins."""

    def first(self, folder: Path) -> Keys:
        """Make key 1, where there is none."""

    def add(self, folder: Path) -> Keys:
        """Make one more, which encrypts from the next start on."""


class Plain:
    """No keys: nothing is encrypted."""

    def load(self, folder: Path, *, begin: bool = False) -> Keys:
        return Keys()

    def first(self, folder: Path) -> Keys:
        raise JournalKeyError(f"say where keys are to be: --journal-key SOURCE, or {VARIABLE}")

    add = first


class Secret:
    """Keys as they are, in a place that somebody else fills."""

    def __init__(self, place: str) -> None:
        self.place = place

    def load(self, folder: Path, *, begin: bool = False) -> Keys:
        return parse_keys(read_secret(self.place), self.place)

    def first(self, folder: Path) -> Keys:
        raise JournalKeyError(
            f"{self.place} is filled by its own tools. `lmax journal keys new` makes a file: give"
            " its content to the store, and then delete it."
        )

    add = first


class KeyFile(Secret):
    """Keys as they are, in a file that only its owner reads."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.path = Path(place.removeprefix("file:"))

    def first(self, folder: Path) -> Keys:
        keys = Keys(origin=self.place).grown()
        with locked(self.path.parent):
            if self.path.exists():
                raise JournalKeyError(f"{self.path} is there already: `lmax journal keys rotate`")
            replace(self.path, key_line(keys, keys.current), 0o600)
        return keys

    def add(self, folder: Path) -> Keys:
        path = self.path.resolve()
        with locked(path.parent):
            text = read_private(path)
            keys = parse_keys(text, self.place).grown()
            replace(path, f"{text.rstrip()}\n{key_line(keys, keys.current)}", 0o600)
        return keys


class InToken:
    """Keys in the journal's folder, wrapped by a key of a token."""

    def __init__(self, uri: TokenUri) -> None:
        self.uri = uri

    def load(self, folder: Path, *, begin: bool = False) -> Keys:
        wrapped = key_wrapped.read(folder)
        if wrapped is None:
            if begin and not (folder.is_dir() and segment_numbers(folder)):
                return self.first(folder)
            raise JournalKeyError(
                f"{folder / key_wrapped.NAME} is not there. If this journal was encrypted before,"
                " restore that file from a copy; else `lmax journal keys new` makes it."
            )
        with opened(self.uri) as token:
            return key_wrapped.unwrap_all(token, wrapped, str(self.uri))

    def first(self, folder: Path) -> Keys:
        make_folder(folder)
        with locked(folder):
            if key_wrapped.read(folder):
                raise JournalKeyError(f"{folder} has keys already: `lmax journal keys rotate`")
            keys = Keys(origin=str(self.uri)).grown()
            self._write(folder, keys)
        return keys

    def add(self, folder: Path) -> Keys:
        with locked(folder):
            keys = self.load(folder).grown()
            self._write(folder, keys)
        return keys

    def take_over(self, folder: Path, keys: Keys) -> None:
        """Wrap all of them by this token's key."""
        with locked(folder):
            held = key_wrapped.read(folder)
            missing = sorted(set(held.keys) - set(keys.by_number)) if held else []
            if missing:
                raise JournalKeyError(
                    f"{folder / key_wrapped.NAME} holds key {missing[0]}, which would be lost:"
                    " name the source that has it"
                )
            self._write(folder, keys)

    def _write(self, folder: Path, keys: Keys) -> None:
        """Wrapped, opened again to be sure, and on the disk before any of them encrypts."""
        with opened(self.uri) as token:
            wrapped = key_wrapped.wrap_all(token, str(self.uri), keys)
            if key_wrapped.unwrap_all(token, wrapped, "") != keys:
                raise JournalKeyError(f"the key {self.uri} does not give back what it wrapped")
        replace(folder / key_wrapped.NAME, key_wrapped.as_text(wrapped), 0o644)


def source_of(text: str | None) -> KeySource:
    """The source that a text names; None and "": no keys. Raises JournalKeyError."""
    scheme, _, rest = (text or NONE).partition(":")
    if scheme == NONE and not rest:
        return Plain()
    if scheme == "pkcs11":
        return InToken(parse_uri(text or ""))
    if scheme in SCHEMES and rest:
        return KeyFile(f"file:{rest}") if scheme == "file" else Secret(f"{scheme}:{rest}")
    # What was given is not shown: it may be the key itself.
    raise JournalKeyError(f"a journal's key is named as {FORMS}; the key itself is not given")


def load_keys(source: str | Keys | None, folder: Path, *, begin: bool = False) -> Keys:
    """The keys that a caller names. None: what LMAX_JOURNAL_KEY names, if anything."""
    if isinstance(source, Keys):
        return source
    chosen = os.environ.get(VARIABLE) if source is None else source
    return source_of(chosen).load(folder, begin=begin)


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalKeyError(f"{folder} cannot be made: {error.strerror}") from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone among those who change keys there; the journal's own lock may be held by its writer."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise JournalKeyError(f"{folder} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def replace(path: Path, text: str, mode: int) -> None:
    """Put a whole new file in place, safe before this returns."""
    half = path.with_name(f".{path.name}.half")
    try:
        half.unlink(missing_ok=True)
        fd = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(fd, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(fd)
        half.rename(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise JournalKeyError(f"{path} cannot be written: {error.strerror}") from None
