"""When an agent fails or cannot go on, callers are told, and stopping does not hang."""

import errno
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from lmax.ringbuffer.agent import AgentRunner, PythonAgent
from lmax.ringbuffer.wait import WaitStrategy
from node.core import Core
from node.refusals import CoreFailed, NoRoom
from tests.node.playing import SEGMENT, journaled, market, offline, opening, submit_all, until

ROOT = Path(__file__).resolve().parent.parent.parent

REFUSED_WRITES = """
import resource, signal, sys, time
from pathlib import Path
from node.core import Core, CoreFailed
from tests.node.playing import market
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
core = Core(Path(sys.argv[1]), layout=sys.argv[2], slots=256, segment_bytes=1 << 20).start()
commands = market(1, 5000)
core.wait_applied(core.submit(commands[:50]))
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
at, told = 50, []
while not told:
    try:
        core.submit(commands[at : at + 50])
        at += 50
    except CoreFailed as error:
        told.append(error)
applied = core.business.applied
assert applied <= core.synced.value < at, (applied, core.synced.value, at)
for call in (
    lambda: core.submit(commands[:1]),
    lambda: core.wait_applied(at),
    lambda: core.step() if core.layout == "invoker" else core.raise_failure(),
):
    try:
        call()
    except CoreFailed as error:
        told.append(error)
began = time.monotonic()
core.stop()
core.stop()
assert time.monotonic() - began < 20, "it hung"
assert not any(runner.running for runner in core.runners)
assert len(told) == 4, told
print(applied, told[0])
"""


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_a_disk_that_refuses_writes_ends_the_core(tmp_path: Path, layout: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", REFUSED_WRITES, str(tmp_path), layout],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    applied, _, message = result.stdout.partition(" ")
    assert message.strip() == (
        "UNAVAILABLE: the journal cannot be written any more ([Errno 27] File too large):"
        " nothing is accepted. Mend the disk and start again."
    )
    assert len(journaled(tmp_path)) >= int(applied) >= 50
    with Core(tmp_path, segment_bytes=SEGMENT) as core:
        assert core.recovered >= int(applied)
        core.wait_applied(core.submit(opening()))


def core_with(folder: Path, layout: str, consumer: PythonAgent) -> Core:
    """A core with one more consumer on its outputs' thread."""
    core = Core(folder, layout=layout, slots=64, segment_bytes=SEGMENT)
    first, *others = core.runners
    runner = others[0] if others else first
    replacement = AgentRunner(
        [*runner.agents, consumer], name=runner.name, strategy=WaitStrategy.BACKOFF
    )
    core.runners[core.runners.index(runner)] = replacement
    return core


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_a_failed_consumer_ends_the_core(tmp_path: Path, seed: int, layout: str) -> None:
    """It holds its place in the ring for ever, so the logic could only wait for it."""

    def duty() -> int:
        if core.business.applied > 200:
            raise RuntimeError("broken")
        return 0

    commands = market(seed, 5000)
    core = core_with(tmp_path, layout, PythonAgent(duty))
    core.start()
    with pytest.raises(CoreFailed, match=r"stopped: PythonAgent in .* failed: -1"):
        core.submit(commands, timeout=20)
    with pytest.raises(CoreFailed):
        core.wait_applied(len(commands))
    began = time.monotonic()
    core.stop()
    assert time.monotonic() - began < 20, "it hung"
    assert not any(runner.running for runner in core.runners)
    with Core(tmp_path, segment_bytes=SEGMENT) as again:
        assert again.recovered >= 200
        assert again.business.state.state_hash == offline(tmp_path)[0].state_hash


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_a_fault_of_the_logic_is_told_as_the_cores(tmp_path: Path, layout: str) -> None:
    core = Core(tmp_path, layout=layout, slots=64, segment_bytes=SEGMENT)
    bad = opening()
    bad["sequence"] = 77
    core.input.publish_array(bad)  # past the sequencer
    core.start()
    with pytest.raises(CoreFailed, match="sequence"):
        core.wait_applied(len(bad))
    with pytest.raises(CoreFailed, match="sequence"):
        core.submit(opening())
    core.stop()


def submit_for_ever(core: Core, command: np.ndarray) -> None:
    while True:
        core.submit(command)


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_without_room_for_segments_clients_wait_and_nothing_is_lost(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    monkeypatch.setattr("journal.maker.RETRY_S", 0.02)
    monkeypatch.setattr("journal.maker.FULL", {errno.EISDIR})
    commands = market(seed, 1500)
    core = Core(tmp_path, layout=layout, slots=256, segment_bytes=64 << 10).start()
    core.wait_applied(core.submit(commands[:10]))
    (tmp_path / "00000003.new").mkdir()
    sender = threading.Thread(target=submit_all, args=(core, commands[10:], 40))
    sender.start()
    until(lambda: core.journal.problem != "")
    with pytest.raises(NoRoom):
        submit_for_ever(core, commands[:1])
    assert sender.is_alive()
    (tmp_path / "00000003.new").rmdir()
    sender.join(60)
    core.stop()
    assert core.business.applied == len(journaled(tmp_path)) >= len(commands)


def test_a_stop_that_runs_out_of_time_still_ends_the_threads(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may write in the folder once it is free for others."""
    monkeypatch.setattr("journal.maker.FULL", {errno.EISDIR})
    core = Core(tmp_path, slots=4096, segment_bytes=64 << 10).start()
    commands = market(seed, 2000)
    core.wait_applied(core.submit(commands[:10]))
    (tmp_path / "00000003.new").mkdir()
    core.ingress.offer(commands[10:])  # past the check for room
    with pytest.raises(TimeoutError, match="was not applied within"):
        core.stop(timeout=0.3)
    assert not any(runner.running for runner in core.runners)
    (tmp_path / "00000003.new").rmdir()
    with Core(tmp_path, segment_bytes=SEGMENT) as again:
        assert 10 <= again.recovered == core.synced.value < len(commands)
