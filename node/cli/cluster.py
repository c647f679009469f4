"""`lmax node`, `status`, `promote`, `demote`, `cluster`: several nodes that hold one journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.options import FOLDER, json_option

CONFIG = click.Path(path_type=Path, dir_okay=False)


@click.command(short_help="Run one node of a cluster.")
@click.argument("config", metavar="CONFIG", type=CONFIG)
@json_option
@guarded
def node(config: Path, json: bool) -> Exit:
    """Run the node that CONFIG describes, until Ctrl-C or SIGTERM.

    A primary that is asked to end hands over first, if a standby is in sync. One line on
    stderr tells of every change of its role. A second Ctrl-C ends at once.

    \b
    Example:
      lmax node /etc/lmax/node.toml
    """
    from node.cli.node_verbs import run

    return run(config, json)


@click.command(short_help="Who leads, and who could take over.")
@click.argument("where", metavar="CONFIG|URL…", nargs=-1, required=True)
@click.option("--watch", is_flag=True, help="Look again every second, until Ctrl-C.")
@click.option(
    "--token",
    metavar="SOURCE",
    default="",
    help="For URLs: file:PATH, credential:NAME or env:NAME.  [default: none]",
)
@json_option
@guarded
def status(where: tuple[str, ...], watch: bool, token: str, json: bool) -> Exit:
    """Ask every node of a CONFIG, or those at the URLs (http://HOST:PORT), what they are.

    The exit code is 11 if none of them answers.

    \b
    Example:
      lmax status /etc/lmax/node.toml --watch
      lmax status http://10.0.0.1:7502 http://10.0.0.2:7502 --token file:token
    """
    from node.cli.status_verbs import show

    return show(where, watch, token, json)


@click.command(short_help="Have this standby take over.")
@click.argument("config", metavar="CONFIG", type=CONFIG)
@json_option
@guarded
def promote(config: Path, json: bool) -> Exit:
    """Ask the node of CONFIG to lead: the primary hands over to it, and loses nothing.

    It has to be in sync; of several that are it is this one that takes over. Nothing is done if
    it leads already.

    \b
    Example:
      lmax promote /etc/lmax/node.toml
    """
    from node.cli.role_verbs import change

    return change(config, "promote", json)


@click.command(short_help="Have this primary hand over.")
@click.argument("config", metavar="CONFIG", type=CONFIG)
@click.option(
    "--to", metavar="NAME", default="", help="To that node.  [default: the one that has the most]"
)
@json_option
@guarded
def demote(config: Path, to: str, json: bool) -> Exit:
    """Ask the node of CONFIG to hand over to a standby that is in sync, and wait for that.

    \b
    Example:
      lmax demote /etc/lmax/node.toml
      lmax demote /etc/lmax/node.toml --to b
    """
    from node.cli.role_verbs import change

    return change(config, "demote", json, to)


@click.group(short_help="The files of a new cluster; a last resort.")
def cluster() -> None:
    """Begin a cluster, nodes that hold the same journal, or let one lead that lacks a part.

    \b
    Example:
      lmax cluster init pair --nodes a,b
    """


def check_nodes(ctx: click.Context, param: click.Parameter, value: str) -> list[str]:
    """NAME,NAME…"""
    return [name.strip() for name in value.split(",")]


@cluster.command(short_help="Write identities and configurations.")
@click.argument("folder", metavar="FOLDER", type=FOLDER)
@click.option(
    "--nodes",
    "names",
    metavar="A,B[,C…]",
    default="a,b",
    show_default=True,
    callback=check_nodes,
    help="Their names; the first begins the journal.",
)
@click.option(
    "--base-port",
    type=click.IntRange(1, 65_535),
    default=7500,
    show_default=True,
    metavar="N",
    help="Each node gets ten ports: replication, clients, control, and seven to spare.",
)
@click.option(
    "--witness", metavar="TEXT", default="", help="file:/PATH or etcd://….  [default: in FOLDER]"
)
@json_option
@guarded
def init(**options: Any) -> Exit:
    """Write an identity and a configuration for each node, for one machine, ready to run.

    Nothing is overwritten. For several machines, change the addresses and copy each node's
    folder to its machine.

    \b
    Example:
      lmax cluster init pair --nodes a,b --base-port 7500
      lmax node pair/a/node.toml
    """
    from node.cli.node_verbs import make

    return make(**options)


@cluster.command(short_help="Let a node lead that lacks what the lost ones had.")
@click.argument("config", metavar="CONFIG", type=CONFIG)
@click.option("--yes", is_flag=True, help="Do it. Without, what it would cost is told.")
@json_option
@guarded
def force(config: Path, yes: bool, json: bool) -> Exit:
    """Have the witness say that only the node of CONFIG may lead: for the day on which every node
    that was in sync is lost for good.

    ORDERS THAT WERE ACKNOWLEDGED ARE LOST: all that the lost nodes had and this one lacks. A lost
    node that comes back follows, and what it had more is set aside on its disk.

    Run it on the machine of CONFIG. Refused with exit code 11, and nothing is changed, while the
    recorded leader, or another node in sync, answers or renews its lease, if the witness does not
    answer, or if this node has no journal. Without --yes: exit code 2.

    \b
    Example:
      lmax cluster force /etc/lmax/node.toml
      lmax cluster force /etc/lmax/node.toml --yes
    """
    from node.cli.force_verbs import run

    return run(config, yes, json)


@click.command(short_help="A failover exercise with real processes.")
@click.option("--rounds", type=click.IntRange(1, 100_000), default=1, show_default=True)
@click.option(
    "--fault",
    type=click.Choice(
        ["kill", "stop", "partition", "link", "oneway", "disk", "sync", "stall", "witness"]
    ),
    default="kill",
    show_default=True,
    help="kill -9; SIGSTOP; cut off from all, from the other node, or in one direction; a full"
    " disk; a sync that fails, or does not come back; a witness that nobody reaches."
    " docs/operations.md tells of each.",
)
@click.option(
    "--role",
    type=click.Choice(["primary", "standby"]),
    default="primary",
    show_default=True,
    help="Who is hurt.",
)
@click.option(
    "--rate",
    type=click.FloatRange(10, 100_000),
    default=2000,
    show_default=True,
    help="Orders a second.",
)
@click.option(
    "--lease-ms",
    type=click.IntRange(100, 60_000),
    default=500,
    show_default=True,
    help="Of the primary: what an outage takes at least, nearly.",
)
@click.option(
    "--planned/--no-planned",
    default=True,
    show_default=True,
    help="A planned switch after each round.",
)
@click.option(
    "--commit",
    type=click.Choice(["replicated", "durable"]),
    default="replicated",
    show_default=True,
)
@click.option(
    "--ledger/--no-ledger",
    default=True,
    show_default=True,
    help="The primary feeds an embedded PostgreSQL, which is compared with the journal at the end.",
)
@click.option("--keep", type=FOLDER, help="Do it in this new folder, and leave everything there.")
@json_option
@guarded
def drill(*, json: bool, **options: Any) -> Exit:
    """Two nodes and a witness on this machine, a client that sends orders, and a fault.

    Tells who took over, when, and how long the client had no answer; at the end both journals
    are compared, the ledger, and everything that the client was told. Exit code 1 if anything is
    lost, done twice or different.

    \b
    Example:
      lmax drill --rounds 5 --fault stop
    """
    from node.cli.drill import drill as held

    return held(as_json=json, **options)


VERBS = [node, status, promote, demote, cluster, drill]
