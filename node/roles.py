"""What a member of a cluster can be, what it is told, and what it needs from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from node.core import Core
from node.snapshots import Every
from replicator.common import Clock, Post, Timing
from replicator.fetching import Fetching
from replicator.standbys import Log, Rule

OpenCore = Callable[[], Core]
LogOf = Callable[[Core], Log]
Told = Callable[[str], None]


class Role(Enum):
    """What a member is at the moment."""

    STANDBY = "holds the log, and is not connected to the primary"
    CATCHING_UP = "gets what it lacks"
    IN_SYNC = "acknowledgements wait for it; it may take over"
    PROMOTING = "has the next epoch, and begins to lead"
    PRIMARY = "makes the log longer"
    FENCED = "was primary; acknowledges nothing any more"


class Files(Protocol):
    """What only a node with its journal closed can do to it."""

    def cut(self, sequence: int) -> str:
        """Set aside what lies behind; what was done, for the log."""

    def fetch(self, post: Post, clock: Clock) -> Fetching:
        """Set aside what is there, and take what the primary offers in its place."""


@dataclass(frozen=True)
class Settings:
    """name: of this node; peers: of the others; bootstrap: whether it may begin a new cluster.

    rule: which standbys count, and what happens without them; durable: they have to have synced.
    disk_stall: nanoseconds after which a primary gives the lead away for its disk; 0: never.
    """

    name: str
    cluster: bytes
    bootstrap: bool = False
    rule: Rule = field(default_factory=Rule)
    durable: bool = False
    disk_stall: int = 0
    timing: Timing = field(default_factory=Timing)
    checkpoints: float | None = None
    timer: float | None = None
    snapshots: Every | None = None
