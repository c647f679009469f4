"""Where a journal can be read besides its own folder: a copy, an archive, another machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from journal.archive.entry import FOLDER
from journal.archive.reading import ArchiveFolder
from journal.archive.stores import S3
from journal.errors import JournalError
from journal.folder import ReadFolder
from journal.remote import SCHEMES, RemoteFolder
from journal.secret import read_secret
from node.cli.archive_verbs import opened
from node.cli.journal_reading import journal_of


@contextmanager
def source(
    location: str, *, endpoint: str = "", public_key: Path | None = None, token: str = ""
) -> Iterator[Path | ReadFolder]:
    """What a person named: DIR, an archive's folder, s3://BUCKET/PREFIX or http(s)://HOST:PORT.

    token: where the other machine's is, as `journal.secret` names places; "" for none.
    """
    path = Path(location)
    if location.partition("://")[0] in SCHEMES:
        yield RemoteFolder(location, token=read_secret(token).strip() if token else "")
    elif location.startswith(S3) or (path / FOLDER).is_dir():
        with ArchiveFolder(opened(location, endpoint, public_key, None)) as folder:
            yield folder
    elif "://" in location:
        raise JournalError(f"{location}: name DIR, s3://BUCKET/PREFIX or http(s)://HOST:PORT")
    else:
        yield journal_of(path)
