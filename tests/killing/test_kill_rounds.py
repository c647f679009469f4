"""F01, F03: kill -9 of a loaded venue at named points, again and again, on one journal.

LMAX_KILL_ROUNDS says how often, 200 times unless told. After each round: every command whose
events were seen is in the log, the log is what was sent, each order was accepted at most once, the
next life's state and the events that were seen are those of an engine that never died. At the end
the ledger, which was killed with the venue in some rounds, agrees with the journal line by line.
"""

import json
import os
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal.reader import Reader
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import COMMAND, CommandType, EventType
from node.system import System
from tests.killing.orders import is_order, order, setup
from tests.preload import shim as shim

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("LMAX_KILL_ROUNDS", "200"))
SHARDS = 2
POINTS: dict[str, tuple[str, int, tuple[float, float] | None]] = {
    "claim": ("direct", 30, None),
    "pwrite/kill": ("direct", 25, None),
    "pwrite/tear": ("direct", 25, None),
    "pwrite/killed": ("direct", 25, None),
    "enter/kill": ("uring", 25, None),
    "enter/killed": ("uring", 25, None),
    "fdatasync/kill": ("buffered", 20, None),
    "fdatasync/killed": ("buffered", 20, None),
    "in the logic": ("direct", 10, None),
    "before output": ("direct", 40, None),
    "with the ledger": ("direct", 1, (0.05, 0.6)),
    "anywhere": ("", 1, (0.005, 0.2)),
}
"""Where; by which way of writing, how often it may be passed before; between which seconds."""


class Rounds:
    """Doomed venues on one folder, and the engine that never dies beside them."""

    def __init__(self, folder: Path, seed: int, shim: Path, dsn: str) -> None:
        self.folder, self.seed, self.dsn = folder, seed, dsn
        self.random = Random(seed)
        self.twin = Engine()
        self.log = np.empty(0, COMMAND)
        self.accepted: Counter[int] = Counter()
        self.answered = 0
        self.recovery_s: list[float] = []
        self.reached: Counter[str] = Counter()
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.killing.doomed"],
            cwd=ROOT,
            env={**os.environ, "LD_PRELOAD": str(shim)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def round(self, number: int) -> None:
        point = list(POINTS)[number % len(POINTS)]
        mode, most, within = POINTS[point]
        report = self.folder / f"report-{number}"
        first = self.first_unknown()
        told = {
            "folder": str(self.folder),
            "report": str(report),
            "seed": self.seed,
            "first": first,
            "mode": mode or self.random.choice(["direct", "buffered", "uring"]),
            "point": point,
            "at": self.random.randint(1, most),
            "after": self.random.uniform(*within) if within else 0,
            "dsn": self.dsn,
        }
        assert self.server.stdin
        assert self.server.stdout
        self.server.stdin.write(json.dumps(told) + "\n")
        self.server.stdin.flush()
        ended = self.server.stdout.readline().strip()
        assert ended in ("there", "in time", "late"), f"round {number}, {told}: {ended}"
        lines = report.read_text() if report.exists() else ""
        self.check([line.split() for line in lines.rpartition("\n")[0].splitlines()])
        if ended != "late" and lines:
            self.reached[point] += 1

    def first_unknown(self) -> int:
        """The client asks again from the first order on of which it was not told."""
        return self.answered + 1

    def check(self, told: list[list[str]]) -> None:
        if told and told[0][0] == "recovered":
            _, sequence, state_hash, took = told.pop(0)
            assert int(sequence) == len(self.log), "not what survived the round before"
            assert int(state_hash) == self.twin.state_hash
            self.recovery_s.append(float(took))
        with Reader(self.folder / "journal") as reader:
            found = joined([np.empty(0, COMMAND), *(batch.copy() for batch in reader.batches())])
        assert found.tobytes().startswith(self.log.tobytes()), "the log has changed"
        acknowledged = int(told[-1][1]) if told else 0
        assert len(found) >= acknowledged, "an acknowledged command is lost"
        before, self.log = len(self.log), found
        self.check_sent(found[before:])
        events = self.twin.apply(found[before:])
        self.check_seen(events, told)
        self.count(events, found[before:], acknowledged)

    def check_sent(self, commands: np.ndarray) -> None:
        """Nothing is in the log that the client did not send."""
        for command in commands[commands["type"] == CommandType.NEW_ORDER]:
            sent = order(self.seed, int(command["client_order_id"]))[0]
            assert all(command[name] == sent[name] for name in ("side", "price", "quantity"))

    def check_seen(self, events: np.ndarray, told: list[list[str]]) -> None:
        crc, at = 0, 0
        for _, sequence, seen in told:
            end = int(np.searchsorted(events["sequence"], int(sequence), side="right"))
            crc, at = zlib.crc32(np.ascontiguousarray(events[at:end]).tobytes(), crc), end
            assert crc == int(seen), f"other events than the twin's up to {sequence}"

    def count(self, events: np.ndarray, commands: np.ndarray, acknowledged: int) -> None:
        """At most once; and up to where the client was told, without a gap."""
        orders = events[
            (events["type"] == EventType.ACCEPTED) & (events["command"] == CommandType.NEW_ORDER)
        ]
        self.accepted.update(orders["client_order_id"].tolist())
        assert max(self.accepted.values(), default=0) <= 1, "an order was accepted twice"
        known = commands[commands["sequence"] <= acknowledged]["client_order_id"]
        self.answered = max(self.answered, int(known.max(initial=0)))

    def close(self) -> None:
        self.server.kill()
        self.server.communicate()


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.timeout(1800)
def test_f01_f03_kill_9_at_named_points_loses_nothing_and_repeats_nothing(
    tmp_path: Path, seed: int, postgres: str, shim: Path, shard: int
) -> None:
    rounds = Rounds(tmp_path, seed, shim, postgres)
    try:
        for number in range(-(-ROUNDS // SHARDS)):
            rounds.round(number + shard)
        tell(rounds)
    finally:
        rounds.close()
    assert rounds.answered > 0
    if len(rounds.recovery_s) > 6 * len(POINTS):
        named = {point for point, (_, _, within) in POINTS.items() if within is None}
        assert named <= set(rounds.reached), "no venue ever came to some of the points"
    missing = [n for n in range(1, rounds.answered + 1) if is_order(n) and not rounds.accepted[n]]
    assert missing == [], "answered orders that are not in the log"
    assert len(rounds.log) > len(setup())
    with System(tmp_path, dsn=postgres, segment_bytes=256 << 10) as system:
        outcome = system.finish()
    assert outcome.discrepancies == 0
    assert int(outcome.state_hash, 16) == rounds.twin.state_hash


def tell(rounds: Rounds) -> None:
    p50, p99, worst = np.percentile(rounds.recovery_s, [50, 99, 100]) * 1e3
    print(
        f"{len(rounds.log)} commands, {rounds.answered} orders, reached {dict(rounds.reached)}\n"
        f"recovery in ms: p50 {p50:.1f}, p99 {p99:.1f}, longest {worst:.1f}"
    )
