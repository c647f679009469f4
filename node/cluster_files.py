"""The files of a new cluster on one machine: an identity and a configuration for each node."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from node import config_values as values
from node.cluster_config import MOST_MEMBERS, load_config
from node.config_values import ConfigError

CONFIG, IDENTITY, DATA = "node.toml", "identity.pem", "data"
PORTS_EACH = 10
HIGHEST_PORT = 65_535


@dataclass(frozen=True)
class Made:
    """What was written for one node."""

    name: str
    config: Path
    key: str
    control: str
    clients: str


def make_cluster(
    folder: Path,
    names: Sequence[str],
    *,
    base_port: int,
    witness: str,
    make_identity: Callable[[Path], str],
    title: str = "lmax",
) -> list[Made]:
    """Write everything into FOLDER/NAME/; ConfigError, with nothing written, if one is there.

    witness: "" for a file in that folder; make_identity: makes a key file, returns its public half.
    """
    folder = folder.absolute()
    _check(folder, names, base_port)
    try:
        witness = values.witness(witness or f"file:{folder / 'witness'}")
    except ValueError as error:
        raise ConfigError(f"the witness: {error}") from None
    for name in names:
        (folder / name).mkdir(parents=True, mode=0o700)
    keys = {name: make_identity(folder / name / IDENTITY) for name in names}
    ports = {name: base_port + PORTS_EACH * place for place, name in enumerate(names)}
    shared = _cluster(title, witness) + "".join(
        _member(name, number, ports[name], keys[name]) for number, name in enumerate(names, 1)
    )
    for name in names:
        _write(folder / name / CONFIG, _node(name) + shared)
        load_config(folder / name / CONFIG)
    return [
        Made(
            name,
            folder / name / CONFIG,
            keys[name],
            f"127.0.0.1:{ports[name] + 2}",
            f"127.0.0.1:{ports[name] + 1}",
        )
        for name in names
    ]


def _check(folder: Path, names: Sequence[str], base_port: int) -> None:
    if not 2 <= len(names) <= MOST_MEMBERS or len(set(names)) != len(names):
        raise ConfigError(f"a cluster has 2 to {MOST_MEMBERS} nodes, each with a name of its own")
    for name in names:
        try:
            values.name(name)
        except ValueError as error:
            raise ConfigError(f"a node's name {error}") from None
        if (folder / name).exists():
            raise ConfigError(
                f"{folder / name} is there already and is not overwritten; name another folder"
            )
    if not 1 <= base_port <= HIGHEST_PORT - PORTS_EACH * len(names):
        raise ConfigError(f"{base_port}: {PORTS_EACH * len(names)} ports from there do not exist")


def _write(path: Path, text: str) -> None:
    """For its owner only, like the folder: what it names is secret."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _node(name: str) -> str:
    return f"""\
# One node of a cluster; docs/operations.md describes every key. Paths are taken from this folder.
[node]
name = "{name}"
data = "{DATA}"
identity = "{IDENTITY}"
layout = "shared"           # "dedicated": a spinning core for each agent
snapshot_every = 5000000    # commands, or "600s"; 0: never
checkpoints = 1.0           # seconds between state hashes in the journal
timer = 0.1                 # seconds between two TIMER commands of the primary
journal_mode = "auto"
aeron = "udp"
"""


def _cluster(title: str, witness: str) -> str:
    return f"""
# From here on the files of all nodes say the same.
[cluster]
name = "{title}"
id = "{secrets.token_hex(16)}"
witness = {_quoted(witness)}
commit = "replicated"       # "durable": a standby has to have synced, too
wait_for = "any"            # "all", or a list of names
without_standby = "alone"   # "halt": nothing is acknowledged without one
lease_ms = 1000
heartbeat_ms = 20
silence_ms = 500
disk_stall_ms = 1000        # a disk that stalls or is full for longer costs the lead; 0: never
"""


def _member(name: str, number: int, port: int, key: str) -> str:
    return f"""
[[member]]
name = "{name}"
number = {number}
replication = "127.0.0.1:{port}"
clients = "127.0.0.1:{port + 1}"
control = "127.0.0.1:{port + 2}"
key = "{key}"
"""
