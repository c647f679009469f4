"""From what a person writes to the store that is meant."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from journal.archive.errors import ArchiveError
from journal.archive.store import FolderStore, Store

S3 = "s3://"


def open_store(location: str, *, endpoint: str = "", lock_mode: str = "COMPLIANCE") -> Store:
    """The store at `s3://bucket/prefix`, or in a folder. endpoint: of another S3 than Amazon's."""
    if not location.startswith(S3):
        return FolderStore(Path(location))
    from journal.archive.s3 import S3Store

    parts = urlsplit(location)
    if not parts.netloc or "@" in parts.netloc:
        raise ArchiveError("an archive in S3 is named s3://BUCKET/PREFIX, without credentials")
    return S3Store(parts.netloc, parts.path, endpoint=endpoint, mode=lock_mode)
