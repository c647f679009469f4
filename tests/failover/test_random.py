"""F24: whatever comes to whichever node, in a random order; LMAX_FAILOVER_ROUNDS says how much."""

import os
import random
import time
from pathlib import Path

import pytest

from node.control_client import NobodyAnswers, ask
from node.control_loop import Refusal
from tests.failover.scenes import Scene, scene

HAPPENINGS = max(1, int(os.environ.get("LMAX_FAILOVER_ROUNDS", "8")))
SETTINGS = [
    {},
    {"without_standby": '"halt"'},
    {"wait_for": '"all"'},
    {"commit": '"durable"'},
]
PAUSES = [0.0, 0.05, 0.3, 1.0, 1.5]


class Fate:
    """Kills nodes and starts them again, stops them for a while, asks them to lead or not to.

    story: what was done, and what was refused.
    """

    def __init__(self, it: Scene, chance: random.Random) -> None:
        self.it = it
        self.chance = chance
        self.frozen: set[str] = set()
        self.story: list[str] = []

    def strike(self) -> None:
        name = self.chance.choice(sorted(self.it.machine.files))
        if name not in self.it.machine.processes:
            deeds = [self.start]
        elif name in self.frozen:
            deeds = [self.wake, self.kill]
        else:
            deeds = [self.kill, self.freeze, self.promote, self.demote]
        deed = self.chance.choice(deeds)
        self.story.append(f"{deed.__name__} {name}")
        deed(name)
        time.sleep(self.chance.choice(PAUSES))

    def relent(self) -> None:
        """Everybody runs again."""
        for name in sorted(self.frozen):
            self.wake(name)
        for name in self.it.machine.files:
            if name not in self.it.machine.processes:
                self.start(name)

    def start(self, name: str) -> None:
        self.it.machine.start(name)

    def kill(self, name: str) -> None:
        self.frozen.discard(name)
        self.it.machine.kill(name)

    def freeze(self, name: str) -> None:
        self.frozen.add(name)
        self.it.freeze(name)

    def wake(self, name: str) -> None:
        self.frozen.discard(name)
        self.it.wake(name)

    def promote(self, name: str) -> None:
        self._ask(name, "/promote")

    def demote(self, name: str) -> None:
        self._ask(name, "/demote")

    def _ask(self, name: str, path: str) -> None:
        try:
            ask(self.it.machine.config(name).me.control, path, post=True, timeout=1)
        except (Refusal, NobodyAnswers) as answer:
            self.story.append(f"  {answer}")


@pytest.mark.timeout(300 + 30 * HAPPENINGS)
def test_f24_f18_whatever_comes_in_whatever_order_nothing_is_lost(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    names, settings = chance.choice(["ab", "abc"]), chance.choice(SETTINGS)
    print(f"nodes {names}, {settings}")
    with scene(tmp_path, names=names, lease_ms=600, settings=settings) as it:
        it.until_answered()
        fate = Fate(it, chance)
        for _ in range(HAPPENINGS):
            fate.strike()
        fate.relent()
        print("; ".join(fate.story))
        it.until("nobody follows", it.all_follow)
        it.until_answered()
        it.good()
