"""What `lmax status` does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from journal.errors import JournalKeyError
from journal.secret import read_secret
from node import compatibility
from node.cli.exits import Exit
from node.cli.output import print_json
from node.cli.stopping import Stop
from node.cluster_config import load_config
from node.config_values import Address
from node.control_client import NobodyAnswers, ask
from node.control_loop import Refusal

EVERY_S = 1.0
HTTP_PORT = 80


@dataclass(frozen=True)
class Target:
    """A node to ask. name: "" where only its address is known."""

    name: str
    address: Address
    token: str


def show(where: tuple[str, ...], watch: bool, token: str, as_json: bool) -> Exit:
    """`lmax status`"""
    targets = targets_of(where, token)
    if not watch:
        found = look(targets)
        if as_json:
            print_json(found)
        else:
            Console().print(table(found))
        return _exit(found)
    stop = Stop()
    found = {"primary": None, "members": []}
    with _screen(as_json) as live:
        while not stop.asked:
            found = look(targets)
            if live is None:
                print_json(found)
            else:
                live.update(table(found), refresh=True)
            stop.wait(EVERY_S)
    return _exit(found)


@contextlib.contextmanager
def _screen(as_json: bool) -> Iterator[Live | None]:
    if as_json:
        yield None
        return
    with Live(auto_refresh=False) as live:
        yield live


def _exit(found: dict[str, Any]) -> Exit:
    """Whether anybody answered."""
    answered = any("error" not in member for member in found["members"])
    return Exit.OK if answered else Exit.CLUSTER


def targets_of(where: tuple[str, ...], source: str) -> list[Target]:
    """Every node that is meant, once. Raises ConfigError, UsageError."""
    targets: dict[Address, Target] = {}
    token = _token(source)
    for text in where:
        if "://" in text:
            address = _address(text)
            targets[address] = Target("", address, token)
            continue
        config = load_config(Path(text))
        shared = token or config.token()
        for member in config.members:
            targets[member.control] = Target(member.name, member.control, shared)
    return list(targets.values())


def _token(source: str) -> str:
    try:
        return read_secret(source).strip() if source else ""
    except JournalKeyError as error:
        raise click.UsageError(f"--token: {error}") from None


def _address(url: str) -> Address:
    wrong = click.UsageError(f"{url!r} is not http://HOST:PORT, nor a file")
    try:
        parts = urlsplit(url)
        port = parts.port or HTTP_PORT
    except ValueError:
        raise wrong from None
    if parts.scheme != "http" or not parts.hostname or parts.username or parts.path.strip("/"):
        raise wrong
    return Address(parts.hostname, port)


def look(targets: list[Target]) -> dict[str, Any]:
    """What all of them say, asked at once."""
    with ThreadPoolExecutor(max(1, len(targets))) as pool:
        members = list(pool.map(_ask, targets))
    leading = [member for member in members if member.get("role") == "PRIMARY"]
    leading.sort(key=lambda member: member.get("epoch", 0))
    return {"primary": leading[-1]["name"] if leading else None, "members": members}


def _ask(target: Target) -> dict[str, Any]:
    try:
        return ask(target.address, "/status", token=target.token)
    except (NobodyAnswers, Refusal) as error:
        return {"name": target.name, "control": str(target.address), "error": str(error)}


def table(found: dict[str, Any]) -> Table:
    """One line for each node."""
    title = f"{time.strftime('%H:%M:%S')}  primary: {found['primary'] or 'none'}"
    shown = Table(title=title + "".join(map(_ledger, found["members"])))
    for title in ("node", "role", "epoch", "in sync"):
        shown.add_column(title)
    for title in ("applied", "synced", "lag", "lease s"):
        shown.add_column(title, justify="right")
    shown.add_column("problem", overflow="fold")
    for member in found["members"]:
        shown.add_row(*_row(member))
    shown.caption = "\n".join(builds(found["members"]))
    return shown


def _lost_lead(why: str) -> str:
    """What somebody should look at, though all may be well again."""
    return f"gave its lead away: {why}" if why.startswith("disk") else ""


def builds(members: list[dict[str, Any]]) -> list[str]:
    """Releases, and what has to be equal; a line for each that differs, with its nodes."""
    by_build: dict[str, list[str]] = {}
    for member in members:
        if "build" in member:
            by_build.setdefault(compatibility.line(member["build"]), []).append(member["name"])
    return [f"{', '.join(names)}: {build}" for build, names in by_build.items()]


def _row(member: dict[str, Any]) -> list[str]:
    if "error" in member:
        return [member["name"] or member["control"], "?", *[""] * 6, member["error"]]
    at, peers = member["sequences"], member["peers"]
    lag = max((peer["lag"] for peer in peers), default=0)
    replay, ledger = member.get("replay"), member.get("ledger") or {}
    reading = f"reads its journal: {replay['at']:,} of {replay['end']:,}" if replay else ""
    problems = [
        reading,
        member["problem"],
        _lost_lead(member.get("handovers", {}).get("last", "")),
        member["journal"]["problem"],
        member["snapshot"]["problem"],
    ]
    if ledger.get("problem"):
        problems.append(f"ledger: {ledger['problem']}")
    if member["role"] == "PRIMARY":
        problems += [f"{peer['name']}: {peer['problem']}" for peer in peers if peer["problem"]]
    return [
        member["name"],
        member["role"],
        str(member["epoch"]),
        ", ".join(member["in_sync"]),
        f"{at['applied']:,}",
        f"{at['synced']:,}",
        f"{lag:,}",
        f"{member['lease_seconds']:.2f}" if member["role"] == "PRIMARY" else "",
        "; ".join(filter(None, problems)),
    ]


def _ledger(member: dict[str, Any]) -> str:
    """How far it is; nothing of a node that does not feed it."""
    ledger = member.get("ledger") or {}
    if ledger.get("state", "off") == "off":
        return ""
    if ledger["lag"] is None:
        return f"  ledger: {ledger['state']}"
    return f"  ledger: {ledger['position']:,}, {ledger['lag']:,} behind"
