"""What `lmax drill` does: hold the exercise, and tell how it went."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

from ledger.server import EmbeddedPostgres
from node.cli.errors import Failure
from node.cli.exits import Exit
from node.cli.output import print_json, print_table
from node.drill.exercise import clear, hold
from node.drill.machine import DrillError
from node.drill.report import Report
from node.drill.view import shown


def drill(*, as_json: bool, keep: Path | None, ledger: bool, **options: object) -> Exit:
    """Hold it in a temporary folder, or in `keep`, which stays. ledger: with one in PostgreSQL."""
    folder = keep or Path(tempfile.mkdtemp(prefix="lmax-drill-"))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)  # the nodes end with us
    report: Report | None = None
    server = EmbeddedPostgres(folder / "postgres") if ledger else None
    try:
        with shown(as_json=as_json) as view:
            report = hold(
                folder / "cluster",
                tell=view.tell,
                look=view.look,
                ledger=server.start() if server else "",
                **options,  # type: ignore[arg-type]
            )
    except DrillError as error:
        raise Failure(Exit.CLUSTER, str(error)) from None
    finally:
        if server is not None:
            ended(server, keep, report)
        if keep is None:
            clear(folder)
    if as_json:
        print_json(report.as_json())
    else:
        show(report)
    return Exit.OK if report.good else Exit.DISCREPANCIES


def ended(server: EmbeddedPostgres, keep: Path | None, report: Report | None) -> None:
    """It can be filled again from a journal; it stays where something is to be looked at."""
    if keep is not None and report is not None and not report.good:
        server.stop()
    else:
        server.destroy()


def interrupted(number: int, frame: object) -> None:
    """As Ctrl-C does."""
    raise KeyboardInterrupt


def show(report: Report) -> None:
    found = report.as_json()
    rows = [
        ("orders sent", f"{found['orders']:,}, of which {found['acknowledged']:,} answered"),
        ("commands in the log", f"{found['commands']:,}"),
        ("acknowledged and lost", found["lost"]),
        ("applied twice", found["applied_twice"]),
        ("cash, shares and rows that differ", found["discrepancies"]),
        ("of unknown fate", found["unknown"]),
        ("epochs with two leaders", found["two_leaders"]),
        ("one log on both nodes", "yes" if found["same_logs"] else "NO"),
        ("state hash of the logs", found["state_hash"]),
    ]
    if live := report.live:
        nodes = ", ".join(f"{name} {each}" for name, each in live.nodes.items())
        same = "as the logs have it" if live.same else f"the logs have {live.replayed}: DIFFERENT"
        rows.append(("of the live nodes", f"behind command {live.sequence:,}: {nodes}; {same}"))
    if ledger := report.ledger:
        missing = f", {ledger.missing} of what was answered MISSING" if ledger.missing else ""
        differs = f"; the first that differs: {ledger.first}" if ledger.first else ""
        what = f"up to command {ledger.sequence:,}, {ledger.trades:,} trades{missing}{differs}"
        rows.append(("ledger", what))
    for name in ("detection", "promotion", "first_ack", "outage", "planned", "planned_longest"):
        if values := found[f"{name}_ms"]:
            title = f"{name.replace('_', ' ')} ms"
            rows.append((title, f"p50 {values['p50']:g}, p99 {values['p99']:g}"))
    print_table([(name, str(value)) for name, value in rows])
