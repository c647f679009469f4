"""`lmax journal export` and `serve`: what a journal holds, for other programs and machines."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from node.cli.archiving import public_option, store_options
from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import FOLDER, json_option, key_option


def check_day(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    """A day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a day such as 2026-11-20") from None


def check_zone(ctx: click.Context, param: click.Parameter, value: str) -> Any:
    """A time zone by name."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(f"{value!r} is no time zone such as Europe/London") from None


def check_address(ctx: click.Context, param: click.Parameter, value: str) -> Any:
    """HOST:PORT as two."""
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:
        raise click.BadParameter(f"{value!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


@click.command(short_help="The events of a range or a day, as a file.")
@click.argument("source", metavar="DIR|ARCHIVE|s3://…|http://…")
@click.option("--out", type=FOLDER, required=True, metavar="FILE", help="Ends in .npy or .jsonl.")
@click.option("--from-sequence", "first", type=click.IntRange(1), help="Of the first command.")
@click.option("--to-sequence", "last", type=click.IntRange(1), help="Of the last.")
@click.option("--day", metavar="YYYY-MM-DD", callback=check_day, help="Commands of that day.")
@click.option(
    "--zone", default="UTC", show_default=True, callback=check_zone, help="Whose day is meant."
)
@store_options
@public_option(required=False)
@click.option("--token", metavar="SOURCE", default="", help="Of the other machine; see `serve`.")
@key_option
@json_option
@guarded
def export(**options: Any) -> Exit:
    """Replay a range and write its events: .npy for NumPy (docs/records.md has the fields), .jsonl
    for one JSON object a line.

    It starts from the newest snapshot before the range. FILE is written whole or not at all, and
    never over another.

    \b
    Example:
      lmax journal export lmax-data --from-sequence 1000 --to-sequence 2000 --out range.jsonl
      lmax journal export s3://vault/venue --day 2026-11-20 --out day.npy
    """
    from node.cli.export_verbs import export_events

    return export_events(**options)


@click.command(short_help="Give segments to other machines that must mend theirs.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option(
    "--listen",
    "address",
    metavar="HOST:PORT",
    default="127.0.0.1:7400",
    show_default=True,
    callback=check_address,
    help="Port 0 takes a free one.",
)
@click.option(
    "--token",
    metavar="SOURCE",
    default="",
    help="file:PATH, credential:NAME or env:NAME of a token that callers must send; needed to"
    " listen elsewhere than on this machine.",
)
@guarded
def serve(folder: Path, address: tuple[str, int], token: str) -> Exit:
    """Serve the segments of a journal, read-only, until Ctrl-C; also beside a running system.

    There is no TLS here: put a reverse proxy or a tunnel before it. On the other machine:
    lmax journal repair DIR --from http://HOST:PORT

    \b
    Example:
      lmax journal serve lmax-data --listen 127.0.0.1:7400
    """
    from node.cli.export_verbs import serve_segments

    return serve_segments(folder, address, token)


VERBS = [export, serve]
