"""What `lmax snapshot` does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from journal.errors import SnapshotError
from journal.key_sources import load_keys
from journal.snapshots import SnapshotStore
from node.cli.exits import Exit
from node.cli.journal_reading import journal_of
from node.cli.output import print_json, print_table, say
from node.snapshots import take_one


def take_snapshot(folder: Path, keep: int, journal_key: str, as_json: bool) -> Exit:
    """`lmax snapshot DIR`"""
    directory = journal_of(folder)
    found = take_one(directory, load_keys(journal_key, directory), keep)
    for what in found["passed"]:
        say(f"lmax: a snapshot is passed over: {what}")
    if as_json:
        print_json(dict(found))
        return Exit.OK
    size = f"{found['bytes'] / 2**20:,.1f} MiB in {found['seconds']} s"
    print_table(
        [
            ("snapshot", found["snapshot"] or "none: nothing is certainly on the disk yet"),
            ("command", f"{found['sequence']:,}"),
            ("state hash", found["state_hash"]),
            ("written", size if found["bytes"] else "nothing: it was there already"),
            ("began with", f"the snapshot of command {found['began_with']:,}"),
        ]
    )
    return Exit.OK


def list_snapshots(folder: Path, as_json: bool) -> Exit:
    """`lmax snapshot DIR --list`"""
    store = SnapshotStore.of(journal_of(folder))
    rows: list[dict[str, Any]] = []
    for name in store.names():
        try:
            found = store.check(name)
        except SnapshotError as error:
            rows.append({"name": name, "good": False, "what": error.what})
            continue
        rows.append(
            {
                "name": name,
                "good": True,
                "what": "",
                "sequence": found.sequence,
                "state_hash": f"{found.state_hash:016x}",
                "bytes": found.size,
                "created": found.created,
                "key": found.key,
            }
        )
    if as_json:
        print_json({"snapshots": rows})
    else:
        print_table([(row["name"], _words(row)) for row in rows] or [("snapshots", "none")])
    return Exit.OK if not rows or any(row["good"] for row in rows) else Exit.JOURNAL


def _words(row: dict[str, Any]) -> str:
    if not row["good"]:
        return str(row["what"])
    created = datetime.fromtimestamp(row["created"] / 1e9, UTC)
    return (
        f"good, {row['bytes'] / 2**20:,.1f} MiB, {created:%Y-%m-%d %H:%M:%S} UTC,"
        f" state hash {row['state_hash']}"
    )
