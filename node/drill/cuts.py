"""Faults of the network: a node that is cut off, or two that do not hear each other."""

from __future__ import annotations

from pathlib import Path

from node.drill.apart import ApartMachine
from node.drill.faults import Fault
from node.drill.machine import Machine
from node.drill.network import HERE, Network


class Partition(Fault):
    """Nothing gets to the node or from it: other nodes, clients, witness. Then all does again."""

    does = "is cut off from everybody"
    network: Network

    def machine(self, folder: Path, *, lease_ms: int, commit: str) -> Machine:
        made = ApartMachine(folder, lease_ms=lease_ms, commit=commit)
        self.network = made.network
        return made

    def hurt(self, machine: Machine, victim: str) -> None:
        self._lose(victim)
        # Where the witness was, the node finds a folder that nobody can write in.
        room = self.network.rooms[victim]
        room.run("mount", "-t", "tmpfs", "-o", "ro", "nothing", str(machine.witness))

    def mend(self, machine: Machine, victim: str) -> None:
        self.network.rooms[victim].run("umount", str(machine.witness))
        self._carry(victim)

    def _lose(self, victim: str) -> None:
        for sender, receiver in self.ways(victim):
            self.network.lose(sender, receiver)

    def _carry(self, victim: str) -> None:
        for sender, receiver in self.ways(victim):
            self.network.carry(sender, receiver)

    def ways(self, victim: str) -> list[tuple[str, str]]:
        """Senders and receivers between whom everything is lost."""
        others = [*(name for name in self.network.rooms if name != victim), HERE]
        ways = [(victim, other) for other in others]
        return ways + [(other, victim) for other in others]


class Link(Partition):
    """The nodes do not reach each other; clients and the witness reach both."""

    does = "and the other one do not hear each other"
    moves = False

    def hurt(self, machine: Machine, victim: str) -> None:
        self._lose(victim)

    def mend(self, machine: Machine, victim: str) -> None:
        self._carry(victim)

    def ways(self, victim: str) -> list[tuple[str, str]]:
        return [way for way in super().ways(victim) if HERE not in way]


class OneWay(Link):
    """What the node sends to the other one is lost; what that sends arrives."""

    does = "is not heard by the other one, but hears it"

    def ways(self, victim: str) -> list[tuple[str, str]]:
        return [way for way in super().ways(victim) if way[0] == victim]
