"""`lmax drill` as people and programs start it: on a terminal, with Ctrl-C, and as JSON."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.server import EmbeddedPostgres, running_dsn

ROOT = Path(__file__).resolve().parents[2]
DRILL = [sys.executable, "-m", "lmax", "drill", "--rate", "500", "--lease-ms", "800"]
SHOW_CURSOR = b"\x1b[?25h"


class Terminal:
    """A drill on a terminal of its own."""

    def __init__(self, *options: str) -> None:
        self._mine, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "160"}
        self.process = subprocess.Popen(
            [*DRILL, *options],
            cwd=ROOT,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.text = b""

    def read(self) -> bool:
        """Some more; False at the end."""
        try:
            found = os.read(self._mine, 4096)
        except OSError:
            return False
        self.text += found
        return bool(found)

    def until(self, words: bytes) -> None:
        while words not in self.text:
            assert self.read(), self.text.decode(errors="replace")[-2000:]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._mine)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal("--keep", str(tmp_path / "kept"))
    yield opened
    opened.close()


def processes_of(folder: Path) -> list[str]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and "lmax node" in line:
            found.append(line)
    return found


def all_end(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while left := processes_of(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.mark.timeout(300)
def test_a_terminal_sees_how_things_stand_and_ctrl_c_ends_all_nodes(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.until(b" is killed")
    terminal.until(b" answers/s")
    assert processes_of(tmp_path)
    terminal.process.send_signal(signal.SIGINT)
    while terminal.read():
        pass
    assert terminal.process.wait(60) == 130
    assert b"lmax: interrupted" in terminal.text
    assert SHOW_CURSOR in terminal.text
    all_end(tmp_path)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", ["stop", "partition"])
def test_no_node_outlives_a_drill_that_is_killed(fault: str, tmp_path: Path) -> None:
    """Not one that stands still, or that is in a room of its own, either, nor PostgreSQL."""
    if fault == "partition" and os.getuid() and not os.environ.get("CI"):
        pytest.skip("namespaces need root")
    options = ["--fault", fault, "--keep", str(tmp_path / "kept"), "--lease-ms", "10000"]
    with subprocess.Popen(
        [*DRILL, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as drill:
        try:
            assert drill.stdout is not None
            told = b""
            while b"round 1 of 1" not in told:
                line = drill.stdout.readline()
                told += line
                assert line, told.decode(errors="replace")
            assert len(processes_of(tmp_path)) == 2
        finally:
            drill.kill()
    all_end(tmp_path)
    postgres = tmp_path / "kept" / "postgres"
    while running_dsn(postgres):
        time.sleep(0.05)
    EmbeddedPostgres(postgres).destroy()  # as root it is elsewhere


@pytest.mark.timeout(300)
def test_programs_get_one_json_object_and_no_line_that_is_drawn_again(tmp_path: Path) -> None:
    done = subprocess.run(
        [*DRILL, "--json", "--keep", str(tmp_path / "kept")], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    zeros = ("lost", "applied_twice", "discrepancies", "unknown", "two_leaders")
    assert [found[name] for name in zeros] == [0] * len(zeros)
    assert found["rounds"] == 1
    assert found["ledger"]["sequence"] >= found["acknowledged"]
    assert found["ledger"]["trades"] > 0
    assert (found["ledger"]["missing"], found["ledger"]["discrepancies"]) == (0, 0)
    assert found["live_hash"]["same"] is True
    assert set(found["outage_ms"]) == {"p50", "p99", "max"}
    assert 0 < found["planned_ms"]["p50"] <= found["planned_longest_ms"]["p50"]
    assert b"\x1b" not in done.stderr
    assert b"answers/s" not in done.stderr


@pytest.mark.timeout(120)
def test_a_drill_that_cannot_be_held_says_so_as_json(tmp_path: Path) -> None:
    """Without the programs that make namespaces, say."""
    done = subprocess.run(
        [*DRILL, "--json", "--fault", "partition", "--keep", str(tmp_path / "kept")],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
    )
    assert done.returncode == 11, done.stderr
    found = json.loads(done.stdout)
    assert found["exit_code"] == 11
    assert "ip is missing: install iproute2 and util-linux" in found["error"]
    assert not processes_of(tmp_path)
