"""The exercise itself: load, a fault, who takes over, the return, and a planned switch back."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from node.control_client import NobodyAnswers
from node.control_loop import Refusal
from node.drill.load import Load
from node.drill.machine import NAMES, DrillError, Machine
from node.drill.verdict import Verdict, judge

FAULTS = ("kill", "stop")
"""kill: kill -9; stop: SIGSTOP, and SIGCONT when another one leads."""

ROLES = ("primary", "standby")
WAIT_S = 60.0

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Round:
    """Milliseconds. detection: from the fault until the standby asks for the epoch; promotion:
    from there until it leads; outage: the longest time without an answer to a client."""

    fault: str
    role: str
    outage_ms: float
    detection_ms: float = 0.0
    promotion_ms: float = 0.0


@dataclass
class Report:
    """All rounds of one exercise, and what must hold at its end."""

    lease_ms: int
    rate: float
    rounds: list[Round] = field(default_factory=list)
    planned_ms: list[float] = field(default_factory=list)
    verdict: Verdict | None = None
    unknown: int = 0
    sent: int = 0

    @property
    def good(self) -> bool:
        return self.verdict is not None and self.verdict.good and not self.unknown

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "rounds": len(self.rounds),
            "lease_ms": self.lease_ms,
            "orders": self.sent,
            "rate": self.rate,
            "unknown": self.unknown,
        }
        if self.verdict is not None:
            found |= asdict(self.verdict)
        for name in ("outage_ms", "detection_ms", "promotion_ms"):
            found[name] = percentiles([getattr(each, name) for each in self.rounds])
        found["planned_ms"] = percentiles(self.planned_ms)
        return found


def percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    p50, p99, most = np.percentile(values, [50, 99, 100])
    return {"p50": round(p50, 1), "p99": round(p99, 1), "max": round(most, 1)}


def hold(
    folder: Path,
    *,
    rounds: int,
    fault: str,
    role: str,
    rate: float,
    lease_ms: int,
    planned: bool,
    commit: str,
    tell: Tell,
    quiet_s: float = 1.0,
) -> Report:
    """Everything, with real processes in `folder`. Raises DrillError."""
    machine = Machine(folder, lease_ms=lease_ms, commit=commit)
    report = Report(lease_ms, rate)
    load: Load | None = None
    try:
        for name in NAMES:
            machine.start(name)
        tell("two nodes and a witness begin")
        machine.until("nobody is in sync", machine.in_sync, WAIT_S)
        load = Load(machine.clients, rate, answer_within=max(0.25, lease_ms * 2e-3))
        load.begin()
        load.start()
        tell(f"{machine.primary()} is primary; {rate:g} orders a second")
        for number in range(1, rounds + 1):
            time.sleep(quiet_s)
            found = one_round(machine, load, fault, role, tell, f"round {number} of {rounds}: ")
            report.rounds.append(found)
            if planned:
                time.sleep(quiet_s)
                report.planned_ms.append(switch(machine, load, tell))
        load.stop()
        machine.until("nobody is in sync", machine.in_sync, WAIT_S)
    finally:
        machine.end()
        if load is not None:
            with suppress(Exception):
                load.session.close()
    report.sent, report.unknown = load.sent, len(load.unknown)
    report.verdict = judge([machine.journal(name) for name in NAMES], load.acknowledged)
    return report


def one_round(
    machine: Machine, load: Load, fault: str, role: str, tell: Tell, before: str
) -> Round:
    machine.until("nobody is in sync", machine.in_sync, WAIT_S)
    primary = machine.primary()
    other = next(name for name in NAMES if name != primary)
    victim, left = (primary, other) if role == "primary" else (other, primary)
    began = time.time()
    if fault == "kill":
        machine.kill(victim)
    else:
        machine.signal(victim, signal.SIGSTOP)
    tell(f"{before}{victim}, the {role}, {'is killed' if fault == 'kill' else 'stands still'}")
    machine.until(
        f"{left} does not lead",
        lambda: bool(machine.status(left).get("takes_orders")) and answers(load, began),
        WAIT_S,
    )
    if fault == "kill":
        machine.start(victim)
    else:
        machine.signal(victim, signal.SIGCONT)
    machine.until(f"{victim} does not come back", machine.in_sync, WAIT_S)
    return measured(machine, load, fault, role, left, began, tell)


def measured(
    machine: Machine, load: Load, fault: str, role: str, left: str, began: float, tell: Tell
) -> Round:
    outage = load.outage(began) * 1e3
    if role != "primary":
        tell(f"  {left} went on; {outage:.0f} ms without an answer")
        return Round(fault, role, outage)
    asked = machine.told(left, "asks for epoch", began)
    leads = machine.told(left, "is primary of epoch", began)
    if asked is None or leads is None:
        tell(f"  {left} had the lead already; {outage:.0f} ms without an answer")
        return Round(fault, role, outage)
    detection, promotion = (asked - began) * 1e3, (leads - asked) * 1e3
    tell(
        f"  found out after {detection:.0f} ms, {left} leads {promotion:.0f} ms later;"
        f" {outage:.0f} ms without an answer; the other one is back"
    )
    return Round(fault, role, outage, detection, promotion)


def answers(load: Load, since: float) -> bool:
    """Whether a client was answered after that, and not only just before."""
    return bool(load.answered) and load.answered[-1] > since + 0.02


def switch(machine: Machine, load: Load, tell: Tell) -> float:
    """A planned switch; milliseconds without an answer."""
    began = time.time()
    name = machine.primary()
    try:
        machine.demote(name)
    except (Refusal, NobodyAnswers) as refusal:
        raise DrillError(f"{name} does not hand over: {refusal}") from None
    machine.until("nobody is in sync", lambda: machine.in_sync() and answers(load, began), WAIT_S)
    outage = load.outage(began) * 1e3
    tell(f"  {name} handed over as planned; {outage:.0f} ms without an answer")
    return outage


def clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
