"""F07, F14 and F20 at the node: a disk that stalls, a process that sleeps, and a restart between.

Bounded memory, a refusal at once that may be tried again, and nothing that leaves too early.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from journal.replay import replayed
from node.core import Core
from node.follower import Follower
from tests.cli.driving import SMALL, last_applied, running
from tests.node.playing import SEGMENT, drain, market, offline

ROOT = Path(__file__).resolve().parents[2]

STALLED = """
import ctypes, sys, time
from pathlib import Path
from lmax.ringbuffer.ring import RingFull
from node.core import Core
from tests.node.playing import market, submit_all

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

core = Core(Path(sys.argv[1]), slots=4096, journal_mode=sys.argv[2]).start()
commands = market(1, 30_000)
submit_all(core, commands[:5000])
core.wait_applied(5000)
before, refused, longest, at = resident(), 0, 0.0, 5000
ctypes.CDLL(None).shim_arm(sys.argv[3].encode(), b"2", sys.argv[4].encode())
began, deadline = time.monotonic(), time.monotonic() + 60
while core.business.applied < len(commands):
    assert time.monotonic() < deadline
    begun = time.process_time(), time.monotonic()
    try:
        core.submit(commands[at : at + 50], timeout=0)
        at = min(at + 50, len(commands))
    except RingFull as full:
        at += full.taken
        refused += 1
        longest = max(longest, min(time.process_time() - begun[0], time.monotonic() - begun[1]))
        assert core.input.cursor - core.synced.value <= 4096
        time.sleep(0.001)
    if at == len(commands):
        core.wait_applied(at, timeout=30)
assert core.business.applied == core.synced.value == len(commands)
grown = resident() - before
core.stop()
print(refused, round(longest * 1e3, 3), grown >> 10, round(time.monotonic() - began, 1))
"""


@pytest.mark.parametrize(("mode", "call"), [("direct", "pwrite"), ("uring", "enter")])
@pytest.mark.parametrize("stall_ms", [1000, 2500])
def test_f14_a_disk_that_stalls_for_seconds_is_back_pressure_with_bounded_memory(
    tmp_path: Path, shim: Path, mode: str, call: str, stall_ms: int
) -> None:
    result = subprocess.run(
        [sys.executable, "-c", STALLED, str(tmp_path), mode, call, f"delay:{stall_ms}"],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(shim)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    refused, longest_ms, grown_kib, took_s = map(float, result.stdout.split())
    print(f"{refused:.0f} refusals, the longest took {longest_ms} ms; {grown_kib:.0f} KiB more")
    assert took_s * 1000 >= stall_ms
    assert refused > 10, "callers waited instead of being refused"
    assert longest_ms < 10
    assert grown_kib < 64 << 10, "the state of 30,000 commands takes less"


def test_f07_a_node_that_sleeps_in_the_middle_of_its_writes_goes_on_where_it_was(
    tmp_path: Path, postgres: str
) -> None:
    """SIGSTOP and SIGCONT; time never goes back, and the ledger agrees at the end."""
    data = tmp_path / "data"
    options = ["--dir", data, "--dsn", postgres, "--for", "0", "--rate", "5000", *SMALL]
    with running(tmp_path, "run", *options, "--json") as run:
        run.until_trading()
        for _ in range(8):
            run.signal(signal.SIGSTOP)
            time.sleep(0.1)
            assert replayed(data / "journal").sequence >= last_applied(run.errors)
            run.signal(signal.SIGCONT)
            time.sleep(0.05)
        run.signal(signal.SIGINT)
        done = run.ended()
    assert (done.code, done.json["discrepancies"]) == (0, 0)
    _, events = offline(data / "journal")
    assert bool(np.all(np.diff(events["timestamp"]) >= 0))


def synced_but_not_applied(core: Core, sequence: int) -> None:
    while core.synced.value < sequence:
        core.journaler.do_work()


@pytest.mark.parametrize("synced", [True, False])
def test_f20_commands_that_wait_at_a_restart_are_published_only_after_they_were_replayed(
    tmp_path: Path, seed: int, synced: bool
) -> None:
    """Nothing of them was seen before; then all of those that are in the journal, or none."""
    commands = market(seed, 300)
    core = Core(tmp_path, layout="invoker", slots=1024, segment_bytes=SEGMENT)
    core.wait_applied(core.submit(commands[:100]))
    follower = Follower(core, tmp_path, after=0)
    seen = drain(follower, 100, core)
    core.submit(commands[100:])
    if synced:
        synced_but_not_applied(core, len(commands))
    assert core.business.applied == 100
    assert len(follower.poll()) == 0, "published before it was applied"
    follower.close()
    core.abandon()
    there = len(commands) if synced else 100
    with Core(tmp_path, segment_bytes=SEGMENT) as again:
        assert again.recovered == again.business.applied == again.synced.value == there
        engine, events = offline(tmp_path)
        assert again.business.state.state_hash == engine.state_hash
        late = Follower(again, tmp_path, after=100)
        seen += drain(late, there) if synced else []
        late.close()
    assert b"".join(part.tobytes() for part in seen) == events.tobytes()
