"""`lmax run`: the whole system on a generated market."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import (
    FOLDER,
    check_every,
    check_period,
    check_seconds,
    dsn_option,
    json_option,
    system_options,
)


@click.command(short_help="Run the whole system on a generated market.")
@click.option(
    "--dir",
    "directory",
    type=FOLDER,
    default=Path("lmax-data"),
    show_default=True,
    help="Where journal and database live; a run goes on from what is there.",
)
@click.option(
    "--for",
    "seconds",
    type=float,
    callback=check_seconds,
    metavar="SECONDS",
    default=30,
    show_default=True,
    help="How long to trade; 0 means until Ctrl-C.",
)
@click.option(
    "--rate",
    type=click.FloatRange(1, 10_000_000),
    default=20_000,
    show_default=True,
    metavar="N",
    help="Commands a second in the mean; bursts bring five times as many.",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="The same seed on an empty folder gives the same orders.",
)
@click.option(
    "--accounts",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="How many trade.  [default: 1000, or as many as the journal has]",
)
@click.option(
    "--instruments",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="How many are traded.  [default: 20, or as many as the journal has]",
)
@click.option(
    "--instrument",
    "shown",
    metavar="SYMBOL",
    help="Whose book the screen shows.  [default: the busiest in turn]",
)
@click.option(
    "--orders",
    type=click.Choice(["plain", "varied"]),
    default="plain",
    show_default=True,
    help="Limit and market orders only, or also icebergs, post-only, hidden, pegs and stops.",
)
@click.option(
    "--timer",
    type=float,
    callback=check_period,
    metavar="SECONDS",
    default=0.1,
    show_default=True,
    help="How often the clock is told: GTD orders and halts end with it. 0: never.",
)
@click.option(
    "--checkpoints",
    type=float,
    callback=check_period,
    metavar="SECONDS",
    default=1.0,
    show_default=True,
    help="How often the state hash is journaled; a replay compares it. 0: never.",
)
@click.option(
    "--snapshot-every",
    callback=check_every,
    metavar="N|SECONDSs",
    default="5000000",
    show_default=True,
    help="Take a snapshot of the state after so many commands, or seconds (600s). 0: never.",
)
@click.option("--fresh", is_flag=True, help="Delete this folder's journal and database first.")
@system_options
@dsn_option
@json_option
@guarded
def run(**options: Any) -> Exit:
    """Run the whole system: accounts trade instruments through the matching engine.

    Every command is journaled and synced before it is applied; the ledger in PostgreSQL
    follows, and at the end it is compared with a replay of the journal, line by line.
    Ctrl-C (or SIGTERM) finishes what was sent and closes; a second one ends at once.

    \b
    Example:
      lmax run                             30 s with a live screen
      lmax run --for 0 --rate 50000        until Ctrl-C
      lmax run --for 5 --json | jq .latency_ns
    """
    from node.cli.trading import Plan, trade

    return trade(Plan(**options))
