"""`lmax ledger`: is PostgreSQL equal to what the journal says?"""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import FOLDER, dsn_option, json_option, key_option


@click.group(short_help="Compare the ledger with the journal.")
def ledger() -> None:
    """Look at the ledger in PostgreSQL.

    \b
    Example:
      lmax ledger check lmax-data
    """


@ledger.command(short_help="Every balance, position, order and trade, line by line.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@dsn_option
@key_option
@json_option
@guarded
def check(folder: Path, dsn: str | None, journal_key: str, json: bool) -> Exit:
    """Work out every balance and position from the journal and compare with PostgreSQL.

    Each difference is a line, and then the exit code is 1. The embedded PostgreSQL of DIR is
    started for it unless it runs.

    \b
    Example:
      lmax ledger check lmax-data
      lmax ledger check lmax-data --dsn postgresql://me@db.example/trading
    """
    from node.cli.ledger_verbs import show_differences

    return show_differences(folder, dsn, journal_key, json)
