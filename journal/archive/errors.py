"""What can be wrong with an archive. No message ever holds a credential."""

from __future__ import annotations

from journal.errors import JournalError


class ArchiveError(JournalError):
    """The archive cannot be used, or does not hold what it should."""


class AlreadyThere(ArchiveError):
    """The name is taken: an archive never overwrites."""


class ManifestError(ArchiveError):
    """The manifest is not what was written. number: of the first bad entry; what: is wrong."""

    def __init__(self, where: str, number: int, what: str) -> None:
        self.number = number
        self.what = what
        super().__init__(
            f"{where}: manifest entry {number} {what}. Entries before {number} are good."
        )
