"""`lmax snapshot`: take one beside a running node, or look at those that are there."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import FOLDER, json_option, key_option


@click.command(short_help="Take a snapshot of the state, also beside a running node.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--list", "listing", is_flag=True, help="Only check those that are there.")
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    metavar="N",
    help="How many good ones stay.",
)
@key_option
@json_option
@guarded
def snapshot(folder: Path, listing: bool, keep: int, journal_key: str, json: bool) -> Exit:
    """Take a snapshot of the state of a data folder, so that a start need not replay everything.

    It reads the newest good snapshot and what was journaled since, up to the last command that is
    certainly on the disk, and never stops who writes. What was written is read back before an
    older snapshot goes. With --list nothing is taken: every byte of those that are there is
    checked, and the exit code is 3 if none is good.

    \b
    Example:
      lmax snapshot lmax-data
      lmax snapshot lmax-data --list
    """
    from node.cli.snapshot_verbs import list_snapshots, take_snapshot

    if listing:
        return list_snapshots(folder, json)
    return take_snapshot(folder, keep, journal_key, json)
