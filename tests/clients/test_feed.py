"""What the client port follows while its node catches up, and after that."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from node.clients.feed import Feed
from node.core import Core
from tests.clients.nodes import SEGMENT, buys, opening
from tests.node.playing import submit_all

SLOTS = 1 << 10


class Played:
    """A core whose role is played, and what its feed handed over."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.catches_up = False
        self.begun: list[int] = []
        self.came: list[int] = []
        self.errors: list[BaseException] = []
        self.feed = Feed(
            core, 0, self.begun.append, self.take, self.errors.append, lambda: self.catches_up
        )
        self._next_id = 1_000

    def take(self, commands: np.ndarray, events: np.ndarray) -> None:
        self.came += commands["sequence"].tolist()
        self.feed.done()

    def submit(self, count: int) -> None:
        submit_all(self.core, buys(self._next_id, count))
        self.core.wait_applied(self.core.input.cursor, 60)
        self._next_id += count

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not holds():
            assert not self.errors
            assert time.monotonic() < deadline, (self.begun, self.came[-3:], self.core.synced.value)
            time.sleep(0.002)


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with Core(tmp_path, segment_bytes=SEGMENT, slots=SLOTS) as core:
        submit_all(core, opening())
        made = Played(core)
        made.feed.start()
        made.until(lambda: made.came[-1:] == [core.synced.value])
        yield made
        made.feed.stop()


def test_what_comes_while_the_node_catches_up_is_left_out(played: Played) -> None:
    played.core.leads = False
    played.catches_up = True
    time.sleep(0.05)  # it looks once a millisecond
    played.came.clear()
    played.submit(5 * SLOTS)
    missed = played.core.input.cursor
    assert played.came == []
    played.catches_up = False
    played.until(lambda: len(played.begun) == 2)
    assert played.begun[1] == missed
    played.submit(10)
    played.until(lambda: len(played.came) == 10)
    assert played.came == list(range(missed + 1, missed + 11))


def test_a_primary_that_lost_the_ring_leaves_nothing_out(played: Played) -> None:
    played.core.leads = False
    played.catches_up = True
    time.sleep(0.05)
    before = played.core.synced.value
    played.came.clear()
    played.submit(5 * SLOTS)
    played.core.leads = True
    played.until(lambda: played.came[-1:] == [played.core.synced.value])
    assert played.came == list(range(before + 1, played.core.synced.value + 1))
    assert len(played.begun) == 1
