"""What must hold at the end of a drill: both journals, and everything that clients were told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from journal.batches import end_of
from journal.folder import RealFolder
from journal.reader import Reader
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import COMMAND, CommandType, EventFlag, EventType
from node.drill.load import ACCOUNTS, INSTRUMENTS
from node.reconcile import reconcile_so_far


@dataclass(frozen=True)
class Verdict:
    """commands: in the log; lost: acknowledged, and missing in one of the journals, or another one
    there; applied_twice: ids that were accepted twice; discrepancies: assets whose sum is not what
    was deposited.

    same_logs: one is a prefix of the other; state_hash: of the longer one; hash_at: behind the
    command that was asked for.
    """

    commands: int
    acknowledged: int
    lost: int
    applied_twice: int
    discrepancies: int
    same_logs: bool
    state_hash: str
    hash_at: str = ""

    @property
    def good(self) -> bool:
        wrong = self.lost or self.applied_twice or self.discrepancies
        return self.same_logs and self.acknowledged > 0 and not wrong


@dataclass(frozen=True)
class LedgerVerdict:
    """The ledger in PostgreSQL, compared with a replay of the journal up to its last command.

    sequence: that command; missing: acknowledged, and not there; discrepancies: between the two.
    """

    sequence: int
    trades: int
    missing: int
    discrepancies: int
    first: str = ""

    @property
    def good(self) -> bool:
        return not (self.missing or self.discrepancies)


def compared(journals: list[Path], dsn: str, acknowledged: dict[int, bytes]) -> LedgerVerdict:
    """Any journal that holds all that the ledger has will do; so the one that goes furthest."""
    longest = max(journals, key=lambda journal: end_of(RealFolder(journal)).sequence)
    state, differences = reconcile_so_far(longest, dsn)
    return LedgerVerdict(
        sequence=state.sequence,
        trades=state.trades,
        missing=sum(sequence > state.sequence for sequence in acknowledged),
        discrepancies=len(differences),
        first=str(differences[0]) if differences else "",
    )


def judge(journals: list[Path], acknowledged: dict[int, bytes], *, at: int = 0) -> Verdict:
    """Read both journals, and apply the longer one again. Raises JournalError.

    at: the sequence behind which the state hash is wanted, too.

    Both nodes were in sync after the last answer, so either has to hold all that was acknowledged.
    """
    logs = sorted((read(journal) for journal in journals), key=len)
    same = logs[-1][: len(logs[0])].tobytes() == logs[0].tobytes()
    engine = Engine()
    first = engine.apply(logs[-1][:at])
    hash_at = f"{engine.state_hash:016x}" if at else ""
    events = joined([first, engine.apply(logs[-1][at:])])
    told = by_sequence(events)
    return Verdict(
        commands=len(logs[-1]),
        acknowledged=len(acknowledged),
        lost=sum(
            sequence > len(logs[0]) or told.get(sequence) != answer
            for sequence, answer in acknowledged.items()
        ),
        applied_twice=accepted_twice(events),
        discrepancies=discrepancies(engine, logs[-1]),
        same_logs=same,
        state_hash=f"{engine.state_hash:016x}",
        hash_at=hash_at,
    )


def read(journal: Path) -> np.ndarray:
    with Reader(journal) as reader:
        return joined([np.empty(0, COMMAND), *(part.copy() for part in reader.batches())])


def by_sequence(events: np.ndarray) -> dict[int, bytes]:
    if not len(events):
        return {}
    ends = np.flatnonzero(events["flags"] & EventFlag.LAST) + 1
    return {int(part["sequence"][0]): part.tobytes() for part in np.split(events, ends[:-1])}


def accepted_twice(events: np.ndarray) -> int:
    taken = events[
        (events["type"] == EventType.ACCEPTED) & (events["command"] == CommandType.NEW_ORDER)
    ]
    pairs = zip(taken["account"].tolist(), taken["client_order_id"].tolist(), strict=True)
    return sum(times > 1 for times in Counter(pairs).values())


def discrepancies(engine: Engine, log: np.ndarray) -> int:
    """Assets of which there is more or less than was deposited, or less than nothing."""
    given = log[log["type"] == CommandType.DEPOSIT]
    wrong = 0
    for asset in (0, *INSTRUMENTS):
        there = int(given["quantity"][given["instrument"] == asset].sum())
        held = [
            engine.position(account, asset) if asset else (engine.account(account) or (0, 0))
            for account in ACCOUNTS.tolist()
        ]
        right = all(0 <= reserved <= total for total, reserved in held)
        wrong += not right or sum(total for total, _ in held) != there
    return wrong
