"""F12, F13, F14: a disk that answers with errors, short, late, or has no room.

The calls fail in a real process, on real files, by a library that is preloaded (shim.c.txt).
"""

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journal.writing import commands_of, read_all, same
from tests.preload import shim as shim

ROOT = Path(__file__).resolve().parent.parent.parent

WRITER = """
import sys, time
from pathlib import Path
from tests.journal.writing import Scribe, commands_of
with Scribe(Path(sys.argv[1]), mode=sys.argv[2]) as scribe:
    for number in range(10):
        scribe.ring.publish_array(commands_of(1, scribe.ring.cursor + 1, 40))
        begun, done = time.monotonic(), 0
        while not done:
            done = scribe.agent.do_work()
        took = time.monotonic() - begun
        print(done, scribe.position.value, took > 0.25, scribe.agent.error)
"""


def lines(folder: Path, mode: str, shim: Path, call: str, at: int, how: str) -> list[list[str]]:
    """What the writer told of its ten batches: done, synced, whether it was late, error."""
    result = subprocess.run(
        [sys.executable, "-c", WRITER, str(folder), mode],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(shim)}
        | {"SHIM_CALL": call, "SHIM_AT": str(at), "SHIM_HOW": how},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return [line.split(maxsplit=3) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize(
    ("mode", "call"),
    [("direct", "pwrite"), ("buffered", "pwrite"), ("buffered", "fdatasync"), ("uring", "pwrite")],
)
def test_f12_f13_after_one_error_nothing_is_ever_acknowledged_again(
    tmp_path: Path, shim: Path, mode: str, call: str, number: int
) -> None:
    """The calls after it would succeed; a second sync would say that all is well."""
    found = lines(tmp_path, mode, shim, call, 4, str(number))
    assert [int(synced) for _, synced, _, _ in found] == [40, 80, 120] + [120] * 7
    assert [done for done, *_ in found] == ["1"] * 3 + ["-1"] * 7
    assert found[-1][3] == f"[Errno {number}] {os.strerror(number)}"
    kept = read_all(tmp_path)
    assert len(kept) in (120, 160), "the write that failed may have got there or not"
    assert same(kept, commands_for(len(kept)))


BACKGROUND = """
import sys
from pathlib import Path
from tests.journal.writing import Scribe, commands_of
with Scribe(Path(sys.argv[1]), mode="uring", slots=1 << 13) as scribe:
    scribe.ring.publish_array(commands_of(1, 1, 4000))
    while scribe.agent.do_work() >= 0:
        assert scribe.position.value < 4000
    stopped = scribe.position.value
    assert [scribe.agent.do_work() for _ in range(10)] == [-1] * 10
    print(stopped, scribe.position.value, scribe.agent.error)
"""


def test_f12_f13_a_write_in_the_background_that_fails_is_the_last(
    tmp_path: Path, shim: Path
) -> None:
    """With more in the ring than is written at once, writes go on in an io_uring."""
    result = subprocess.run(
        [sys.executable, "-c", BACKGROUND, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(shim)}
        | {"SHIM_CALL": "enter", "SHIM_AT": "3", "SHIM_HOW": str(errno.EIO)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    stopped, synced, why = result.stdout.strip().split(maxsplit=2)
    assert why == "[Errno 5] Input/output error"
    assert 0 <= int(stopped) == int(synced) <= len(read_all(tmp_path)) < 4000


def commands_for(count: int):
    """What the writer published first, in batches of 40."""
    parts = [commands_of(1, first, 40).tobytes() for first in range(1, count, 40)]
    return memoryview(b"".join(parts))


@pytest.mark.parametrize("mode", ["direct", "buffered", "uring"])
@pytest.mark.parametrize("how", ["short", str(errno.EINTR)])
def test_f12_a_short_or_interrupted_write_goes_on_where_it_stopped(
    tmp_path: Path, shim: Path, mode: str, how: str
) -> None:
    found = lines(tmp_path, mode, shim, "pwrite", 4, how)
    assert [int(synced) for _, synced, _, _ in found] == list(range(40, 401, 40))
    assert same(read_all(tmp_path), commands_for(400))


@pytest.mark.parametrize(("mode", "call"), [("direct", "pwrite"), ("buffered", "fdatasync")])
def test_f14_a_disk_that_stalls_is_waited_for_and_loses_nothing(
    tmp_path: Path, shim: Path, mode: str, call: str
) -> None:
    found = lines(tmp_path, mode, shim, call, 4, "delay")
    assert [late for _, _, late, _ in found].index("True") == 3
    assert int(found[-1][1]) == 400
    assert same(read_all(tmp_path), commands_for(400))


STALLED = """
import sys, threading, time
from pathlib import Path
from lmax.ringbuffer.ring import RingFull
from tests.journal.writing import Scribe, commands_of
with Scribe(Path(sys.argv[1]), mode="direct", slots=64) as scribe:
    worker = threading.Thread(target=scribe.sync)
    scribe.ring.publish_array(commands_of(1, 1, 40))
    worker.start()
    time.sleep(0.1)
    try:
        for number in range(41, 200):
            scribe.ring.publish_array(commands_of(1, number, 1))
    except RingFull:
        print("refused", scribe.ring.cursor, scribe.position.value)
    worker.join()
    print("later", scribe.position.value)
"""


def test_f14_a_stall_fills_the_ring_and_then_callers_are_refused(
    tmp_path: Path, shim: Path
) -> None:
    result = subprocess.run(
        [sys.executable, "-c", STALLED, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(shim)}
        | {"SHIM_CALL": "pwrite", "SHIM_AT": "1", "SHIM_HOW": "delay"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.splitlines() == ["refused 64 0", "later 64"], result.stderr


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A real file system of 1 MiB."""
    folder = Path(tempfile.mkdtemp(prefix="lmax-small-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


FULL = """
import sys, time
from pathlib import Path
import journal.maker
journal.maker.RETRY_S = 0.02
from tests.journal.writing import Scribe, commands_of
folder = Path(sys.argv[1])
(folder / "ballast").write_bytes(bytes(500 << 10))
with Scribe(folder, segment_bytes=256 << 10, slots=512) as scribe:
    stuck = False
    while not (stuck and scribe.journal.problem):
        if scribe.ring.remaining >= 100:
            scribe.ring.publish_array(commands_of(1, scribe.ring.cursor + 1, 100))
        done = scribe.agent.do_work()
        assert done >= 0, scribe.agent.error
        stuck = done == 0 and scribe.ring.remaining < 100
    stuck = scribe.position.value
    time.sleep(0.1)
    assert scribe.agent.do_work() == 0 and scribe.position.value == stuck
    print(scribe.journal.problem, scribe.agent.error)
    (folder / "ballast").unlink()
    scribe.sync()
    print(scribe.position.value == scribe.ring.cursor > stuck, scribe.ring.cursor)
"""


def test_f12_a_disk_that_is_full_is_waited_for_and_goes_on_by_itself(small_disk: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", FULL, str(small_disk)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    problem, went_on = result.stdout.splitlines() or [result.stderr, ""]
    assert problem.startswith("no room for the next journal segment: "), result.stderr
    assert problem.endswith("No space left on device None")
    assert went_on.startswith("True")
    assert len(read_all(small_disk)) == int(went_on.split()[1])
