"""A witness in memory: for simulations, and for nodes that share one process."""

from __future__ import annotations

import threading
from dataclasses import replace

from replicator.witness import Lost, Record, Unavailable
from replicator.witness_record import ChangingWitness


class MemoryWitness(ChangingWitness):
    """record: as it is now; grants: every (epoch, node) that took the lead, in order.

    While `reachable` is False nobody gets an answer.
    """

    def __init__(self) -> None:
        self.record = Record(revision=0)
        self.grants: list[tuple[int, str]] = []
        self.reachable = True
        self._changes = 0
        self._lock = threading.Lock()

    def read(self) -> Record:
        self._reach()
        return self.record

    def _swap(self, seen: Record, wanted: Record) -> Record:
        self._reach()
        with self._lock:
            if seen.revision != self.record.revision:
                raise Lost(self.record)
            if wanted.epoch != seen.epoch:
                self.grants.append((wanted.epoch, wanted.leader))
            self._changes += 1
            self.record = replace(wanted, revision=self._changes)
            return self.record

    def _reach(self) -> None:
        if not self.reachable:
            raise Unavailable("the witness does not answer; it was told not to")
