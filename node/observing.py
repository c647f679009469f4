"""What a member is at a moment, as plain values that any thread may read.

The control thread looks, between two steps; the HTTP port and the metrics show what it saw.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from node import compatibility
from node.replaying import Replay

STARTING = "STARTING"
"""Shown until there is a member: it reads its journal."""

ROLES = (STARTING, "STANDBY", "CATCHING_UP", "IN_SYNC", "PROMOTING", "PRIMARY", "FENCED")

UNLIMITED = 2**62
"""What `permitted` is where nothing holds the logic back, as on a standby; see node.core."""


class MemberLike(Protocol):
    """What is used of node.member.Member here; a test's stand-in has no more."""

    role: Any
    """An Enum whose names are those of ROLES."""
    record: Any
    """The witness's: epoch, leader, in_sync, released; None before the first answer."""
    problem: str
    disk_problem: str
    """Its disk stalls or is full, and what is done about it; "" while all is well."""
    handovers: dict[str, int]
    """How often it gave the lead away, by the reason."""
    last_handover: str
    switching: bool
    core: Any
    leading: Any
    following: Any

    @property
    def acknowledges(self) -> bool: ...

    @property
    def takes_orders(self) -> bool: ...

    @property
    def lease_until(self) -> int:
        """By the member's clock, nanoseconds; 0: no lease."""

    def step(self) -> int: ...

    def switch(self, to: str = "") -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Peer:
    """Another node, as this one sees it. lag: commands that it (or, of a leader, we) lack."""

    name: str
    state: str
    received: int
    synced: int
    applied: int
    lag: int
    connected: bool
    problem: str = ""


@dataclass(frozen=True)
class LedgerSeen:
    """The ledger that this node feeds. state: see ledger.tail.TailState; "off" while another one
    feeds it, or nobody. position: the last command in it; lag: how many are missing, None while
    that is not known; rows: written since this node leads."""

    state: str = "off"
    epoch: int = 0
    position: int = 0
    lag: int | None = None
    rows: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Observed:
    """One look. seen_ns: when, by time.monotonic_ns; replay: while the journal is read; ledger:
    None where this node has none."""

    name: str
    cluster: str
    role: str = STARTING
    epoch: int = 0
    leader: str = ""
    in_sync: tuple[str, ...] = ()
    acknowledges: bool = False
    takes_orders: bool = False
    switching: bool = False
    problem: str = ""
    lease_seconds: float = 0.0
    published: int = 0
    synced: int = 0
    permitted: int | None = None
    applied: int = 0
    peers: tuple[Peer, ...] = ()
    batches: int = 0
    resent: int = 0
    waits: int = 0
    refused: int = 0
    limited: int = 0
    journal_problem: str = ""
    journal_mode: str = ""
    snapshot_sequence: int = 0
    snapshot_problem: str = ""
    ledger: LedgerSeen | None = None
    disk_ill: bool = False
    handovers: dict[str, int] = field(default_factory=dict)
    last_handover: str = ""
    replay: Replay | None = None
    seen_ns: int = field(default_factory=time.monotonic_ns)

    @property
    def age_seconds(self) -> float:
        """How long ago the control thread looked; it looks twenty times a second."""
        return (time.monotonic_ns() - self.seen_ns) / 1e9

    def aged(self) -> Observed:
        """The same, as it has to be read now: a lease runs out while nobody looks."""
        left = max(0.0, self.lease_seconds - self.age_seconds)
        return replace(
            self,
            lease_seconds=left,
            acknowledges=self.acknowledges and left > 0,
            takes_orders=self.takes_orders and left > 0,
        )


def observe(
    name: str, cluster: str, member: MemberLike, clock: Callable[[], int] = time.monotonic_ns
) -> Observed:
    """Look at a member, on the thread that steps it. clock: the member's."""
    record, core = member.record, member.core
    published, permitted = core.input.cursor, core.permitted.value
    counters = _counters(member)
    snapshots = core.snapshots.status if core.snapshots is not None else None
    return Observed(
        name=name,
        cluster=cluster,
        role=member.role.name,
        epoch=record.epoch if record else 0,
        leader=record.leader if record else "",
        in_sync=tuple(sorted(record.in_sync)) if record else (),
        acknowledges=member.acknowledges,
        takes_orders=member.takes_orders,
        switching=member.switching,
        problem=member.problem or member.disk_problem or _trouble(member),
        lease_seconds=max(0.0, (member.lease_until - clock()) / 1e9) if member.lease_until else 0.0,
        published=published,
        synced=core.synced.value,
        permitted=permitted if permitted < UNLIMITED else None,
        applied=core.business.applied,
        peers=_peers(member, published),
        batches=counters.get("batches", 0),
        resent=counters.get("resent", counters.get("resends", 0)),
        waits=counters.get("waits", 0),
        refused=counters.get("refused", 0),
        limited=_limited(member),
        journal_problem=str(core.journal.problem or ""),
        journal_mode=core.journal.mode,
        snapshot_sequence=snapshots.sequence if snapshots else 0,
        snapshot_problem=snapshots.problem if snapshots else "",
        disk_ill=bool(member.disk_problem),
        handovers=dict(member.handovers),
        last_handover=member.last_handover,
    )


def _trouble(member: MemberLike) -> str:
    return member.following.problem if member.following is not None else ""


def _counters(member: MemberLike) -> dict[str, int]:
    side = member.leading or member.following
    return dict(side.agent.counters) if side is not None else {}


def _limited(member: MemberLike) -> int:
    """Frames of handshakes that were dropped because too many came."""
    if member.leading is not None:
        return sum(end.limited for end in member.leading.agent.ends)
    return int(member.following.agent.end.limited) if member.following is not None else 0


def _peers(member: MemberLike, published: int) -> tuple[Peer, ...]:
    if member.leading is not None:
        agent = member.leading.agent
        standbys = enumerate(member.leading.standbys)
        return tuple(_standby(agent, index, peer, published) for index, peer in standbys)
    if member.following is not None and member.record is not None:
        return (_leader(member, published),)
    return ()


def _standby(agent: Any, index: int, peer: Any, published: int) -> Peer:
    """What it acknowledged last, or how far the journal was read for it."""
    received, synced, applied, _ = agent.said(index)
    if peer.feed is not None:
        received = max(received, peer.feed.sequence)
    lag = max(0, published - received)
    connected = peer.state.name != "ASIDE"
    return Peer(peer.name, peer.state.name, received, synced, applied, lag, connected, peer.problem)


def _leader(member: MemberLike, published: int) -> Peer:
    """The primary: what it said that it has sent, and what it permits."""
    following = member.following
    _, sent, permitted, _ = following.agent.leader
    connected = following.stage.name != "HAILING"
    lag = max(0, sent - published)
    name = member.record.leader
    return Peer(name, following.stage.name, sent, 0, permitted, lag, connected, following.problem)


def as_json(seen: Observed) -> dict[str, Any]:
    """What GET /status answers; docs/operations.md names the keys."""
    seen = seen.aged()
    return {
        "name": seen.name,
        "build": compatibility.as_json(),
        "cluster": seen.cluster,
        "role": seen.role,
        "epoch": seen.epoch,
        "leader": seen.leader,
        "in_sync": list(seen.in_sync),
        "acknowledges": seen.acknowledges,
        "takes_orders": seen.takes_orders,
        "switching": seen.switching,
        "problem": seen.problem,
        "lease_seconds": round(seen.lease_seconds, 3),
        "sequences": {
            "published": seen.published,
            "synced": seen.synced,
            "permitted": seen.permitted,
            "applied": seen.applied,
        },
        "peers": [vars(peer) for peer in seen.peers],
        "replication": {
            "batches": seen.batches,
            "resent": seen.resent,
            "waits": seen.waits,
            "refused": seen.refused,
            "limited": seen.limited,
        },
        "replay": seen.replay._asdict() if seen.replay else None,
        "journal": {"problem": seen.journal_problem, "mode": seen.journal_mode},
        "snapshot": {"sequence": seen.snapshot_sequence, "problem": seen.snapshot_problem},
        "ledger": asdict(seen.ledger) if seen.ledger else None,
        "disk": {"ill": seen.disk_ill},
        "handovers": {**seen.handovers, "last": seen.last_handover},
        "clock": {
            "utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "age_ms": round(seen.age_seconds * 1000),
        },
    }
