"""What `lmax promote` and `lmax demote` do: ask the node, wait, tell what happened."""

from __future__ import annotations

import time
from pathlib import Path

import click

from node.cli.exits import Exit
from node.cli.output import print_json
from node.cluster_config import load_config
from node.control_client import ask
from node.control_loop import PATIENCE_S

PATIENCE = 3 * PATIENCE_S
"""The node waits itself, for another node too; only one that hangs is waited for so long."""


def change(file: Path, verb: str, as_json: bool, to: str = "") -> Exit:
    """Ask for that, and tell what came of it. to: whom a primary hands over to."""
    config = load_config(file)
    if to and to not in {peer.name for peer in config.peers}:
        others = ", ".join(peer.name for peer in config.peers)
        raise click.UsageError(f"--to: no other node is called {to!r}, only {others}")
    token = config.token()
    began = time.monotonic()
    before = ask(config.me.control, "/status", token=token)
    path = f"/{verb}?to={to}" if to else f"/{verb}"
    after = ask(config.me.control, path, post=True, token=token, timeout=PATIENCE)
    seconds = time.monotonic() - began
    leads = after["role"] == "PRIMARY" or after["leader"] != after["name"]
    found = {
        "node": after["name"],
        "changed": before["role"] != after["role"],
        "primary": after["leader"] or None if leads else None,
        "epoch": after["epoch"],
        "seconds": round(seconds, 3),
    }
    if as_json:
        print_json(found)
    elif not found["changed"]:
        click.echo(f"{found['node']} is {after['role']} already, in epoch {found['epoch']}")
    else:
        click.echo(
            f"{found['node']} was {before['role']} and is {after['role']}, in epoch"
            f" {found['epoch']}, after {seconds:.2f} s; {found['primary'] or 'nobody yet'} leads"
        )
    return Exit.OK
