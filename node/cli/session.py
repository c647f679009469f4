"""A system from its start to its outcome, for the verbs that run one."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from journal.recovery import Recovery
from ledger.errors import ServerError
from ledger.tail import TailState
from lmax._engine import EngineFault
from node.cli.errors import DEBUG, Failure, one_line
from node.cli.exits import Exit
from node.cli.output import print_json, print_table, say
from node.cli.stopping import Stop
from node.refusals import CoreFailed
from node.snapshots import SnapshotStatus
from node.system import Outcome, System
from node.view.text import duration

FIRST_WORD_S = 3.0
"""How long we wait for the ledger's first connection before trading begins without it."""

MOST_LINES = 20
"""Differences told on the terminal and in JSON; `lmax ledger check` lists them all."""


@dataclass(frozen=True)
class Means:
    """What a system is started with; see System."""

    directory: Path
    dsn: str | None
    layout: str
    segment_mb: int
    patience: float
    plain: bool
    json: bool
    journal_mode: str
    journal_key: str


@contextlib.contextmanager
def opened(means: Means, stop: Stop) -> Iterator[System]:
    """A running system.

    Raises what System raises; Failure if the ledger is not its own; CoreFailed also when the
    core did not do in time what it was waited for.
    """
    _quiet_threads()
    say(f"lmax: starting in {means.directory}")
    try:
        system = System(
            means.directory,
            dsn=means.dsn,
            layout=means.layout,
            segment_bytes=means.segment_mb << 20,
            journal_mode=means.journal_mode,
            journal_key=means.journal_key,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except ServerError as error:
        if stop.asked:  # Ctrl-C in a terminal also ends the initdb of a first start
            raise Failure(Exit.INTERRUPTED, "interrupted while PostgreSQL started") from error
        raise
    with system:
        say(f"lmax: {_journal_line(system)}")
        tell_recovery(system.core.recovery)
        try:
            _await_ledger(system)
            yield system
        except (CoreFailed, EngineFault):
            system.core.abandon()  # it would wait for what can never be done
            raise
        except TimeoutError as error:
            reason = system.core.journal.problem or str(error)
            system.core.abandon()
            raise CoreFailed(f"{reason}; what was synced is safe") from error


def _journal_line(system: System) -> str:
    """How the journal is written, and why so."""
    journal = system.core.journal
    key = journal.keys.current
    sealed = f"; encrypted with key {key} of {journal.keys.origin}" if key else ""
    return f"the journal is written in the mode {journal.chosen or journal.mode}{sealed}"


def tell_recovery(recovery: Recovery) -> None:
    """Where the state came from, and which snapshots could not be used for it."""
    for what in recovery.passed:
        say(f"lmax: a snapshot is passed over: {what}")
    if recovery.snapshot:
        say(f"lmax: began with the snapshot of command {recovery.sequence:,}")


def _snapshots(system: System) -> dict[str, Any]:
    """What --json tells of them."""
    keeper = system.core.snapshots
    found = keeper.status if keeper else SnapshotStatus(system.core.recovery.sequence, 0, "")
    return {
        "began_with": system.core.recovery.sequence,
        "newest": found.sequence,
        "taken": found.taken,
        "problem": one_line(found.problem),
        "passed_over": system.core.recovery.passed,
    }


def _await_ledger(system: System) -> None:
    """A ledger that belongs to another journal is told before anything is sent."""
    deadline = time.monotonic() + FIRST_WORD_S
    while system.ledger.state == TailState.STARTING and time.monotonic() < deadline:
        time.sleep(0.01)
    if system.ledger.state == TailState.FAILED:
        raise Failure(Exit.DISCREPANCIES, f"the ledger: {system.ledger.last_error}")
    if system.ledger.state == TailState.DOWN:
        error = one_line(system.ledger.last_error or "")
        say(f"lmax: trading without the ledger, which catches up later: {error}")


def _quiet_threads() -> None:
    """A thread's error is told by its owner, in one line."""
    import os

    if not os.environ.get(DEBUG):
        threading.excepthook = lambda _: None


def result_of(outcome: Outcome, system: System, **more: Any) -> dict[str, Any]:
    """What --json prints."""
    return {
        "commands": outcome.commands,
        "accepted": outcome.accepted,
        "rejected": outcome.rejected,
        "trades": outcome.trades,
        "seconds": outcome.seconds,
        "latency_ns": outcome.latency_ns,
        "state_hash": outcome.state_hash,
        "ledger_rows": outcome.ledger_rows,
        "discrepancies": outcome.discrepancies,
        "differences": [str(found) for found in outcome.differences[:MOST_LINES]],
        "problem": one_line(outcome.problem),
        "recovered": system.core.recovered,
        "last_sequence": system.core.business.state.sequence,
        "batches": system.core.journaler.counters["batches"],
        "journal_bytes": system.core.journaler.counters["bytes"],
        "journal_mode": system.core.journal.mode,
        "journal_probe": system.core.journal.chosen,
        "journal_key": system.core.journal.keys.current,
        "snapshots": _snapshots(system),
        **more,
    }


def report(result: dict[str, Any], as_json: bool) -> Exit:
    """Print the result; the exit code it means."""
    if as_json:
        print_json(result)
    else:
        print_table(_rows(result))
    for line in result["differences"]:
        say(f"lmax: {line}")
    if result["discrepancies"]:
        say(f"lmax: {result['discrepancies']} discrepancies between ledger and journal")
        return Exit.DISCREPANCIES
    if result["problem"]:
        say(f"lmax: {result['problem']}")
        return Exit.POSTGRES if result["discrepancies"] is None else Exit.DISCREPANCIES
    return Exit.OK


def _rows(result: dict[str, Any]) -> list[tuple[str, str]]:
    rate = result["commands"] / result["seconds"] if result["seconds"] else 0
    latency = result["latency_ns"]
    rejected = ", ".join(f"{count:,} {name}" for name, count in sorted(result["rejected"].items()))
    differ = result["discrepancies"]
    return [
        ("commands", f"{result['commands']:,} in {result['seconds']:.1f} s ({rate:,.0f}/s)"),
        ("accepted", f"{result['accepted']:,}"),
        ("rejected", f"{sum(result['rejected'].values()):,}" + (rejected and f" ({rejected})")),
        ("trades", f"{result['trades']:,}"),
        ("latency", "  ".join(f"{name} {duration(latency[name])}" for name in latency)),
        (
            "journal",
            f"command {result['last_sequence']:,}, {result['batches']:,} batches,"
            f" {result['journal_bytes'] / 2**20:,.1f} MiB, {result['journal_mode']}",
        ),
        ("ledger", f"{result['ledger_rows']:,} rows"),
        ("discrepancies", "unknown: the ledger is behind" if differ is None else str(differ)),
        ("state hash", result["state_hash"]),
    ]
