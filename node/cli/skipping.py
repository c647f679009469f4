"""`lmax journal skip`: the way out when the logic stops at a command."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import FOLDER, json_option, key_option


@click.command(short_help="Leave out the one command at which the logic stops.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--sequence", type=click.IntRange(1), required=True, metavar="N", help="Of it.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, and who decided; 64 bytes.")
@key_option
@json_option
@guarded
def skip(folder: Path, sequence: int, reason: str, journal_key: str, json: bool) -> Exit:
    """Journal that command N is never applied. Only for a node that ended with exit code 7.

    First the journal is replayed, in a process of its own: it is refused unless the logic stops
    right there, or dies of it. The command stays in the journal; from now on every start, replay
    and ledger answers it with UNKNOWN_COMMAND instead of applying it. There is no way back.

    \b
    Example:
      lmax journal skip lmax-data --sequence 22021 --reason 'false checkpoint, ticket 17, jd'
    """
    from journal.files import Journal
    from journal.key_sources import load_keys
    from journal.skips import write_skip
    from node.cli.errors import Failure
    from node.cli.journal_reading import journal_of
    from node.cli.output import print_json, say
    from node.stopping_place import DIED, stops_at

    directory = journal_of(folder)
    keys = load_keys(journal_key, directory)
    with Journal(directory, mode="buffered", keys=keys) as journal:
        right, place = stops_at(directory, keys, sequence)
        if not right:
            where = f"stops at command {place}" if place else "comes to the end of the journal"
            where = "dies elsewhere" if place == DIED else where
            raise Failure(Exit.JOURNAL, f"the logic {where}, not at {sequence}; nothing was done")
        record = write_skip(journal, sequence, reason)
    say(f"lmax: command {sequence} is left out from now on; the journal says so at {record}")
    if json:
        print_json({"skipped": sequence, "sequence": record, "reason": reason})
    return Exit.OK


VERBS = [skip]
