"""What `lmax drill` does: hold the exercise, and tell how it went."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

from node.cli.errors import Failure
from node.cli.exits import Exit
from node.cli.output import print_json, print_table
from node.drill.exercise import clear, hold
from node.drill.machine import DrillError
from node.drill.report import Report
from node.drill.view import shown


def drill(*, as_json: bool, keep: Path | None, **options: object) -> Exit:
    """Hold it in a temporary folder, or in `keep`, which stays."""
    folder = keep or Path(tempfile.mkdtemp(prefix="lmax-drill-"))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)  # the nodes end with us
    try:
        with shown(as_json=as_json) as view:
            report = hold(
                folder / "cluster",
                tell=view.tell,
                look=view.look,
                **options,  # type: ignore[arg-type]
            )
    except DrillError as error:
        raise Failure(Exit.CLUSTER, str(error)) from None
    finally:
        if keep is None:
            clear(folder)
    if as_json:
        print_json(report.as_json())
    else:
        show(report)
    return Exit.OK if report.good else Exit.DISCREPANCIES


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
        ("cash and shares that differ", found["discrepancies"]),
        ("of unknown fate", found["unknown"]),
        ("epochs with two leaders", found["two_leaders"]),
        ("one log on both nodes", "yes" if found["same_logs"] else "NO"),
        ("state hash of the logs", found["state_hash"]),
    ]
    if live := report.live:
        nodes = ", ".join(f"{name} {each}" for name, each in live.nodes.items())
        same = "as the logs have it" if live.same else f"the logs have {live.replayed}: DIFFERENT"
        rows.append(("of the live nodes", f"behind command {live.sequence:,}: {nodes}; {same}"))
    for name in ("detection", "promotion", "first_ack", "outage", "planned", "planned_longest"):
        if values := found[f"{name}_ms"]:
            title = f"{name.replace('_', ' ')} ms"
            rows.append((title, f"p50 {values['p50']:g}, p99 {values['p99']:g}"))
    print_table([(name, str(value)) for name, value in rows])
