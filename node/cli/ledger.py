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
@click.argument("place", metavar="DIR|CONFIG", type=FOLDER)
@dsn_option
@key_option
@click.option(
    "--so-far",
    is_flag=True,
    help="Compare behind the last command in the ledger, not at the journal's end: for a journal"
    " that is ahead, as that of a node is while it runs.",
)
@json_option
@guarded
def check(place: Path, dsn: str | None, journal_key: str, so_far: bool, json: bool) -> Exit:
    """Work out every balance and position from the journal and compare with PostgreSQL.

    Each difference is a line, and then the exit code is 1. The embedded PostgreSQL of DIR is
    started for it unless it runs. CONFIG, the file of a node, names journal, its key and
    PostgreSQL; it is compared --so-far, and any node's journal will do.

    \b
    Example:
      lmax ledger check lmax-data
      lmax ledger check lmax-data --dsn postgresql://me@db.example/trading
      lmax ledger check /etc/lmax/node.toml
    """
    from node.cli.ledger_verbs import show_differences, show_differences_of_node

    if place.is_file():
        return show_differences_of_node(place, dsn, journal_key, json)
    return show_differences(place, dsn, journal_key, so_far, json)
