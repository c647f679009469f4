"""What a primary makes of a standby that hears and answers, and does not follow."""

from typing import Any

from lmax.ringbuffer.sequence import RingSequence
from replicator.common import MS, Timing
from replicator.leading import Leading
from replicator.standbys import PeerState, Rule, Standby

TIMING = Timing(heartbeat=10 * MS, silence=400 * MS, lease=1000 * MS, hail=100 * MS)


class Played:
    """Agent, end of a link, clock and recorder, all as the test says."""

    def __init__(self) -> None:
        self.now = 10**12
        self.received = 0
        self.half_full = False
        self.counted = False
        self.permitted = RingSequence()
        self.ends = [self]
        self.idle = True
        self.busy = False
        self.asked: list[frozenset[str]] = []
        self.stopped = False
        self.lines: list[str] = []

    heard_ns = looked_ns = lived_ns = property(lambda self: self.now)

    def take(self) -> None:
        return None

    def is_live(self, index: int) -> bool:
        return not self.stopped

    def is_half_full(self, index: int) -> bool:
        return self.half_full

    def has(self, index: int) -> int:
        return self.received

    def has_all(self, index: int) -> bool:
        return self.received >= self.permitted.value

    def count(self, index: int, counts: bool) -> bool:
        self.counted = counts
        return True

    def is_counted(self, index: int) -> bool:
        return self.counted

    def stop_peer(self, index: int) -> bool:
        self.stopped = True
        return True

    def release(self, index: int) -> None: ...
    def serve(self, index: int, served: bool) -> None: ...
    def may_go_alone(self, alone: bool) -> None: ...

    def record(self, names: frozenset[str]) -> None:
        self.asked.append(names)


def begun(in_sync: str) -> tuple[Played, Leading, Standby]:
    """A primary, a, with a standby that is live."""
    played: Any = Played()
    peer = Standby("b", greeter=played, state=PeerState.LIVE, held=0, had_room=played.now)
    leading = Leading(
        "a",
        played,
        [peer],
        log=played,
        recorder=played,
        epoch=1,
        in_sync=frozenset(in_sync),
        rule=Rule(),
        timing=TIMING,
        clock=lambda: played.now,
        told=played.lines.append,
    )
    return played, leading, peer


def run(played: Played, leading: Leading, ms: int, per_ms: int = 0, lag: int = 0) -> None:
    for _ in range(ms):
        played.permitted.value += per_ms
        played.received = max(played.received, played.permitted.value - lag)
        leading.step()
        played.now += MS


def test_one_that_is_behind_is_counted_once_it_keeps_up() -> None:
    played, leading, peer = begun("a")
    played.permitted.value = 100_000
    run(played, leading, 1000, per_ms=10, lag=2000)
    assert peer.state.name == "LIVE", "it is 200 ms behind, and everybody would wait for it"
    run(played, leading, 300, per_ms=10, lag=50)
    assert peer.state.name == "COUNTED"
    run(played, leading, 1)
    assert played.asked == [{"a", "b"}]


def test_one_that_holds_up_the_way_in_is_set_aside_as_one_that_is_silent() -> None:
    played, leading, peer = begun("ab")
    played.counted, peer.state = True, PeerState.COUNTED
    played.half_full = True
    run(played, leading, 390)
    assert played.asked == [], "a moment is forgiven"
    run(played, leading, 20)
    assert played.asked == [{"a"}]
    assert any("too slow" in line for line in played.lines)
    leading.witnessed(frozenset("a"))
    run(played, leading, 5)
    assert peer.state.name == "ASIDE"
    assert not played.counted


def test_one_that_follows_again_in_time_stays() -> None:
    played, leading, peer = begun("ab")
    played.counted, peer.state = True, PeerState.COUNTED
    for _ in range(5):
        played.half_full = True
        run(played, leading, 300)
        played.half_full = False
        run(played, leading, 10)
    assert peer.state.name == "COUNTED"
    assert played.asked == []
