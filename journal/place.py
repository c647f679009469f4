"""A place between two batches of a journal."""

from __future__ import annotations

from dataclasses import dataclass


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
