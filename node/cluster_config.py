"""What one node of a cluster is told: a TOML file, checked before anything is opened.

Paths are taken from the folder of the file. docs/operations.md describes every key.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journal.errors import JournalKeyError
from journal.key_sources import source_of
from journal.secret import read_secret
from journal.serve import is_here
from ledger.dsn import checked_dsn, refuse_secrets
from node import config_values as values
from node.config_paths import journal_key_from, place_from, witness_from
from node.config_values import Address, ConfigError, Key, Table
from node.snapshots import Every, parse_every

MOST_MEMBERS = 15
BASE_STREAM = 1000
SHORTEST_STALL_MS = 100


@dataclass(frozen=True)
class ClusterPart:
    """[cluster]: the same in the file of every node."""

    name: str
    id: bytes
    witness: str
    commit: str
    wait_for: str | frozenset[str]
    without_standby: str
    lease_ms: int
    heartbeat_ms: int
    silence_ms: int
    disk_stall_ms: int
    catch_up_per_s: int


@dataclass(frozen=True)
class NodePart:
    """[node]: this node's own. journal_key: None, what LMAX_JOURNAL_KEY names."""

    name: str
    data: Path
    identity: Path
    control: Address
    control_token: str
    layout: str
    snapshot_every: Every
    checkpoints: float
    timer: float
    journal_mode: str
    journal_key: str | None
    aeron: str
    mtu: int
    client_token_file: Path | None
    ledger: str


@dataclass(frozen=True)
class MemberPart:
    """[[member]]: one node, as the others reach it."""

    name: str
    number: int
    replication: Address
    clients: Address
    control: Address
    key: str


@dataclass(frozen=True)
class Link:
    """How Aeron's messages go to one other node, and come from there."""

    peer: str
    send_uri: str
    send_stream: int
    receive_uri: str
    receive_stream: int


@dataclass(frozen=True)
class NodeConfig:
    """A whole file."""

    file: Path
    cluster: ClusterPart
    node: NodePart
    members: tuple[MemberPart, ...]

    @property
    def me(self) -> MemberPart:
        return self.member(self.node.name)

    @property
    def peers(self) -> tuple[MemberPart, ...]:
        return tuple(member for member in self.members if member.name != self.node.name)

    @property
    def begins(self) -> bool:
        """Whether this node begins the journal of a new cluster: that with the lowest number."""
        return self.me.number == min(member.number for member in self.members)

    def member(self, name: str) -> MemberPart:
        """Raises KeyError."""
        return {member.name: member for member in self.members}[name]

    @property
    def waits_for(self) -> frozenset[str]:
        """The others that all have to be in sync when this node leads; empty: any one."""
        wanted, others = self.cluster.wait_for, frozenset(peer.name for peer in self.peers)
        if isinstance(wanted, frozenset):
            return wanted & others
        return others if wanted == "all" else frozenset()

    def token(self) -> str:
        """That of the control port; "" for none. Raises ConfigError."""
        return self._secret("control_token", self.node.control_token)

    def client_token(self) -> str:
        """What clients have to show; "" for nothing, on this machine only. Raises ConfigError."""
        path = self.node.client_token_file
        found = self._secret("client_token_file", f"file:{path}" if path else "")
        if not found and not is_here(self.me.clients.host):
            raise ConfigError(
                f"{self.file}: [node] client_token_file: is missing, and {self.me.clients} can be"
                " reached from other machines; name a file, or an address of this machine"
            )
        return found

    def ledger_dsn(self) -> str:
        """The PostgreSQL that this node feeds while it leads; "": none. Raises ConfigError."""
        place = self.node.ledger
        dsn = self._secret("ledger", place) if place.startswith(values.SECRETS) else place
        try:
            return checked_dsn(dsn)
        except ValueError as error:
            raise ConfigError(f"{self.file}: [node] ledger: {error}") from None

    def _secret(self, key: str, place: str) -> str:
        if not place:
            return ""
        try:
            found = read_secret(place).strip()
        except JournalKeyError as error:
            raise ConfigError(f"{self.file}: [node] {key}: {error}") from None
        if not found:
            raise ConfigError(f"{self.file}: [node] {key}: there is nothing in it")
        return found

    def links(self) -> tuple[Link, ...]:
        """One for each other node."""
        more, me = f"|mtu={self.node.mtu}" if self.node.mtu else "", self.me
        found = []
        for peer in self.peers:
            there, here = f"aeron:udp?endpoint={peer.replication}{more}", me.replication
            back = f"aeron:udp?endpoint={here}"
            if self.node.aeron == "ipc":
                there = back = "aeron:ipc"
            out = BASE_STREAM + 16 * me.number + peer.number
            into = BASE_STREAM + 16 * peer.number + me.number
            found.append(Link(peer.name, there, out, back, into))
        return tuple(found)


def _every(value: Any) -> Every:
    try:
        return parse_every(str(value))
    except ValueError:
        raise ValueError(
            f'{value!r}: write a number of commands (5000000, at least 1000), seconds ("600s")'
            " or 0 for never"
        ) from None


def _journal_key(value: Any) -> str:
    try:
        source_of(values.text(value))
    except JournalKeyError as error:
        raise ValueError(str(error)) from None
    return str(value)


def _ledger(value: Any) -> str:
    """A place, or a DSN that is no secret."""
    if not values.text(value).startswith(values.SECRETS):
        refuse_secrets(checked_dsn(value))
    return str(value)


def _stall(value: Any) -> int:
    number = values.whole(0, 600_000)(value)
    if 0 < number < SHORTEST_STALL_MS:
        raise ValueError(
            f"{value}: a healthy disk takes that long now and then; write at least"
            f" {SHORTEST_STALL_MS}, or 0 for never"
        )
    return number


def _mtu(value: Any) -> int:
    number = values.whole(0, 65_504)(value)
    if number and (number < 1408 or number % 32):
        raise ValueError(f"{value}: write a multiple of 32, 1408 to 65504, or 0 for Aeron's")
    return number


CLUSTER = {
    "name": Key(values.name),
    "id": Key(values.cluster_id),
    "witness": Key(values.witness),
    "commit": Key(values.one_of("replicated", "durable"), "replicated"),
    "wait_for": Key(values.names, "any"),
    "without_standby": Key(values.one_of("alone", "halt"), "alone"),
    "lease_ms": Key(values.whole(100, 60_000), 1000),
    "heartbeat_ms": Key(values.whole(1, 10_000), 20),
    "silence_ms": Key(values.whole(10, 60_000), 500),
    "disk_stall_ms": Key(_stall, 1000),
    "catch_up_per_s": Key(values.whole(1_000, 100_000_000), 1_200_000),
}

NODE = {
    "name": Key(values.name),
    "data": Key(values.text),
    "identity": Key(values.text),
    "control": Key(values.address, None),
    "control_token": Key(values.secret, ""),
    "layout": Key(values.one_of("shared", "dedicated"), "shared"),
    "snapshot_every": Key(_every, Every(commands=5_000_000)),
    "checkpoints": Key(values.period, 1.0),
    "timer": Key(values.period, 0.1),
    "journal_mode": Key(values.one_of("auto", "direct", "uring", "buffered"), "auto"),
    "journal_key": Key(_journal_key, None),
    "aeron": Key(values.one_of("udp", "ipc"), "udp"),
    "mtu": Key(_mtu, 0),
    "client_token_file": Key(values.text, None),
    "ledger": Key(_ledger, ""),
}

MEMBER = {
    "name": Key(values.name),
    "number": Key(values.whole(1, MOST_MEMBERS)),
    "replication": Key(values.address),
    "clients": Key(values.address),
    "control": Key(values.address),
    "key": Key(values.public_key),
}


def load_config(file: Path) -> NodeConfig:
    """What stands in the file. Raises ConfigError."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}; name a node's file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is no text in UTF-8; write it anew") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: is no TOML: {error}; mend that line") from None
    for key in found:
        if key not in ("cluster", "node", "member"):
            raise ConfigError(f"{file}: {key}: there are only [cluster], [node] and [[member]]")
    cluster = _cluster(_table(file, found, "cluster"))
    members = _members(file, found.get("member"))
    node = _node(_table(file, found, "node"), members)
    _check_names(Table(file, "[cluster]", {}), cluster, members)
    return NodeConfig(file, cluster, node, members)


def _table(file: Path, found: dict[str, Any], name: str) -> Table:
    if not isinstance(found.get(name), dict):
        raise ConfigError(f"{file}: [{name}] is missing; add it")
    return Table(file, f"[{name}]", found[name])


def _folder(file: Path) -> Path:
    return file.absolute().parent


def _cluster(table: Table) -> ClusterPart:
    read = table.read(CLUSTER)
    read["witness"] = witness_from(_folder(table.file), read["witness"])
    part = ClusterPart(**read)
    if part.heartbeat_ms * 3 >= part.silence_ms:
        raise table.complain(
            "heartbeat_ms",
            f"{part.heartbeat_ms} is not below a third of silence_ms, {part.silence_ms}:"
            " one that is late would be taken for a dead node; make it smaller",
        )
    if part.silence_ms > part.lease_ms:
        raise table.complain(
            "silence_ms",
            f"{part.silence_ms} is more than lease_ms, {part.lease_ms}: a lost standby would hold"
            " up everybody for longer than a failover; make it smaller",
        )
    return part


def _node(table: Table, members: tuple[MemberPart, ...]) -> NodePart:
    read = table.read(NODE)
    own = [member for member in members if member.name == read["name"]]
    if not own:
        known = ", ".join(member.name for member in members)
        raise table.complain("name", f"no [[member]] is called {read['name']!r}, only {known}")
    folder = _folder(table.file)
    read["control"] = read["control"] or own[0].control
    for key in ("control_token", "ledger"):
        read[key] = place_from(folder, read[key])
    if read["journal_key"]:
        read["journal_key"] = journal_key_from(folder, read["journal_key"])
    for path in ("data", "identity", "client_token_file"):
        read[path] = folder / read[path] if read[path] else None
    return NodePart(**read)


def _members(file: Path, found: Any) -> tuple[MemberPart, ...]:
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ConfigError(f"{file}: [[member]] is missing; add one for each node, this one too")
    members: list[MemberPart] = []
    for place, entry in enumerate(found, 1):
        called = entry.get("name", f"the {place}. one")
        table = Table(file, f"[[member]] {called}", entry)
        members.append(MemberPart(**table.read(MEMBER)))
        _check_unlike(table, members[-1], members[:-1])
    return tuple(members)


def _check_unlike(table: Table, member: MemberPart, others: list[MemberPart]) -> None:
    for key in ("name", "number", "replication", "clients", "control", "key"):
        for other in others:
            if getattr(member, key) == getattr(other, key):
                what = f"is that of {other.name} too; give every node its own"
                raise table.complain(key, what)


def _check_names(table: Table, cluster: ClusterPart, members: tuple[MemberPart, ...]) -> None:
    known = {member.name for member in members}
    if isinstance(cluster.wait_for, frozenset) and cluster.wait_for - known:
        strangers = ", ".join(sorted(cluster.wait_for - known))
        what = f"no [[member]] is called {strangers}; add it, or leave it out"
        raise table.complain("wait_for", what)
