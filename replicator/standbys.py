"""What a primary knows of each standby, and what it needs of its own log and of the witness."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from replicator.common import Greeter, Place, Post


class PeerState(Enum):
    """Where a standby is, as its primary sees it."""

    ASIDE = "not connected, or not known to go on from here"
    FEEDING = "gets what it lacks from the journal"
    LIVE = "gets every batch as it is sealed"
    COUNTED = "acknowledgements wait for it"


class Feed(Protocol):
    """What a peer lacks, from the journal."""

    sequence: int
    """Of the last command that was posted."""

    too_large: bool
    """A batch is too long for a message: files have to be taken."""

    def step(self, post: Post) -> bool:
        """Post some more; False when there is nothing more now, or no room."""

    def wanted(self, body: bytes) -> None:
        """The peer asks for something of it."""

    def close(self) -> None: ...


class Log(Protocol):
    """The primary's own journal, as far as standbys ask about it."""

    cluster: bytes

    def place_at(self, sequence: int) -> Place | None:
        """That of the batch which ends there; None if none does, or it is no longer there."""

    def end_of_epoch(self, epoch: int) -> Place:
        """The last place whose epoch is not above that one; sequence 0 if there is none."""

    @property
    def first(self) -> int:
        """The sequence behind which the journal begins."""

    @property
    def left_out(self) -> int:
        """The sequence of the last record that leaves an earlier command out; 0: there is none.
        Who has less takes files, whose headers tell; by batches it would apply the command."""

    def feed(self, after: Place) -> Feed: ...

    def ship(self) -> Feed:
        """The files for somebody who has nothing, or too little."""


class Recorder(Protocol):
    """How changes of the in-sync record are asked for; the answer comes by `witnessed`."""

    def record(self, names: frozenset[str]) -> None: ...

    @property
    def busy(self) -> bool: ...


@dataclass
class Standby:
    """One peer."""

    name: str
    greeter: Greeter
    state: PeerState = PeerState.ASIDE
    feed: Feed | None = None
    held: int | None = None
    since: int = 0
    heard: int = 0
    """When something came of it, or it began, as it was looked at last."""
    silent_since: int = 0
    """When that was, in the agent's lived time."""
    had_room: int = 0
    """Live: when a ring was last less than half full of what it lacks, in lived time."""
    reached: int = 0
    """Live: what was permitted at `marked`."""
    marked: int = 0
    problem: str = ""
    needs_files: bool = False
    stopping: bool = False
    told_to_stop: bool = False
    dropped: bool = False
    """The agent is told to count it no more, and may not have got to it yet."""


@dataclass(frozen=True)
class Rule:
    """Which standbys acknowledgements wait for, and what happens without them.

    names: all of these have to be in sync; empty: any one that is. policy: "halt" or "alone".
    """

    names: frozenset[str] = frozenset()
    policy: str = "alone"
