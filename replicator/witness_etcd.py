"""A witness in etcd: the record is one key, and a change is one transaction.

The transaction compares the key's revision, and what stood there byte by byte, with what was
read; it puts the new record, or else reads what is there now. etcd answers only when a majority
of its members has it on the disk, and reads go through the majority, too. Neither etcd's own
leases nor its clocks are used.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from typing import Any

from replicator.etcd_gateway import EtcdGateway
from replicator.witness import Lost, Record, Unavailable
from replicator.witness_record import BadRecord, ChangingWitness, decode, encode


@dataclass(frozen=True)
class Revision:
    """Of the key, and what stood there. 0 and nothing: it is not there yet."""

    number: int = 0
    data: bytes = field(default=b"", repr=False)


class EtcdWitness(ChangingWitness):
    """cluster: ours, of which several may use one etcd."""

    def __init__(self, gateway: EtcdGateway, cluster: str) -> None:
        self.key = f"/lmax/{cluster}/witness"
        self._gateway = gateway
        self._key = text_of(self.key.encode())

    def __repr__(self) -> str:
        return f"EtcdWitness({self._gateway!r}, {self.key})"

    def read(self) -> Record:
        answer = self._gateway.ask("/v3/kv/range", {"key": self._key})
        return self._record(self._revision(answer))

    def _swap(self, seen: Record, wanted: Record) -> Record:
        assert isinstance(seen.revision, Revision)
        data = encode(wanted)
        answer = self._gateway.ask("/v3/kv/txn", self._transaction(seen.revision, data))
        if answer.get("succeeded"):
            return replace(wanted, revision=Revision(int(answer["header"]["revision"]), data))
        now = self._revision(answer["responses"][0]["response_range"])
        if now.data == data:
            # It was done on the first asking, whose answer did not come.
            return replace(wanted, revision=now)
        raise Lost(self._record(now))

    def close(self) -> None:
        self._gateway.close()

    def _transaction(self, seen: Revision, data: bytes) -> dict[str, Any]:
        same = {"key": self._key, "result": "EQUAL"}
        compare = [{**same, "target": "MOD", "mod_revision": str(seen.number)}]
        if seen.number:
            compare.append({**same, "target": "VALUE", "value": text_of(seen.data)})
        return {
            "compare": compare,
            "success": [{"request_put": {"key": self._key, "value": text_of(data)}}],
            "failure": [{"request_range": {"key": self._key}}],
        }

    def _revision(self, found: dict[str, Any]) -> Revision:
        for entry in found.get("kvs", []):
            return Revision(int(entry["mod_revision"]), b64decode(entry.get("value", "")))
        return Revision()

    def _record(self, revision: Revision) -> Record:
        if not revision.number:
            return Record(revision=revision)
        try:
            return decode(revision.data, revision)
        except BadRecord as bad:
            raise Unavailable(
                f"etcd's key {self.key} cannot be used as the witness's record: {bad}."
                " Nothing was changed. Look who writes there"
            ) from None


def text_of(data: bytes) -> str:
    return b64encode(data).decode()
