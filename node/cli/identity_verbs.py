"""What the verbs of `lmax identity` do."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.exits import Exit
from node.cli.output import print_json
from replicator.identity import Identity, load_identity, make_identity


def make(file: Path, as_json: bool) -> Exit:
    """`lmax identity new`"""
    return _shown(make_identity(file), file, as_json)


def show(file: Path, as_json: bool) -> Exit:
    """`lmax identity show`"""
    return _shown(load_identity(file), file, as_json)


def _shown(identity: Identity, file: Path, as_json: bool) -> Exit:
    if as_json:
        print_json({"public": identity.text, "file": str(file)})
    else:
        click.echo(identity.text)
    return Exit.OK
