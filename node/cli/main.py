"""`lmax`: the verbs, and what they have in common."""

from __future__ import annotations

import sys

import click

from node.cli.cluster import VERBS as CLUSTER_VERBS
from node.cli.exits import Exit, table
from node.cli.identity import identity
from node.cli.journal import journal
from node.cli.ledger import ledger
from node.cli.output import print_json, say
from node.cli.replay import replay
from node.cli.run import run
from node.cli.snapshot import snapshot


def show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """`lmax --version`"""
    if value:
        from node import compatibility

        build = compatibility.line(compatibility.as_json())
        click.echo(f"lmax {build}; Python {sys.version.split()[0]}")
        ctx.exit()


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"\b\nExit codes:\n{table()}",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Show the release and what other nodes must have the same, and exit.",
)
def cli() -> None:
    """A stock exchange on one machine, or on several that hold the same journal.

    \b
    Example:
      lmax run                        watch 1,000 accounts trade for 30 s
      lmax replay FILE --format itch  play a day of real order flow
      lmax journal verify lmax-data   is every byte of the journal good?
      lmax ledger check lmax-data     does PostgreSQL agree with the journal?
      lmax status a/node.toml         who leads, and who could take over
    """


for command in (run, replay, journal, snapshot, ledger, identity, *CLUSTER_VERBS):
    cli.add_command(command)


def main() -> None:
    """The entry point of the `lmax` command."""
    try:
        code = cli.main(prog_name="lmax", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        if "--json" in sys.argv:
            print_json({"error": error.format_message(), "exit_code": int(Exit.USAGE)})
        code = int(Exit.USAGE)
    except click.Abort:
        say("lmax: interrupted")
        code = int(Exit.INTERRUPTED)
    sys.exit(code or 0)
