"""The witness: the third party that says which node may lead, and who could take over from it.

Two machines cannot tell a dead peer from a cut cable. If each decided for itself, a cut cable would
make two primaries, and both would tell clients that their orders stand. So there is one
small record outside of both, changed only by compare-and-swap: whoever changes it names the
version that he has read, and is refused if it is no longer that one.

**Epochs.** Each time somebody takes the lead the epoch grows by one. Of two who ask for the same
epoch one is refused, so an epoch has one leader for ever. Every batch of the log carries its
epoch, and nobody takes a lower one: an old primary that comes back is told apart by a number, not
by a clock.

**Leases, without comparing clocks.** A primary that is cut off does not hear that somebody else
leads. So what it may do ends by itself. It renews the record again and again, and may acknowledge
until *the time before it sent the last renewal that worked, plus the lease*, on its own clock. A
candidate waits until it has itself seen the record unchanged for *the lease and a quarter*, on
its own clock, and then takes the next epoch, if the record is still the same:

    primary    sends ───────── lease ─────────▶ acknowledges nothing any more
                  └─▶ record changes
    candidate           └─▶ sees it ─────── lease × 1.25 ───────▶ takes, if nothing changed since

It saw the change after the primary had sent it; so it begins to wait later and waits longer. The
clocks need not agree on what time it is, only on how long a second is, and the quarter forgives a
lot of that. How late or how often the candidate looks plays no part: the compare-and-swap is the
last look.

**Who is in sync.** The next leader must have everything that was acknowledged. The record names
the nodes of which that is true, and only one of them may take the next epoch. The primary keeps
it true by the order in which it does things: somebody is counted, so that acknowledgements wait
for him, *before* he is recorded; and he is taken out of the record *before* acknowledgements no
longer wait for him. So a primary that lost its standby must have the loss recorded before it
acknowledges alone. Otherwise the standby, which was only cut off, could take over without the
orders that were acknowledged meanwhile, and nobody would ever know. If the standby has taken the
next epoch first, the primary is refused. Right after taking over only the new leader is recorded:
who else has all that it has is yet to be seen.

**The beginning.** A record that nobody has written says epoch 0 and no leader; then anyone who is
configured to may begin. A *blank* node, one whose journal is lost or new, never takes over from a
leader, even if the record has its name: the name tells of a disk that is no longer there.

An answer may be lost though the change was made. Each change is marked, so a witness recognises
its own when it asks again; if nobody answers at all it raises Unavailable, and the change may
have been made or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Record:
    """What the witness knows.

    epoch: 0 before anybody has led; leader: the node that has it, "" for nobody; in_sync: who has
    all that was acknowledged, the leader among them; renewals: signs of life; released: the leader
    acknowledges nothing any more, so nobody has to wait for its lease; revision: which version of
    the record this is, in the witness's own terms; heir: of a released one, whose turn it is, ""
    for anybody's: the others wait as if it were not released.
    """

    epoch: int = 0
    leader: str = ""
    in_sync: frozenset[str] = frozenset()
    renewals: int = 0
    released: bool = False
    revision: object = None
    heir: str = ""


class Lost(Exception):
    """Somebody else changed the record; nothing was changed now. record: what it says."""

    def __init__(self, record: Record) -> None:
        self.record = record
        leader = record.leader or "nobody"
        super().__init__(f"the witness's record is another one now: epoch {record.epoch}, {leader}")


class Unavailable(Exception):
    """The witness gave no answer that can be used, and whether a change was made is not known.

    The message says why, and what to do.
    """


class Witness(Protocol):
    """Calls block, up to a few seconds: see witness_keeper for who must not wait.

    All but `read` are compare-and-swap: `seen` and `mine` are the record as it was read or
    returned last. They raise Lost and Unavailable.
    """

    def read(self) -> Record: ...

    def take(self, seen: Record, node: str) -> Record:
        """The next epoch for that node; only it is in sync then. Whoever asks has asked Watch."""

    def renew(self, mine: Record) -> Record:
        """A sign of life of the leader."""

    def set_in_sync(self, mine: Record, names: frozenset[str]) -> Record:
        """By the leader, which is one of them. A sign of life, too."""

    def release(self, mine: Record, heir: str = "") -> Record:
        """The leader acknowledges nothing any more in this epoch: it has stopped before it asks.

        heir: who takes over at once, one of those in sync; "" for any of them.
        """

    def force(self, seen: Record, names: frozenset[str], above: int = 0) -> Record:
        """An operator's word: one of these may take over now, whatever the others have.

        For the case that everybody in sync is gone for good. What only they had is lost. The
        epoch grows, so the leader, should it still live, is fenced. above: an epoch that there
        was, though this record may not know it.
        """

    def close(self) -> None: ...


class Lease:
    """The leader's side, for one epoch: until when it may acknowledge. Nanoseconds of its own
    monotonic clock."""

    def __init__(self, lease: int) -> None:
        self.lease = lease
        self.until = 0
        self.ended = False

    def extend(self, sent: int) -> None:
        """A change of the record worked that was sent at that time, or later.

        An answer that was overtaken by the answer to a later change shortens nothing.
        """
        if not self.ended:
            self.until = max(self.until, sent + self.lease)

    def holds(self, now: int) -> bool:
        return now < self.until

    def end(self) -> None:
        """Nothing is acknowledged any more, whatever answers are still under way."""
        self.ended, self.until = True, 0


class Watch:
    """A candidate's side: since when it has seen the record unchanged. Nanoseconds of its own
    monotonic clock."""

    def __init__(self, lease: int) -> None:
        self.patience = lease + (lease + 3) // 4
        self._seen: Record | None = None
        self._since = 0
        self._highest = 0

    def saw(self, record: Record, now: int) -> None:
        """The record, and the time when the answer was here (not when it was asked for)."""
        if record != self._seen:
            self._seen, self._since = record, now
        self._highest = max(self._highest, record.epoch)

    def knows(self, epoch: int) -> None:
        """An epoch that there was, as the journal tells: a restart forgets none."""
        self._highest = max(self._highest, epoch)

    def forgotten(self, record: Record) -> str:
        """What is wrong with a record that is older than one seen before; "" for none such."""
        if record.epoch >= self._highest:
            return ""
        return (
            f"the witness has forgotten epoch {self._highest}: it says {record.epoch}."
            " Bring its record back, or see docs/witness.md"
        )

    def may_take(self, record: Record, node: str, now: int, *, blank: bool = False) -> bool:
        """Whether that node may ask for the epoch after that record's.

        blank: it has no journal of this cluster, except one that it has just made to begin it.
        """
        return not self.hindrance(record, node, now, blank=blank)

    def hindrance(self, record: Record, node: str, now: int, *, blank: bool = False) -> str:
        """Why it may not; "" if it may."""
        if forgotten := self.forgotten(record):
            return forgotten
        if record.epoch == 0:
            return ""
        if node not in record.in_sync:
            return f"{node} lacks what was acknowledged; in sync: {named(record.in_sync)}"
        if blank and record.leader:
            return f"{node} has no journal, though the witness says that it is in sync"
        if record.released and record.heir in ("", node):
            return ""
        if record != self._seen:
            return "the record has just changed"
        if now - self._since < self.patience:
            if record.released:
                return f"it is the turn of {record.heir}"
            return f"{record.leader or 'nobody'} may still lead"
        return ""


def named(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nobody"
