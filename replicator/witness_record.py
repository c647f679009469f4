"""How the record changes, and how it is written down; the same for every witness.

Written, it is JSON with a checksum in it, so that a torn file or a key that belongs to somebody
else is never taken for a record:

    {"sha256": "…", "record": {"format": 1, "change": "…", "epoch": 7, "leader": "a", …}}

`change` is random and new with each change. By it a witness recognises a change of its own whose
answer was lost, and two records are never equal byte by byte, even where a backup turned back
the counters of revisions.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from replicator.witness import Record

FORMAT = 1


class BadRecord(Exception):
    """What is written there is no record of ours; says why."""


class ChangingWitness(ABC):
    """What each change makes of the record; how it is swapped is the witness's own."""

    @abstractmethod
    def read(self) -> Record: ...

    @abstractmethod
    def _swap(self, seen: Record, wanted: Record) -> Record:
        """Put `wanted` in the place of `seen`. Raises Lost and Unavailable."""

    def take(self, seen: Record, node: str) -> Record:
        if seen.epoch and node not in seen.in_sync:
            raise ValueError(f"{node} is not in sync, so it cannot take the next epoch")
        if not node:
            raise ValueError("a leader has a name")
        taken = replace(seen, epoch=seen.epoch + 1, leader=node, in_sync=frozenset({node}))
        return self._swap(seen, replace(taken, released=False, heir=""))

    def renew(self, mine: Record) -> Record:
        return self._swap(mine, replace(mine, renewals=mine.renewals + 1))

    def set_in_sync(self, mine: Record, names: frozenset[str]) -> Record:
        if mine.leader not in names:
            raise ValueError("the leader is always in sync")
        return self._swap(mine, replace(mine, in_sync=frozenset(names), renewals=mine.renewals + 1))

    def release(self, mine: Record, heir: str = "") -> Record:
        if heir and heir not in mine.in_sync:
            raise ValueError(f"{heir} is not in sync, so it cannot take over")
        return self._swap(mine, replace(mine, released=True, heir=heir))

    def force(self, seen: Record, names: frozenset[str], above: int = 0) -> Record:
        epoch = max(seen.epoch, above) + 1
        forced = replace(seen, epoch=epoch, leader="", in_sync=frozenset(names))
        return self._swap(seen, replace(forced, released=True, heir=""))

    def close(self) -> None:  # noqa: B027
        """Nothing to do, unless a witness says otherwise."""


def encode(record: Record) -> bytes:
    """Without the revision; no two results are equal."""
    fields = {
        "format": FORMAT,
        "change": secrets.token_hex(12),
        "epoch": record.epoch,
        "leader": record.leader,
        "in_sync": sorted(record.in_sync),
        "renewals": record.renewals,
        "released": record.released,
        "heir": record.heir,
    }
    return json.dumps({"sha256": digest(fields), "record": fields}).encode()


def decode(data: bytes, revision: object) -> Record:
    """Raises BadRecord."""
    try:
        written = json.loads(data)
        fields = written["record"]
        given = written["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadRecord("it is no record of a cluster, or a damaged one") from None
    if not isinstance(fields, dict) or given != digest(fields):
        raise BadRecord("its checksum is wrong")
    if fields.get("format") != FORMAT:
        raise BadRecord(f"its format {fields.get('format')} is not the {FORMAT} of this version")
    return Record(
        epoch=int(fields["epoch"]),
        leader=str(fields["leader"]),
        in_sync=frozenset(map(str, fields["in_sync"])),
        renewals=int(fields["renewals"]),
        released=bool(fields["released"]),
        revision=revision,
        heir=str(fields.get("heir", "")),
    )


def digest(fields: dict[str, Any]) -> str:
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
