"""What the verbs of `lmax ledger` do."""

from __future__ import annotations

from pathlib import Path

import click

from journal.key_sources import load_keys
from journal.keys import Keys
from ledger.check import Discrepancy
from ledger.connect import database
from ledger.errors import LedgerUnavailable
from lmax.view._view import StateView
from node.cli.exits import Exit
from node.cli.journal_reading import journal_of
from node.cli.output import print_json, say
from node.cluster_config import load_config
from node.config_values import ConfigError
from node.reconcile import reconcile, reconcile_so_far
from node.system import database_folder


def show_differences(folder: Path, dsn: str | None, key: str, so_far: bool, as_json: bool) -> Exit:
    """`lmax ledger check DIR`"""
    journal = journal_of(folder)
    data = journal.parent if journal.name == "journal" else folder
    cluster = database_folder(data)
    if dsn is None and not (cluster / "location.json").exists():
        raise LedgerUnavailable(
            f"there is no database in {cluster}: name the one that was used with --dsn"
        )
    keys = load_keys(key, journal)
    with database(cluster, dsn) as found_dsn:
        compare = reconcile_so_far if so_far else reconcile
        state, differences = compare(journal, found_dsn, keys=keys)
    if any(difference.what == "last sequence" for difference in differences):
        say(
            "lmax: the ledger stands elsewhere than the journal; is a run going on, or was one"
            " ended without its database? `lmax run` on the folder catches up; --so-far compares"
            " what the ledger has"
        )
    return show(state, differences, as_json)


def show_differences_of_node(file: Path, dsn: str | None, key: str, as_json: bool) -> Exit:
    """`lmax ledger check CONFIG`. Raises ConfigError."""
    config = load_config(file)
    dsn = dsn or config.ledger_dsn()
    if not dsn:
        raise ConfigError(f"{file}: [node] ledger: is missing; add it, or name one with --dsn")
    journal = journal_of(config.node.data)
    keys: Keys = load_keys(config.node.journal_key or key, journal)
    state, differences = reconcile_so_far(journal, dsn, keys=keys)
    return show(state, differences, as_json)


def show(state: StateView, differences: list[Discrepancy], as_json: bool) -> Exit:
    if as_json:
        print_json(
            {
                "discrepancies": len(differences),
                "differences": [difference._asdict() for difference in differences],
                "last_sequence": state.sequence,
                "accounts": len(state.accounts()),
                "positions": len(state.positions()),
                "trades": state.trades,
                "state_hash": f"{state.state_hash:016x}",
            }
        )
    else:
        for difference in differences:
            click.echo(str(difference))
        click.echo(
            f"{len(differences)} discrepancies; command {state.sequence:,},"
            f" {len(state.accounts()):,} accounts, {len(state.positions()):,} positions,"
            f" {state.trades:,} trades"
        )
    return Exit.DISCREPANCIES if differences else Exit.OK
