"""The exercise itself: load, a fault, who takes over, the return, and a planned switch back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from node.control_client import NobodyAnswers
from node.control_loop import Refusal
from node.drill.faults import Fault
from node.drill.kinds import FAULTS
from node.drill.load import Load
from node.drill.machine import NAMES, DrillError, Machine
from node.drill.report import LiveHash, Report, Round
from node.drill.verdict import compared, judge

__all__ = ["Report", "clear", "hold"]

WAIT_S = 60.0
MOST_REPEATED = 10

Tell = Callable[[str], None]
Look = Callable[[Machine, Load], None]


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
    look: Look = lambda machine, load: None,
    quiet_s: float = 1.0,
    ledger: str = "",
) -> Report:
    """Everything, with real processes in `folder`. Raises DrillError.

    tell: is called with a line for everything that happens; look: again and again meanwhile.
    ledger: DSN of an empty database that the nodes feed, and that is compared at the end.
    """
    kind = FAULTS[fault]()
    report = Report(lease_ms, rate, fault, role)
    machine = kind.machine(folder, lease_ms=lease_ms, commit=commit)
    if ledger:
        machine.feeds(ledger)
    load: Load | None = None
    try:
        for name in NAMES:
            kind.start(machine, name)
        tell("two nodes and a witness begin")
        machine.until("nobody is in sync", machine.in_sync, WAIT_S)
        patience = max(0.25, lease_ms * 2e-3)
        load = Load(machine.clients, rate, answer_within=patience, token=machine.token)
        load.begin()
        load.start()
        tell(f"{machine.primary()} is primary; {rate:g} orders a second")
        exercise = Exercise(machine, load, kind, role, tell, look)
        for number in range(1, rounds + 1):
            exercise.rest(quiet_s)
            report.rounds.append(exercise.round(f"round {number} of {rounds}: "))
            if planned:
                exercise.rest(quiet_s)
                report.switched(*exercise.switch())
        load.stop()
        report.live, report.repeated = exercise.live_hash(), exercise.repeated
        if ledger:
            exercise.until_ledger(report.live.sequence)
        report.reigns = machine.reigns()
    finally:
        machine.end()
        if load is not None:
            with suppress(Exception):
                load.session.close()
    report.sent, report.unknown = load.sent, len(load.unknown)
    journals = [machine.journal(name) for name in NAMES]
    report.verdict = judge(journals, load.acknowledged, at=report.live.sequence)
    report.live = replace(report.live, replayed=report.verdict.hash_at)
    if ledger:
        report.ledger = compared(journals, ledger, load.acknowledged)
    return report


class Exercise:
    """Rounds with one kind of fault, done to who has that role."""

    def __init__(
        self, machine: Machine, load: Load, fault: Fault, role: str, tell: Tell, look: Look
    ) -> None:
        self.machine = machine
        self.load = load
        self.fault = fault
        self.role = role
        self.tell = tell
        self.look = look
        self.repeated = 0

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait for that. DrillError if it does not come, or the load ends meanwhile."""

        def looked() -> bool:
            self.load.check()
            self.look(self.machine, self.load)
            return holds()

        self.machine.until(what, looked, WAIT_S)

    def rest(self, seconds: float) -> None:
        """Nothing but load for a while."""
        over = time.monotonic() + seconds
        self.until("time stands still", lambda: time.monotonic() >= over)

    def round(self, before: str) -> Round:
        """Hurt a node, wait for what comes of that, make it good, and wait for its return.

        Again, where the standby had been dropped in the moment before: on a machine that is too
        busy it may be silent for long enough, and then only the primary has everything.
        """
        while (found := self.tried(before)) is None:
            self.repeated += 1
            if self.repeated > MOST_REPEATED:
                raise DrillError(
                    f"the standby was dropped before the fault in {self.repeated} rounds: this"
                    " machine is too busy for the lease; take a longer one (--lease-ms)"
                )
        return found

    def tried(self, before: str) -> Round | None:
        """One round; None where nobody can take over."""
        machine, fault = self.machine, self.fault
        self.until("nobody is in sync", machine.in_sync)
        primary = machine.primary()
        other = next(name for name in NAMES if name != primary)
        victim = primary if self.role == "primary" else other
        leader = other if self.role == "primary" and fault.moves else primary
        epoch, began = self.load.epoch, time.time()
        fault.hurt(machine, victim)
        machine.seen[victim] = ""
        self.tell(f"{before}{victim}, the {self.role}, {fault.does}")
        moves = leader != primary
        self.until(
            f"{leader} does not lead",
            lambda: (
                fault.took(machine, victim, leader, self.answers(began))
                or (moves and self.dropped(leader, by=victim))
            ),
        )
        dropped = moves and self.dropped(leader, by=victim)
        mended = time.time()
        fault.mend(machine, victim)
        self.until(
            f"{victim} does not come back", lambda: machine.in_sync() and self.answers(mended)
        )
        if dropped:
            self.tell(f"  {leader} was not in sync at that moment, so nobody took over; once more")
            return None
        return self.measured(began, mended, epoch)

    def dropped(self, name: str, by: str) -> bool:
        """Whether the witness's record has that node not in sync with the primary it followed."""
        found = self.machine.status(name)
        return found.get("leader") == by and name not in found.get("in_sync", [name])

    def measured(self, began: float, mended: float, epoch: int) -> Round:
        """What a round took, from the clients' answers and from what the nodes' logs say."""
        load, machine = self.load, self.machine
        leader = machine.primary()
        found = Round(
            next(name for name, kind in FAULTS.items() if type(self.fault) is kind),
            self.role,
            outage_ms=load.outage(began, mended) * 1e3,
            first_ack_ms=load.first_answer(epoch, began) * 1e3,
        )
        asked = machine.told(leader, "asks for epoch", began)
        leads = machine.told(leader, "is primary of epoch", began)
        outage = f"{found.outage_ms:.0f} ms without an answer"
        if not found.first_ack_ms:
            self.tell(f"  {leader} went on; {outage}; both are in sync again")
            return found
        if asked is None or leads is None:
            self.tell(f"  {leader} had the lead already; {outage}; both are in sync again")
            return found
        found = replace(
            found, detection_ms=(asked - began) * 1e3, promotion_ms=(leads - asked) * 1e3
        )
        self.tell(
            f"  found out after {found.detection_ms:.0f} ms, {leader} leads"
            f" {found.promotion_ms:.0f} ms later, first answer after {found.first_ack_ms:.0f} ms;"
            f" {outage}; both are in sync again"
        )
        return found

    def answers(self, since: float) -> bool:
        """Whether a client was answered after that, and not only just before."""
        return bool(self.load.answered) and self.load.answered[-1] > since + 0.02

    def switch(self) -> tuple[float, float]:
        """A planned switch: milliseconds from the last answer of the old primary to the first of
        the new one, and without any answer, at most, until both are in sync again."""
        machine, load, began, epoch = self.machine, self.load, time.time(), self.load.epoch
        name = machine.primary()
        try:
            machine.demote(name)
        except (Refusal, NobodyAnswers) as refusal:
            raise DrillError(f"{name} does not hand over: {refusal}") from None
        self.until(
            "nobody is in sync",
            lambda: machine.in_sync() and self.answers(began) and load.epoch > epoch,
        )
        planned, longest = load.handover(epoch, began) * 1e3, load.outage(began) * 1e3
        self.tell(
            f"  {name} handed over as planned; {planned:.0f} ms without an answer"
            f" (at most {longest:.0f} ms until both were in sync again)"
        )
        return planned, longest

    def until_ledger(self, sequence: int) -> None:
        """All of that is in the database, whoever feeds it."""

        def holds() -> bool:
            found = [self.machine.status(name).get("ledger") or {} for name in NAMES]
            return any(each.get("position", 0) >= sequence for each in found)

        self.machine.until(f"the ledger does not come to command {sequence}", holds, WAIT_S)

    def live_hash(self) -> LiveHash:
        """That of both nodes while they run, behind everything that was acknowledged."""
        last = max(self.load.acknowledged, default=0)
        found: dict[str, tuple[int, str]] = {}

        def equal() -> bool:
            found.update({name: self.machine.state_hash(name) for name in NAMES})
            places = {sequence for sequence, _ in found.values()}
            return len(places) == 1 and places.pop() >= last and self.machine.in_sync()

        self.machine.until("no checkpoint of both nodes", equal, WAIT_S)
        return LiveHash(found[NAMES[0]][0], {name: each for name, (_, each) in found.items()})


def clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
