"""The lock, disks that are full or refuse writes, and kill -9."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal.errors import JournalLocked
from journal.files import Journal
from journal.reader import Reader
from lmax.records import joined
from tests.journal.doomed import numbered
from tests.journal.writing import Scribe, commands_of, read_all, same, written

ROOT = Path(__file__).resolve().parent.parent.parent
KILL_ROUNDS = max(5, int(os.environ.get("LMAX_KILL_ROUNDS", "0")) // 50)


def doomed(folder: Path, seed: int, mode: str = "auto") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journal.doomed", str(folder), str(seed), mode],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def kill(process: subprocess.Popen[str]) -> str:
    """kill -9; what it had written until then."""
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate(timeout=30)
    return output


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    """The refusal names the process that has it; when that is killed the folder is free."""
    process = doomed(tmp_path, 1)
    try:
        assert process.stdout
        process.stdout.readline()
        with pytest.raises(JournalLocked) as caught:
            Journal(tmp_path)
        assert str(caught.value) == (
            f"{tmp_path} is in use by process {process.pid}. Stop it, or use another folder."
        )
    finally:
        kill(process)
    Journal(tmp_path).close()


def test_a_second_journal_in_the_same_process_is_refused_until_the_first_is_closed(
    tmp_path: Path,
) -> None:
    with Journal(tmp_path), pytest.raises(JournalLocked, match=f"process {os.getpid()}"):
        Journal(tmp_path)
    Journal(tmp_path).close()


def test_no_acknowledged_command_is_lost_by_kill_9(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    acknowledged = 0
    for turn in range(KILL_ROUNDS):
        process = doomed(tmp_path, seed, random.choice(["direct", "buffered", "uring"]))
        assert process.stdout
        process.stdout.readline()
        time.sleep(random.uniform(0.01, 0.25))
        whole_lines = kill(process).rsplit("\n", 1)[0].splitlines()
        synced = [int(line.split()[1]) for line in whole_lines if line.startswith("synced ")]
        acknowledged = max([acknowledged, *synced])
        found = read_all(tmp_path)
        assert len(found) >= acknowledged, f"after kill {turn + 1}"
        assert same(found, numbered(seed, 1, len(found)))
    assert acknowledged > 0


@pytest.mark.parametrize("mode", ["direct", "buffered", "uring"])
def test_a_reader_beside_a_writer_at_full_speed_sees_no_damage(
    tmp_path: Path, seed: int, mode: str
) -> None:
    """Without being told how far it may read: it meets writes that are only half there."""
    process = doomed(tmp_path, seed, mode)
    assert process.stdout
    process.stdout.readline()
    swallow = threading.Thread(target=process.stdout.read)
    swallow.start()
    parts: list[np.ndarray] = []
    deadline = time.monotonic() + 1
    with Reader(tmp_path) as reader:
        while time.monotonic() < deadline:
            parts += [batch.copy() for batch in reader.batches()]
        process.kill()
        process.wait(30)
        parts += [batch.copy() for batch in reader.batches()]
    swallow.join(30)
    found = joined(parts)
    assert same(found, read_all(tmp_path))
    assert found["sequence"].tolist() == list(range(1, len(found) + 1))


REFUSED_WRITES = """
import resource, signal, sys
from pathlib import Path
from tests.journal.writing import Scribe, commands_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Scribe(Path(sys.argv[1]), mode=sys.argv[2]) as scribe:
    scribe.write(commands_of(1, 1, 10))
    while scribe.agent.wants_segment():
        pass
    resource.setrlimit(resource.RLIMIT_FSIZE, (12288, 12288))
    scribe.ring.publish_array(commands_of(1, 11, 300))
    print(scribe.agent.do_work(), scribe.agent.error, scribe.position.value)
    print(scribe.agent.do_work(), scribe.position.value)
"""


@pytest.mark.parametrize("mode", ["direct", "buffered", "uring"])
def test_a_refused_write_ends_the_journaler_with_its_position_where_it_was(
    tmp_path: Path, mode: str
) -> None:
    result = subprocess.run(
        [sys.executable, "-c", REFUSED_WRITES, str(tmp_path), mode],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.splitlines() == ["-1 [Errno 27] File too large 10", "-1 10"], result.stderr
    with Scribe(tmp_path) as scribe:
        assert same(scribe.found, commands_of(1, 1, 10))
        assert scribe.journal.cut, "a part of the refused batch had been written"
        scribe.write(commands_of(1, 11, 5))
    assert len(read_all(tmp_path)) == 15


def test_without_room_for_a_segment_writing_waits_and_goes_on_when_there_is(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder in the next segment's place stands for a disk without room."""
    monkeypatch.setattr("journal.maker.RETRY_S", 0.02)
    monkeypatch.setattr("journal.maker.FULL", {errno.EISDIR})
    with Scribe(tmp_path) as scribe:
        scribe.write(commands_of(seed, 1, 10))
        until_made(scribe)
        (tmp_path / "00000003.new").mkdir()
        for _ in range(2):  # more than what is left of the first segment, and of the second
            scribe.ring.publish_array(commands_of(seed, scribe.ring.cursor + 1, 450))
        while scribe.agent.do_work():
            pass
        stuck = scribe.position.value
        assert stuck < scribe.ring.cursor
        assert scribe.agent.do_work() == 0
        assert scribe.agent.error is None
        deadline = time.monotonic() + 10
        while not scribe.journal.problem and time.monotonic() < deadline:
            time.sleep(0.005)
        assert scribe.journal.problem.startswith("no room for the next journal segment: ")
        assert scribe.agent.counters["starved"] > 0
        (tmp_path / "00000003.new").rmdir()
        scribe.sync()
        assert scribe.position.value == scribe.ring.cursor == 910
        until_made(scribe)
        assert scribe.journal.problem == ""
    assert len(read_all(tmp_path)) == 910


def until_made(scribe: Scribe) -> None:
    deadline = time.monotonic() + 10
    while scribe.agent.wants_segment():
        assert time.monotonic() < deadline
        time.sleep(0.001)


FULL_DISK = """
import resource, signal, sys, time
from pathlib import Path
from tests.journal.writing import Scribe, commands_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (16384, resource.RLIM_INFINITY))
with Scribe(Path(sys.argv[1])) as scribe:
    scribe.ring.publish_array(commands_of(1, 1, 10))
    while not scribe.journal.problem:
        assert scribe.agent.do_work() == 0
        time.sleep(0.001)
    print(scribe.journal.problem)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    scribe.sync()
    print(scribe.position.value)
"""


def test_a_segment_that_cannot_be_filled_is_tried_again(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.splitlines() == [
        "no room for the next journal segment: [Errno 27] File too large",
        "10",
    ], result.stderr
    assert same(read_all(tmp_path), commands_of(1, 1, 10))


def test_closing_leaves_nothing_half_made(tmp_path: Path, seed: int) -> None:
    """Closing while a segment is being filled: the next opening removes what is left of it."""
    for turn in range(5):
        with Scribe(tmp_path, segment_bytes=1 << 20) as scribe:
            scribe.write(commands_of(seed, 5 * turn + 1, 5))
        with Journal(tmp_path) as journal:
            assert sum(len(batch) for batch in journal.replay()) == 5 * turn + 5
            assert not list(tmp_path.glob("*.new"))


def test_the_lock_file_of_a_dead_process_does_not_hold(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [3])
    (tmp_path / "lock").write_text("999999\n")
    Journal(tmp_path).close()
    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
