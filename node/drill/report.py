"""What came of a drill: every round, and all of them together."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from node.drill.verdict import LedgerVerdict, Verdict

TIMES = ("outage_ms", "detection_ms", "promotion_ms", "first_ack_ms")


@dataclass(frozen=True)
class Round:
    """Milliseconds; 0: there was none.

    outage: from the last answer that a client had before, or in spite of, the fault until the next
    one. detection: from the fault until the standby asks for the epoch; promotion: from there
    until it leads; first_ack: from the fault until a client has an answer of the new primary.
    """

    fault: str
    role: str
    outage_ms: float
    detection_ms: float = 0.0
    promotion_ms: float = 0.0
    first_ack_ms: float = 0.0


@dataclass(frozen=True)
class LiveHash:
    """The state hash of both nodes at one sequence, while they ran, and of their logs there."""

    sequence: int
    nodes: dict[str, str]
    replayed: str = ""

    @property
    def same(self) -> bool:
        return set(self.nodes.values()) == {self.replayed}


@dataclass
class Report:
    """All rounds of one exercise, and what must hold at its end.

    planned_ms: of each planned switch, from the last answer of the old primary to the first of the
    new one; planned_longest_ms: the longest time without an answer until both were in sync again,
    while the old one read its journal and caught up. reigns: who led in each epoch; repeated:
    rounds that began again, since nobody could take over; ledger: None where the drill had none.
    """

    lease_ms: int
    rate: float
    fault: str = ""
    role: str = ""
    rounds: list[Round] = field(default_factory=list)
    planned_ms: list[float] = field(default_factory=list)
    planned_longest_ms: list[float] = field(default_factory=list)
    reigns: dict[int, list[str]] = field(default_factory=dict)
    verdict: Verdict | None = None
    live: LiveHash | None = None
    ledger: LedgerVerdict | None = None
    repeated: int = 0
    unknown: int = 0
    sent: int = 0

    def switched(self, handover_ms: float, longest_ms: float) -> None:
        """One more planned switch."""
        self.planned_ms.append(handover_ms)
        self.planned_longest_ms.append(longest_ms)

    @property
    def two_leaders(self) -> int:
        """Epochs in which more than one node led."""
        return sum(len(names) > 1 for names in self.reigns.values())

    @property
    def good(self) -> bool:
        if self.verdict is None or self.live is None:
            return False
        wrong = self.unknown or self.two_leaders or (self.ledger and not self.ledger.good)
        return self.verdict.good and self.live.same and not wrong

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "fault": self.fault,
            "role": self.role,
            "rounds": len(self.rounds),
            "repeated": self.repeated,
            "lease_ms": self.lease_ms,
            "orders": self.sent,
            "rate": self.rate,
            "unknown": self.unknown,
            "epochs": len(self.reigns),
            "two_leaders": self.two_leaders,
        }
        if self.verdict is not None:
            found |= asdict(self.verdict)
            del found["hash_at"]  # stands in live_hash
        if self.ledger is not None:
            found["ledger"] = asdict(self.ledger)
            found["discrepancies"] = found.get("discrepancies", 0) + self.ledger.discrepancies
        if self.live is not None:
            found["live_hash"] = {**asdict(self.live), "same": self.live.same}
        for name in TIMES:
            found[name] = percentiles([getattr(each, name) for each in self.rounds])
        found["planned_ms"] = percentiles(self.planned_ms)
        found["planned_longest_ms"] = percentiles(self.planned_longest_ms)
        return found


def percentiles(values: list[float]) -> dict[str, float]:
    """Of those that were; {} if none was."""
    there = [value for value in values if value > 0]
    if not there:
        return {}
    p50, p99, most = np.percentile(there, [50, 99, 100])
    return {"p50": round(p50, 1), "p99": round(p99, 1), "max": round(most, 1)}
