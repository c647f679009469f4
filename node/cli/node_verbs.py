"""What `lmax node` and `lmax cluster init` do."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.exits import Exit
from node.cli.output import print_json, say
from node.cli.stopping import Stop
from node.cluster_config import load_config
from node.cluster_files import make_cluster
from node.process import Parts, run_node
from node.wiring import new_identity, real_parts


def run(file: Path, as_json: bool, parts: Parts | None = None) -> Exit:
    """`lmax node`; parts: others than the real ones, for drills."""
    config = load_config(file)
    seen = run_node(config, parts or real_parts(), Stop(), say)
    if as_json:
        print_json(
            {"name": seen.name, "role": seen.role, "epoch": seen.epoch, "applied": seen.applied}
        )
    return Exit.OK


def make(folder: Path, names: list[str], base_port: int, witness: str, json: bool) -> Exit:
    """`lmax cluster init`"""
    made = make_cluster(
        folder, names, base_port=base_port, witness=witness, make_identity=new_identity
    )
    if json:
        print_json({"nodes": [vars(each) for each in made]})
        return Exit.OK
    click.echo("Run each of these in a terminal of its own:")
    for each in made:
        click.echo(f"  lmax node {each.config}")
    click.echo(f"and look at them:\n  lmax status {made[0].config} --watch")
    return Exit.OK
