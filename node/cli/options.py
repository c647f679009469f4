"""Options that several verbs share."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from node.snapshots import Every

FOLDER = click.Path(path_type=Path)


def check_seconds(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Refuse what is no time; nan and inf are numbers as well."""
    if not (value >= 0 and math.isfinite(value)):
        raise click.BadParameter(f"{value:g} is not a time; 0 means until Ctrl-C")
    return value


def check_period(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Refuse what no timer can do."""
    if value != 0 and not 0.001 <= value <= 3600:
        raise click.BadParameter(f"{value:g} is not 0.001 to 3600 seconds, or 0 for none")
    return value


def check_every(ctx: click.Context, param: click.Parameter, value: str) -> Every:
    """How often a snapshot is taken."""
    from node.snapshots import parse_every

    try:
        return parse_every(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is neither a number of commands (5000000, at least 1000) nor of seconds"
            " (600s, at least 1s), nor 0 for never"
        ) from None


def check_dsn(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse a DSN that PostgreSQL's library cannot read, before anything is done."""
    from ledger.connect import chosen_dsn

    dsn = chosen_dsn(value)
    if dsn is None:
        return None
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        conninfo_to_dict(dsn)
    except psycopg.Error as error:
        raise click.BadParameter(f"{' '.join(str(error).split())}: {dsn!r}") from None
    return dsn


def json_option[Command: Callable[..., Any]](command: Command) -> Command:
    """--json"""
    return click.option(
        "--json", is_flag=True, help="Print one JSON object, last on stdout; the rest on stderr."
    )(command)


def dsn_option[Command: Callable[..., Any]](command: Command) -> Command:
    """--dsn"""
    return click.option(
        "--dsn",
        metavar="DSN",
        callback=check_dsn,
        help="PostgreSQL to use, as URL or key=value pairs; LMAX_DSN names it as well."
        "  [default: an embedded server]",
    )(command)


def check_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    """Refuse what names no source, before anything is done. "none" where nothing is said."""
    from journal.errors import JournalKeyError
    from journal.key_sources import NONE, source_of

    try:
        source_of(value)
    except JournalKeyError as error:
        raise click.BadParameter(str(error)) from None
    return value or NONE


def key_option[Command: Callable[..., Any]](command: Command) -> Command:
    """--journal-key"""
    return click.option(
        "--journal-key",
        metavar="SOURCE",
        envvar="LMAX_JOURNAL_KEY",
        callback=check_key,
        help="Where the keys of an encrypted journal are: file:PATH, credential:NAME, env:NAME or"
        " pkcs11:…; LMAX_JOURNAL_KEY names it as well.  [default: none]",
    )(command)


def system_options[Command: Callable[..., Any]](command: Command) -> Command:
    """What everybody chooses who starts the whole system."""
    for option in (
        click.option("--plain", is_flag=True, help="A status line a second instead of a screen."),
        click.option(
            "--layout",
            type=click.Choice(["shared", "dedicated"]),
            default="shared",
            show_default=True,
            help="Threads that sleep when idle, or a spinning core for each agent.",
        ),
        click.option(
            "--patience",
            type=click.FloatRange(0.1, 3600),
            default=15,
            show_default=True,
            metavar="SECONDS",
            help="How long the ledger may stand still at the end before it is given up.",
        ),
        click.option(
            "--segment-mb",
            type=click.IntRange(1, 65_536),
            default=64,
            show_default=True,
            metavar="MB",
            help="Size of the journal's files, in MiB.",
        ),
        click.option(
            "--journal-mode",
            type=click.Choice(["auto", "direct", "uring", "buffered"]),
            default="auto",
            show_default=True,
            help="How the journal is written; auto tries the disk for a moment.",
        ),
        key_option,
    ):
        command = option(command)
    return command
