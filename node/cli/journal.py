"""`lmax journal`: looking at a journal, also one that is being written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from node.cli import archiving, exporting, skipping
from node.cli.archiving import public_option, store_options
from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.keys import keys
from node.cli.options import FOLDER, json_option, key_option


@click.group(short_help="List, verify, dump or replay a journal.")
def journal() -> None:
    """Look at the journal of a data folder (or a journal folder). What changes it
    says so: repair, restore, prune, skip and keys.

    \b
    Example:
      lmax journal ls lmax-data
      lmax journal dump lmax-data --from 22021 --to 22030
    """


@journal.command("ls", short_help="The segments and what is in them.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@json_option
@guarded
def list_segments(folder: Path, json: bool) -> Exit:
    """List the segments: their commands, batches, bytes, age and epoch.

    It only tells what is there; whether all of it is good says `lmax journal verify`.

    \b
    Example:
      lmax journal ls lmax-data
    """
    from node.cli.journal_verbs import show_segments

    return show_segments(folder, json)


@journal.command(short_help="Check every byte that was synced.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@key_option
@json_option
@guarded
def verify(folder: Path, journal_key: str, json: bool) -> Exit:
    """Read everything and check all checksums and the chain of batches.

    The state is `clean`; `torn` if the last write was cut short, which a restart repairs and
    nobody was told of (exit code 0); or `corrupt`, with where and what (exit code 3).

    \b
    Example:
      lmax journal verify lmax-data
    """
    from node.cli.journal_verbs import show_verdict

    return show_verdict(folder, journal_key, json)


@journal.command(short_help="The commands, one a line.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option(
    "--from",
    "first",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Sequence of the first command.",
)
@click.option("--to", "last", type=click.IntRange(1), help="Of the last.  [default: all]")
@key_option
@json_option
@guarded
def dump(folder: Path, first: int, last: int | None, journal_key: str, json: bool) -> Exit:
    """Print the commands, one a line; with --json one object a line and a summary at the end.

    DIR may also be a file cut-….tail, which keeps what was cut off a journal.

    \b
    Example:
      lmax journal dump lmax-data --from 22021 --to 22030
    """
    from node.cli.journal_verbs import dump_commands

    return dump_commands(folder, first, last, journal_key, json)


@journal.command(short_help="Replay it in an engine; the state it leads to.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@key_option
@json_option
@guarded
def replay(folder: Path, journal_key: str, json: bool) -> Exit:
    """Apply every command to an empty engine and show the state hash and the counts.

    \b
    Example:
      lmax journal replay lmax-data
    """
    from node.cli.journal_verbs import show_replay

    return show_replay(folder, journal_key, json)


@journal.command(short_help="Take what is damaged from a good copy.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option(
    "--from", "source", metavar="DIR|ARCHIVE|s3://…|http://…", required=True, help="The good copy."
)
@store_options
@public_option(required=False)
@click.option("--token", metavar="SOURCE", default="", help="Of the other machine; see `serve`.")
@key_option
@json_option
@guarded
def repair(**options: Any) -> Exit:
    """Replace damaged segments by those of a copy that is proven to be good and the same.

    The proof: its own chain of hashes is whole, and it goes on from the last good command here, by
    sequence and hash. The damaged files stay beside it as `….damaged`. The copy is a folder, an
    archive, or another machine where `lmax journal serve` runs.

    \b
    Example:
      lmax journal repair lmax-data --from /backup/lmax-data
      lmax journal repair lmax-data --from http://10.0.0.2:7400 --token file:token
    """
    from node.cli.journal_verbs import repair_from

    return repair_from(**options)


journal.add_command(keys)
for verb in [*archiving.VERBS, *exporting.VERBS, *skipping.VERBS]:
    journal.add_command(verb)
