"""`lmax journal keys`: the keys of an encrypted journal."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import FOLDER, check_key, json_option, key_option


@click.group(short_help="The keys of an encrypted journal: list, make, rotate.")
def keys() -> None:
    """Look at, make and change the keys that a journal is encrypted with. No key is ever shown.

    docs/keys.md tells where keys can be, and what to do when one is lost or known to others.

    \b
    Example:
      lmax journal keys new lmax-data --journal-key file:/etc/lmax/journal.keys
      lmax run --journal-key file:/etc/lmax/journal.keys
    """


@keys.command("ls", short_help="Which keys there are, and which segment needs which.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@key_option
@json_option
@guarded
def list_keys(folder: Path, journal_key: str, json: bool) -> Exit:
    """List the keys that the journal needs, those that SOURCE holds, and which is used next.

    Without --journal-key it tells what is needed. A key that is needed and missing: exit code 3.

    \b
    Example:
      lmax journal keys ls lmax-data --journal-key file:/etc/lmax/journal.keys
    """
    from node.cli.keys_verbs import show_keys

    return show_keys(folder, journal_key, json)


@keys.command(short_help="Make the first key.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@key_option
@json_option
@guarded
def new(folder: Path, journal_key: str, json: bool) -> Exit:
    """Make key 1 where there is none: the file of `file:PATH`, or `keys.wrapped` in the journal.

    \b
    Example:
      lmax journal keys new lmax-data \\
        --journal-key 'pkcs11:token=venue;object=journal?pin-source=file:/etc/lmax/pin'
    """
    from node.cli.keys_verbs import make_first

    return make_first(folder, journal_key, json)


@keys.command(short_help="Make one more key, for what is written from the next start on.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@key_option
@json_option
@guarded
def rotate(folder: Path, journal_key: str, json: bool) -> Exit:
    """Add a key, which encrypts new segments from the next start on. The old ones stay for reading.

    A running system is not disturbed, and goes on with the key that it began with.

    \b
    Example:
      lmax journal keys rotate lmax-data --journal-key file:/etc/lmax/journal.keys
    """
    from node.cli.keys_verbs import make_another

    return make_another(folder, journal_key, json)


@keys.command(short_help="Give the same keys to a token, or to another key of it.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option(
    "--to",
    "target",
    metavar="SOURCE",
    required=True,
    callback=check_key,
    help="The token's key that wraps them from now on: pkcs11:…",
)
@key_option
@json_option
@guarded
def rewrap(folder: Path, journal_key: str, target: str, json: bool) -> Exit:
    """Wrap the journal's keys by another key: when the token is changed, or comes into use.

    No segment is changed. Afterwards the keys are where --to says, in `keys.wrapped`.

    \b
    Example:
      lmax journal keys rewrap lmax-data --journal-key file:/etc/lmax/journal.keys \\
        --to 'pkcs11:token=venue;object=journal?pin-source=file:/etc/lmax/pin'
    """
    from node.cli.keys_verbs import hand_over

    return hand_over(folder, journal_key, target, json)
