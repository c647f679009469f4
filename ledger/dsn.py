"""Where PostgreSQL is, as its library reads it, without a word of what may be secret in it."""

from __future__ import annotations

_SECRET = ("password", "secret", "scram_client_key", "scram_server_key")


def checked_dsn(dsn: str) -> str:
    """The same. ValueError, which does not repeat it, if it is none."""
    import psycopg  # only now: most who read a node's file have no use for it
    from psycopg.conninfo import conninfo_to_dict

    try:
        conninfo_to_dict(dsn)
    except psycopg.Error:
        raise ValueError(
            "is no DSN of PostgreSQL's; write postgresql://USER@HOST/DATABASE or key=value pairs"
        ) from None
    return dsn


def refuse_secrets(dsn: str) -> None:
    """ValueError if somebody could log in with what stands there."""
    from psycopg.conninfo import conninfo_to_dict

    for key in conninfo_to_dict(dsn):
        if key != "passfile" and any(word in key for word in _SECRET):
            raise ValueError(
                f"has a {key} in it; write where the whole DSN is: file:PATH, credential:NAME or"
                " env:NAME, or leave that to PGPASSFILE or a client certificate"
            )
