"""What can be wrong with a journal. Every message says where and what to do."""

from pathlib import Path


class JournalError(Exception):
    """The journal cannot be used as it is."""


class JournalKeyError(JournalError):
    """A key is missing, is another one, or cannot be had from where it should be."""


class JournalLocked(JournalError):
    """Another process writes in this folder."""


class JournalPruned(JournalError):
    """The next segment was deleted while somebody was reading towards it."""


class JournalCorrupt(JournalError):
    """Bytes that were synced are not what was written.

    path, offset: where; sequence: of the first command that cannot be read; what: stands there.
    """

    def __init__(self, path: Path, offset: int, sequence: int, what: str) -> None:
        self.path = path
        self.offset = offset
        self.sequence = sequence
        self.what = what
        super().__init__(
            f"{path} at byte {offset}: {what} where command {sequence} should be."
            " Nothing was changed. `lmax journal repair` takes it from a copy; everything before"
            f" command {sequence} is good."
        )


class SnapshotError(JournalError):
    """A snapshot cannot be used; the one before it, or the journal alone, can.

    name: its file; what: is wrong with it.
    """

    def __init__(self, name: str, what: str) -> None:
        self.name = name
        self.what = what
        super().__init__(f"{name}: {what}")
