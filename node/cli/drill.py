"""What `lmax drill` does: hold the exercise, and tell how it went."""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path

import click

from node.cli.exits import Exit
from node.cli.output import print_json
from node.drill.exercise import Report, clear, hold
from node.drill.machine import DrillError


def drill(*, as_json: bool, keep: Path | None, **options: object) -> Exit:
    """Hold it in a temporary folder, or in `keep`, which stays."""
    began = time.monotonic()
    folder = keep or Path(tempfile.mkdtemp(prefix="lmax-drill-"))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)  # the nodes end with us

    def tell(line: str) -> None:
        click.echo(f"{time.monotonic() - began:7.1f} s  {line}", err=as_json)

    try:
        report = hold(folder / "cluster", tell=tell, **options)  # type: ignore[arg-type]
    except DrillError as error:
        click.echo(f"lmax drill: {error}", err=True)
        return Exit.CLUSTER
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
        ("ledger differences", found["discrepancies"]),
        ("of unknown fate", found["unknown"]),
        ("one log on both nodes", "yes" if found["same_logs"] else "NO"),
        ("state hash", found["state_hash"]),
    ]
    for name in ("detection", "promotion", "outage", "planned"):
        if values := found[f"{name}_ms"]:
            rows.append((f"{name} ms", f"p50 {values['p50']:g}, p99 {values['p99']:g}"))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:<{width}}  {value}")
