"""What Prometheus is told of a node, in a registry of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from node import compatibility
from node.control_loop import ControlLoop
from node.observing import ROLES, LedgerSeen, Observed

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

GAUGES = {
    "lmax_epoch": "Epoch of the witness's record",
    "lmax_acknowledges": "1 while this node is primary and its lease runs",
    "lmax_takes_orders": "1 while clients may send orders to this node",
    "lmax_lease_seconds": "How long the primary's lease still runs; 0 on a standby",
    "lmax_in_sync_members": "How many members the witness records as in sync, the primary too",
    "lmax_problem": "1 while /status names a problem, as a witness that does not answer",
    "lmax_journal_problem": "1 while the journal has a problem, as a full disk",
    "lmax_disk_ill": "1 while the disk has stalled, or been full, for longer than disk_stall_ms",
    "lmax_snapshot_sequence": "Sequence of the newest snapshot",
    "lmax_snapshot_problem": "1 while the last snapshot could not be taken",
    "lmax_replay_sequence": "How far the journal is read, while it is; else 0",
    "lmax_replay_end_sequence": "Where it ends, while it is read; else 0",
    "lmax_ledger_feeds": "1 while this node feeds the ledger and PostgreSQL takes it",
    "lmax_ledger_epoch": "Epoch in which this node feeds the ledger; 0: it does not",
    "lmax_ledger_sequence": "The last command in the ledger that this node feeds",
    "lmax_ledger_lag_commands": "Commands that the ledger lacks; NaN while that is not known",
    "lmax_ledger_problem": "1 while the ledger cannot be fed",
    "lmax_step_age_seconds": "Since the control thread last looked; above 1 it is stuck or replays",
}
COUNTERS = {
    "lmax_failovers_total": "How often this process became primary",
    "lmax_replication_batches_total": "Batches sent (primary) or taken (standby) in this role",
    "lmax_replication_resent_total": "Batches sent, or asked for, again",
    "lmax_replication_waits_total": "Rounds in which a channel had no room",
    "lmax_replication_refused_total": "Messages that a standby refused",
    "lmax_replication_limited_total": "Frames of handshakes that were dropped: too many came",
}
BUILD_LABELS = tuple(compatibility.as_json())
LABELLED = {
    "lmax_build_info": (BUILD_LABELS, "1; the labels say which release, and what must be equal"),
    "lmax_role": (("role",), "1 for the role that this node has"),
    "lmax_sequence": (("stage",), "published, synced, permitted (primary only), applied"),
    "lmax_peer_lag_commands": (("peer",), "Commands that a standby lacks; on a standby, we lack"),
    "lmax_peer_received_sequence": (("peer",), "The last command that a peer has"),
    "lmax_peer_connected": (("peer",), "1 while a peer is connected"),
    "lmax_peer_problem": (("peer",), "1 while something is wrong with a peer"),
    "lmax_peer_state": (("peer", "state"), "1 for the state that a peer is in"),
}
BY_REASON = {
    "lmax_handovers_total": "How often this node gave its lead away: asked, disk-stall, disk-full",
}
NAMES = (*GAUGES, *COUNTERS, *BY_REASON, *LABELLED)


class NodeCollector(Collector):
    """Turns the last look at the member into metrics whenever somebody asks."""

    def __init__(self, loop: ControlLoop) -> None:
        self._loop = loop

    def collect(self) -> Iterator[Metric]:
        seen = self._loop.shown().aged()
        for name, value in _gauges(seen).items():
            yield GaugeMetricFamily(name, GAUGES[name], value)
        for name, value in _counters(seen, self._loop.promotions).items():
            yield CounterMetricFamily(name, COUNTERS[name], value)
        for name, text in BY_REASON.items():
            counter = CounterMetricFamily(name, text, labels=("reason",))
            for reason, count in seen.handovers.items():
                counter.add_metric((reason,), count)
            yield counter
        for name, samples in _labelled(seen).items():
            labels, text = LABELLED[name]
            family = GaugeMetricFamily(name, text, labels=labels)
            for values, value in samples.items():
                family.add_metric(values, value)
            yield family


def exposition(loop: ControlLoop) -> bytes:
    """The text that Prometheus scrapes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(loop))
    return generate_latest(registry)


def _gauges(seen: Observed) -> dict[str, float]:
    return {
        "lmax_replay_sequence": seen.replay.at if seen.replay else 0,
        "lmax_replay_end_sequence": seen.replay.end if seen.replay else 0,
        "lmax_epoch": seen.epoch,
        "lmax_acknowledges": seen.acknowledges,
        "lmax_takes_orders": seen.takes_orders,
        "lmax_lease_seconds": seen.lease_seconds,
        "lmax_in_sync_members": len(seen.in_sync),
        "lmax_problem": bool(seen.problem),
        "lmax_journal_problem": bool(seen.journal_problem),
        "lmax_disk_ill": seen.disk_ill,
        "lmax_snapshot_sequence": seen.snapshot_sequence,
        "lmax_snapshot_problem": bool(seen.snapshot_problem),
        "lmax_step_age_seconds": seen.age_seconds,
        **_ledger(seen.ledger or LedgerSeen()),
    }


def _ledger(seen: LedgerSeen) -> dict[str, float]:
    unknown = math.nan if seen.epoch else 0
    return {
        "lmax_ledger_feeds": seen.state == "live" and not seen.problem,
        "lmax_ledger_epoch": seen.epoch,
        "lmax_ledger_sequence": seen.position,
        "lmax_ledger_lag_commands": unknown if seen.lag is None else seen.lag,
        "lmax_ledger_problem": bool(seen.problem),
    }


def _counters(seen: Observed, promotions: int) -> dict[str, float]:
    return {
        "lmax_failovers_total": promotions,
        "lmax_replication_batches_total": seen.batches,
        "lmax_replication_resent_total": seen.resent,
        "lmax_replication_waits_total": seen.waits,
        "lmax_replication_refused_total": seen.refused,
        "lmax_replication_limited_total": seen.limited,
    }


def _labelled(seen: Observed) -> dict[str, dict[tuple[str, ...], float]]:
    stages = {
        "published": seen.published,
        "synced": seen.synced,
        "permitted": seen.permitted,
        "applied": seen.applied,
    }
    peers = seen.peers
    build = tuple(str(value) for value in compatibility.as_json().values())
    return {
        "lmax_build_info": {build: 1},
        "lmax_role": {(role,): role == seen.role for role in ROLES},
        "lmax_sequence": {(stage,): at for stage, at in stages.items() if at is not None},
        "lmax_peer_lag_commands": {(peer.name,): peer.lag for peer in peers},
        "lmax_peer_received_sequence": {(peer.name,): peer.received for peer in peers},
        "lmax_peer_connected": {(peer.name,): peer.connected for peer in peers},
        "lmax_peer_problem": {(peer.name,): bool(peer.problem) for peer in peers},
        "lmax_peer_state": {(peer.name, peer.state): 1 for peer in peers},
    }
