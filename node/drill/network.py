"""Rooms for nodes: a network and mounts of each one's own, on this machine, and links that lose.

A room is a namespace of the kernel's, kept by a process that ends with the drill, however that
ends; nothing stays behind. Each two points (the drill, and the nodes) have a link of their own.
What is lost is lost without a word, as in a real network: the sender's packets go to a hardware
address that nobody has.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from random import SystemRandom

from node.drill.machine import DrillError

NOBODY = "02:00:00:00:00:01"
HERE = "drill"
BLOCKS = [f"198.{half}.{number}" for half in (18, 19) for number in range(256)]
"""Addresses that are set aside for networks which are being tried (RFC 2544)."""

RIGHTS = (
    "namespaces are needed for that, which only root may make: run it as root, or so:"
    " unshare --map-root-user --net --mount lmax drill …"
)


class Room:
    """Network and mounts of its own."""

    def __init__(self) -> None:
        self._keeper = subprocess.Popen(
            ["unshare", "--net", "--mount", "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        assert self._keeper.stderr is not None
        try:
            self._keeper.stdin.write(b"\n")
            self._keeper.stdin.flush()
        except BrokenPipeError:
            pass  # it says why
        if not self._keeper.stdout.readline():
            said = self._keeper.stderr.read().decode(errors="replace").strip()
            self.close()
            raise DrillError(f"{RIGHTS} ({said})")

    @property
    def pid(self) -> int:
        return self._keeper.pid

    @property
    def enter(self) -> list[str]:
        """What a command begins with that is to run there."""
        spaces = f"/proc/{self.pid}/ns"
        return ["nsenter", f"--net={spaces}/net", f"--mount={spaces}/mnt", "--"]

    def seen(self, path: Path) -> Path:
        """Where that path of the room is found from outside."""
        return Path(f"/proc/{self.pid}/root{path.absolute()}")

    def run(self, *command: str) -> None:
        run(*self.enter, *command)

    def close(self) -> None:
        self._keeper.communicate()


class Network:
    """Two nodes in rooms. Raises DrillError where that is not allowed."""

    def __init__(self, names: Sequence[str]) -> None:
        self.rooms: dict[str, Room] = {}
        self._addresses: dict[tuple[str, str], str] = {}
        self._devices: dict[tuple[str, str], str] = {}
        try:
            self._make(names)
        except FileNotFoundError as error:
            self.close()
            raise DrillError(
                f"{error.filename} is missing: install iproute2 and util-linux"
            ) from None
        except BaseException:
            self.close()
            raise

    def _make(self, names: Sequence[str]) -> None:
        block = free_block()
        for name in names:
            self.rooms[name] = Room()
        for number, (one, other) in enumerate(combinations((HERE, *names), 2)):
            first = f"{block}.{4 * number + 1}"
            second = f"{block}.{4 * number + 2}"
            device = f"lm{block.removeprefix('198.')}-{other}" if one == HERE else f"to-{other}"
            peer = ["peer", "name", f"to-{one}", "netns", str(self.rooms[other].pid)]
            self._at(one, "ip", "link", "add", device, "type", "veth", *peer)
            self._link(one, other, device, first)
            self._link(other, one, f"to-{one}", second)

    def _link(self, at: str, to: str, device: str, address: str) -> None:
        self._addresses[at, to], self._devices[at, to] = address, device
        self._at(at, "ip", "address", "add", f"{address}/30", "dev", device)
        self._at(at, "ip", "link", "set", device, "up")

    def _at(self, point: str, *command: str) -> None:
        run(*(self.rooms[point].enter if point != HERE else ()), *command)

    def address(self, at: str, to: str) -> str:
        """Where `to` reaches `at`."""
        return self._addresses[at, to]

    def lose(self, sender: str, receiver: str) -> None:
        """From now on nothing that one sends gets to the other."""
        far = self._addresses[receiver, sender]
        device = self._devices[sender, receiver]
        self._at(
            sender, "ip", "neighbour", "replace", far, "lladdr", NOBODY, "dev", device,
            "nud", "permanent",
        )  # fmt: skip

    def carry(self, sender: str, receiver: str) -> None:
        """It does again."""
        far, device = self._addresses[receiver, sender], self._devices[sender, receiver]
        self._at(sender, "ip", "neighbour", "del", far, "dev", device)

    def close(self) -> None:
        """The links go with the rooms."""
        for room in self.rooms.values():
            room.close()
        self.rooms.clear()


def free_block() -> str:
    """The first three numbers of addresses that this machine does not use."""
    used = run("ip", "-4", "-oneline", "address") + run("ip", "-4", "route")
    left = [block for block in BLOCKS if f"{block}." not in used]
    if not left:
        raise DrillError("all of 198.18.0.0/15 is in use here: end other drills")
    return SystemRandom().choice(left)


def run(*command: str) -> str:
    """What it prints. DrillError, with what it says, if it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise DrillError(f"`{' '.join(command)}` failed: {done.stderr.strip()}; {RIGHTS}")
    return done.stdout
