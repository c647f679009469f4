"""`lmax replay`: real order flow through the whole system."""

from __future__ import annotations

from typing import Any

import click

from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import FOLDER, dsn_option, json_option, system_options


@click.command(short_help="Play a file of real order flow.")
@click.argument("file", type=FOLDER)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["lobster", "itch"]),
    required=True,
    help="LOBSTER message CSV, or NASDAQ TotalView-ITCH 5.0 (also gzipped).",
)
@click.option(
    "--book",
    type=FOLDER,
    help="LOBSTER: the orderbook file, whose first row is the book to start from.",
)
@click.option(
    "--dir",
    "directory",
    type=FOLDER,
    help="Keep journal and database here.  [default: a folder deleted at the end]",
)
@system_options
@dsn_option
@json_option
@guarded
def replay(**options: Any) -> Exit:
    """Play a file of real order flow through journal, engine and ledger, as fast as they go.

    A malformed or cut file is played up to the fault, which is named with its byte offset.
    docs/replay.md tells what becomes of each kind of message. --dir keeps the journal.

    \b
    Example:
      lmax replay AAPL_2012-06-21_message_10.csv --format lobster
      lmax replay 01302020.NASDAQ_ITCH50.gz --format itch --dir day --json
    """
    from node.cli.playing import Play, play

    return play(Play(**options))
