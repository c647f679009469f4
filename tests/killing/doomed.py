"""Forks a venue for each round, which trades until it is killed: python -m tests.killing.doomed.

It is told its rounds one a line on stdin, as JSON, and answers with a line when one has ended. The
venue itself appends to a file what it knows; a line that is there is an acknowledgement.
"""

import ctypes
import json
import os
import signal
import sys
import time
import zlib
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from lmax.records import joined
from lmax.ringbuffer.agent import PythonAgent
from lmax.ringbuffer.ring import RingFull
from node.core import Core
from node.follower import Follower
from node.system import System
from tests.killing.orders import order, setup

SEGMENT_BYTES = 256 << 10
PATIENCE_S = 5.0
AT_SPEED = 400
"""Commands that are sent as fast as they are taken; later ones with pauses."""
BURST = 700
"""Orders of which some are left when a write is begun, so that it goes on in the background."""


def main() -> None:
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                Doomed(told).live()
            finally:
                os._exit(1)
        print(finish(pid, told["after"]), flush=True)


def finish(pid: int, after: float) -> str:
    """Wait for its end; kill it `after` seconds from now, 0: when it was not for too long."""
    deadline = time.monotonic() + (after or PATIENCE_S)
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return "there" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == 9 else f"{status}"
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "in time" if after else "late"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(10)


class Doomed:
    """One life. told: folder, report, seed, first (order to send), mode, point, at, dsn."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.point, self.at = told["point"], told["at"]
        self.seed, self.next_id = told["seed"], told["first"]
        self.random = Random(told["first"])
        self.report = os.open(told["report"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.crc = 0
        self.rounds = 0
        self.pumped = 0

    def say(self, *words: object) -> None:
        os.write(self.report, (" ".join(map(str, words)) + "\n").encode())

    def live(self) -> None:
        began = time.perf_counter()
        folder, core = Path(self.told["folder"]), self.open()
        state = core.business.state
        took = time.perf_counter() - began
        self.say("recovered", core.recovered, state.state_hash, f"{took:.6f}")
        follower = Follower(core, folder / "journal", after=core.recovered)
        follower.live = True
        self.arm(core)
        core.start()
        core.submit(setup()[core.recovered :], timeout=10)
        while True:
            self.send(core)
            if core.layout == "invoker":
                core.step()
            if self.point == "before output" and self.rounds == self.at:
                die()
            self.listen(follower)
            self.rounds += 1

    def open(self) -> Core:
        folder = Path(self.told["folder"])
        slots = 64 if self.point == "in the logic" else 1024
        layout = "invoker" if self.point in ("in the logic", "before output") else "shared"
        options: dict[str, Any] = {"layout": layout, "slots": slots, "segment_bytes": SEGMENT_BYTES}
        options["journal_mode"] = self.told["mode"]
        if self.point != "with the ledger":
            return Core(folder / "journal", **options)
        self.system = System(folder, dsn=self.told["dsn"], **options)
        self.system.ledger.start()
        return self.system.core

    def arm(self, core: Core) -> None:
        """Make ready what will kill us."""
        if "/" in self.point:
            call, how = self.point.split("/")
            arm = ctypes.CDLL(None).shim_arm
            arm(call.encode(), str(self.at).encode(), how.encode())
        if self.point == "in the logic":
            core.business.pump_while_full(PythonAgent(self.pump))

    def pump(self) -> int:
        """Called by the logic in the middle of a command, when the output ring is full."""
        self.pumped += 1
        if self.pumped == self.at:
            die()
        return 0

    def count(self) -> int:
        """How many orders are sent at once."""
        if self.point.startswith("enter/"):
            return BURST if self.random.random() < 0.1 else 5
        return 20 if self.point == "in the logic" else self.random.choice([1, 2, 5, 20])

    def send(self, core: Core) -> None:
        if self.point == "claim" and self.rounds == self.at:
            core.input.try_claim(3)
            die()
        if self.next_id - self.told["first"] > AT_SPEED:
            time.sleep(0.0005)
        count = self.count()
        commands = joined([order(self.seed, self.next_id + n) for n in range(count)])
        try:
            core.submit(commands, timeout=0)
            self.next_id += count
        except RingFull as full:
            self.next_id += full.taken

    def listen(self, follower: Follower) -> None:
        events = follower.poll()
        if len(events):
            self.crc = zlib.crc32(np.ascontiguousarray(events).tobytes(), self.crc)
            self.say("seen", follower.position, self.crc)


if __name__ == "__main__":
    main()
