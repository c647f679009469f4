"""What a drill does to a node, how it is seen that it had its effect, and how it is made good."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from node.drill.machine import DrillError, Machine

ENDS_S = 60.0
HURT = ("-m", "node.drill.hurt")
CORE_FAILED = 6
"""The exit code of a node whose disk failed; docs/command-line.md."""


class Fault:
    """One kind. `hurt` and `mend` are called with the name of the node that it is done to.

    does: for people, behind "a, the primary,"; moves: whether the other node leads after it was
    done to the primary; settings: see Machine.
    """

    does = ""
    moves = True
    settings: Mapping[str, str] = {}

    def machine(self, folder: Path, *, lease_ms: int, commit: str) -> Machine:
        """On which it can be done. Raises DrillError."""
        return Machine(folder, lease_ms=lease_ms, commit=commit, settings=self.settings)

    def start(self, machine: Machine, name: str) -> None:
        """Also again, after it has ended."""
        machine.start(name)

    def hurt(self, machine: Machine, victim: str) -> None:
        raise NotImplementedError

    def took(self, machine: Machine, victim: str, leader: str, answered: bool) -> bool:
        """Whether that is over which the fault brings about. leader: who has to lead then;
        answered: whether a client was answered since."""
        found = machine.status(leader)
        return found.get("in_sync") == [leader] and bool(found.get("takes_orders")) and answered

    def mend(self, machine: Machine, victim: str) -> None:
        raise NotImplementedError


class Kill(Fault):
    """kill -9, and a new start."""

    does = "is killed"

    def hurt(self, machine: Machine, victim: str) -> None:
        machine.kill(victim)

    def mend(self, machine: Machine, victim: str) -> None:
        self.start(machine, victim)


class Stop(Fault):
    """SIGSTOP, and SIGCONT."""

    does = "stands still"

    def hurt(self, machine: Machine, victim: str) -> None:
        machine.signal(victim, signal.SIGSTOP)

    def mend(self, machine: Machine, victim: str) -> None:
        machine.signal(victim, signal.SIGCONT)


class SickDisk(Fault):
    """Each sync of the journal fares badly while there is a certain file. option: of HURT, that
    takes its path; mark: its name."""

    settings = {"journal_mode": '"buffered"'}  # noqa: RUF012 - nobody changes it
    option = ""
    mark = ""

    def start(self, machine: Machine, name: str) -> None:
        machine.start(name, (*HURT, self.option, str(self._file(machine, name))))

    def hurt(self, machine: Machine, victim: str) -> None:
        self._file(machine, victim).touch()

    def mend(self, machine: Machine, victim: str) -> None:
        self._file(machine, victim).unlink()

    def _file(self, machine: Machine, name: str) -> Path:
        return machine.files[name].absolute().with_name(self.mark)


class Sync(SickDisk):
    """A sync of the journal says EIO: the node ends by itself, and is started again."""

    does = "has a disk that cannot sync"
    option, mark = "--fails-with", "disk-fails"

    def hurt(self, machine: Machine, victim: str) -> None:
        super().hurt(machine, victim)
        code = machine.ended(victim, ENDS_S)
        if code != CORE_FAILED:
            said = machine.last_words(victim)
            raise DrillError(f"node {victim} ended with code {code}, not {CORE_FAILED}: {said}")

    def mend(self, machine: Machine, victim: str) -> None:
        super().mend(machine, victim)
        self.start(machine, victim)


class Stall(SickDisk):
    """A sync of the journal does not come back, until it does. The node's own thread waits for it.

    A primary renews its lease no more once that has lasted for `disk_stall_ms`.
    """

    does = "has a disk that does not answer"
    option, mark = "--stalls-with", "disk-stalls"


class Witness(Fault):
    """No node can reach the witness, for so long that another one would have taken over.

    Its folder has another name meanwhile. The primary acknowledges nothing once its lease is over,
    and nobody takes over before the witness is back; then either may lead.
    """

    does = "cannot reach the witness, nor can anybody"
    moves = False

    def __init__(self) -> None:
        self._silent_since = math.inf

    def hurt(self, machine: Machine, victim: str) -> None:
        self._silent_since = math.inf
        machine.witness.rename(self._away(machine))

    def took(self, machine: Machine, victim: str, leader: str, answered: bool) -> bool:
        found = [machine.status(name) for name in machine.files]
        now = time.monotonic()
        if not all(each and not each["acknowledges"] for each in found):
            self._silent_since = math.inf
            return False
        self._silent_since = min(self._silent_since, now)
        return now - self._silent_since > machine.config(victim).cluster.lease_ms * 1.5e-3

    def mend(self, machine: Machine, victim: str) -> None:
        self._away(machine).rename(machine.witness)

    def _away(self, machine: Machine) -> Path:
        return machine.witness.with_name("witness-away")
