"""A place between two batches of a journal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """Behind a batch. sequence: of its last command; hash: its own; segment, offset: where."""

    cluster: bytes
    sequence: int
    hash: bytes
    epoch: int
    generation: int
    segment: int
    offset: int

    def as_json(self) -> dict[str, Any]:
        """For a note."""
        return asdict(self) | {"cluster": self.cluster.hex(), "hash": self.hash.hex()}


NUMBERS = ("sequence", "epoch", "generation", "segment", "offset")


def place_of(found: dict[str, Any]) -> Place:
    """What `as_json` gave. KeyError, TypeError, ValueError if it is something else."""
    numbers = {name: int(found[name]) for name in NUMBERS}
    cluster, digest = (bytes.fromhex(found[name]) for name in ("cluster", "hash"))
    return Place(cluster=cluster, hash=digest, **numbers)
