"""stand-in"""
from __future__ import annotations
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Record:
    epoch: int = 0
    leader: str = ""
    in_sync: frozenset[str] = frozenset()
    renewals: int = 0
    released: bool = False
    revision: object = None


class Lost(Exception):
    def __init__(self, record):
        super().__init__("lost")
        self.record = record


class Unavailable(Exception):
    pass


class Watch:
    def __init__(self, lease: int) -> None:
        self.patience = lease * 5 // 4
        self._seen = None
        self._since = 0

    def saw(self, record, now):
        if self._seen is None or (record.epoch, record.renewals, record.in_sync, record.released) != (self._seen.epoch, self._seen.renewals, self._seen.in_sync, self._seen.released):
            self._seen, self._since = record, now

    def may_take(self, record, node, now):
        if record.epoch == 0:
            return True
        if node not in record.in_sync:
            return False
        return record.released or now - self._since >= self.patience
