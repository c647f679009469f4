"""`lmax identity`: who this node is to the other nodes."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import json_option

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(short_help="Who a node is to the other nodes: make and show its key.")
def identity() -> None:
    """Make and show the key by which the other nodes know this one. Only its public half is shown.

    docs/link.md tells what the nodes do with it.

    \b
    Example:
      lmax identity new /etc/lmax/identity.pem
      lmax identity show /etc/lmax/identity.pem
    """


@identity.command(short_help="Make an identity in a new file.")
@click.argument("file", metavar="FILE", type=FILE)
@json_option
@guarded
def new(file: Path, json: bool) -> Exit:
    """Make an identity in FILE, which only its owner may read, and print its public key.

    That line goes into the configuration of the other nodes. A file that is there already is
    not overwritten.

    \b
    Example:
      lmax identity new /etc/lmax/identity.pem
    """
    from node.cli.identity_verbs import make

    return make(file, json)


@identity.command(short_help="Print the public key of an identity.")
@click.argument("file", metavar="FILE", type=FILE)
@json_option
@guarded
def show(file: Path, json: bool) -> Exit:
    """Print the public key of the identity in FILE.

    \b
    Example:
      lmax identity show /etc/lmax/identity.pem
    """
    from node.cli.identity_verbs import show as show_public

    return show_public(file, json)
