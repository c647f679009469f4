"""What scenarios of whole clusters have in common: a machine under load, and the verdict."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from journal.reader import Reader
from lmax.schema import COMMAND, CommandType, OrderType, Side, TimeInForce
from node.drill.load import INSTRUMENTS, Load
from node.drill.machine import Machine
from node.drill.verdict import judge, read

LEASE_MS = 800
RATE = 500.0
SECONDS = 90.0
OWN_IDS = 10**9
"""From here on: ids of orders that a test sends beside the load."""


class Scene:
    """A cluster whose nodes are all in sync, and its load."""

    def __init__(self, machine: Machine, load: Load) -> None:
        self.machine = machine
        self.load = load
        self.led: dict[int, str] = {}

    @property
    def answers(self) -> int:
        return len(self.load.acknowledged)

    def roles(self) -> tuple[str, str]:
        """The primary, and a standby."""
        primary = self.machine.primary()
        return primary, next(name for name in self.machine.processes if name != primary)

    def until(self, what: str, holds) -> None:
        self.machine.until(what, holds, SECONDS)

    def until_answered(self, more: int = 50) -> None:
        wanted = self.answers + more
        self.until("no answers come", lambda: self.answers >= wanted)

    def until_in_sync(self) -> None:
        self.until("nobody is in sync", self.machine.in_sync)

    def all_follow(self) -> bool:
        """Whether one leads and has somebody in sync; where one is enough, others only follow."""
        roles = sorted(self.machine.roles().values())
        follow = {"IN_SYNC"} <= set(roles[:-1]) <= {"IN_SYNC", "CATCHING_UP"}
        return len(roles) == len(self.machine.files) and roles[-1] == "PRIMARY" and follow

    def until_status(self, name: str, **wanted: object) -> None:
        def holds() -> bool:
            found = self.machine.status(name)
            return all(found.get(key) == value for key, value in wanted.items())

        self.until(f"{name} does not come to {wanted}", holds)

    def freeze(self, name: str) -> None:
        self.machine.signal(name, signal.SIGSTOP)

    def wake(self, name: str) -> None:
        self.machine.signal(name, signal.SIGCONT)

    def said(self, name: str, words: str) -> bool:
        """Whether that node's log has this in it."""
        return words in self.machine.log(name).read_text(errors="replace")

    def until_said(self, name: str, words: str) -> None:
        self.until(f"{name} does not say {words!r}", lambda: self.said(name, words))

    def reigns(self) -> dict[int, str]:
        """Who led in which epoch, by what the nodes have said. Nobody leads in another's."""
        found: dict[int, str] = {}
        for name in self.machine.files:
            text = self.machine.log(name).read_text(errors="replace")
            for epoch in map(int, re.findall(r"is primary of epoch (\d+),", text)):
                assert epoch not in found, f"{name} and {found[epoch]} both led in epoch {epoch}"
                found[epoch] = name
        return dict(sorted(found.items()))

    def sequence(self, name: str, stage: str) -> int:
        return int(self.machine.status(name).get("sequences", {}).get(stage) or 0)

    def log(self, name: str) -> np.ndarray:
        return read(self.machine.journal(name))

    def end(self, name: str) -> tuple[int, int]:
        """(epoch, sequence) behind the last batch of a node that does not run."""
        with Reader(self.machine.journal(name)) as reader:
            for _ in reader.batches():
                pass
            return reader.place.epoch, reader.place.sequence

    def good(self) -> np.ndarray:
        """No more load; everything has to hold. The log that all have."""
        self.load.stop()
        self.until("nobody is in sync", self.all_follow)
        last = max(self.load.acknowledged)
        for name in self.machine.files:
            self.until("it is not written", lambda name=name: self.sequence(name, "synced") >= last)
        self.led = self.reigns()
        for name in self.machine.files:
            self.machine.kill(name)  # at once: who ends in order hands over first
        journals = [self.machine.journal(name) for name in self.machine.files]
        found = judge(journals, self.load.acknowledged)
        assert found.good, found
        assert not self.load.unknown, self.load.unknown[:5]
        return max((read(journal) for journal in journals), key=len)


@contextmanager
def scene(
    folder: Path, *, rate: float = RATE, lease_ms: int = LEASE_MS, ledger: str = "", **machine
) -> Iterator[Scene]:
    """ledger: DSN of the database that its nodes feed."""
    made = Machine(folder / "cluster", lease_ms=lease_ms, **machine)
    if ledger:
        made.feeds(ledger)
    load = None
    try:
        for name in made.files:
            made.start(name)
        load = Load(made.clients, rate, answer_within=max(0.25, lease_ms * 2e-3))
        it = Scene(made, load)
        it.until("nobody is in sync", it.all_follow)
        load.begin()
        load.start()
        yield it
    finally:
        made.end()
        if load is not None:
            with suppress(Exception):
                load.session.close()


def orders(first: int, count: int, account: int = 1) -> np.ndarray:
    """Buys far below the market, so they rest, of one account."""
    made = np.zeros(count, COMMAND)
    made["type"] = CommandType.NEW_ORDER
    made["account"] = account
    made["client_order_id"] = OWN_IDS + np.arange(first, first + count)
    made["instrument"] = INSTRUMENTS[0]
    made["side"] = Side.BUY
    made["order_type"] = OrderType.LIMIT
    made["price"] = 100
    made["quantity"] = 1
    made["time_in_force"] = TimeInForce.DAY
    return made
