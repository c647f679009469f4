"""What `lmax cluster force` does."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from node.cli.errors import Failure
from node.cli.exits import Exit
from node.cli.output import print_json
from node.cluster_config import load_config
from node.forcing import answers_of, force, open_record, wish


def run(file: Path, sure: bool, as_json: bool) -> Exit:
    """Have the witness say that the node of that file may lead."""
    config = load_config(file)
    with contextlib.closing(open_record(config)) as witness:
        wished = wish(config, witness)
        if not sure:
            raise Failure(Exit.USAGE, f"{wished.lost}. Nothing was done; --yes does it")
        done = force(wished, witness, answers_of(config), config.cluster.lease_ms / 1000)
    before = wished.record
    if as_json:
        print_json(
            {
                "node": wished.node,
                "epoch": done.epoch,
                "before": {
                    "epoch": before.epoch,
                    "leader": before.leader or None,
                    "in_sync": sorted(before.in_sync),
                },
            }
        )
    else:
        click.echo(
            f"epoch {done.epoch}: {wished.node} alone may lead now, and does so by itself; start it"
            " if it does not run"
        )
    return Exit.OK
