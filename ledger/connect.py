"""Which PostgreSQL the ledger uses: the user's, if one is named, else an embedded one.

A DSN on the command line wins over the environment variable ``LMAX_DSN``, and both over
the embedded server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ledger.server import EmbeddedPostgres, running_dsn

VARIABLE = "LMAX_DSN"


def chosen_dsn(dsn: str | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The DSN the user named by option or environment, or None: then embed a server."""
    return dsn or environment.get(VARIABLE) or None


@contextmanager
def database(directory: str | os.PathLike[str], dsn: str | None = None) -> Iterator[str]:
    """The DSN to use, valid while the context is open.

    directory: of the embedded server. When another process runs that server its DSN is
    given and the server is left alone; else it is started here and stopped at the end.
    Raises ServerError when it cannot be started.
    """
    named = chosen_dsn(dsn) or running_dsn(directory)
    if named:
        yield named
        return
    with EmbeddedPostgres(directory) as server:
        yield server.dsn
