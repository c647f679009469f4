"""Running `python -m lmax` as people do: processes, signals, lines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner

from ledger import processes
from ledger.home import remembered_home
from node.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "lmax"]
SMALL = ["--accounts", "20", "--instruments", "3", "--segment-mb", "1"]
APPLIED = re.compile(r"applied ([\d,]+)")


def environment() -> dict[str, str]:
    """Ours, without what would change how lmax behaves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMAX_")}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"}


class Finished(NamedTuple):
    """A process that has ended."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object that --json promises: the last line, and the only one."""
        lines = self.output.splitlines()
        assert len(lines) == 1, f"not one line on stdout:\n{self.output}\n{self.errors}"
        return json.loads(lines[0])


def lmax(*arguments: object, timeout: float = 100.0, **variables: str) -> Finished:
    """Run it to its end."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment() | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def inside(*arguments: object) -> Finished:
    """The same within this process: for the many short verbs, where a start costs the most."""
    hidden = {name: None for name in os.environ if name.startswith("LMAX_")}
    done = CliRunner().invoke(cli, [*map(str, arguments)], env=hidden, prog_name="lmax")
    return Finished(done.exit_code, done.stdout, done.stderr)


class Running:
    """A process that is still running; its output goes to files that can be read meanwhile."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self._folder = folder

    @property
    def errors(self) -> str:
        return (self._folder / "stderr").read_text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def until(self, holds: Callable[[str], Any], timeout: float = 60.0) -> None:
        """Wait until that holds for what it wrote to stderr."""
        deadline = time.monotonic() + timeout
        while not holds(self.errors):
            assert self.process.poll() is None, f"it ended too early:\n{self.errors}"
            assert time.monotonic() < deadline, f"it never happened:\n{self.errors}"
            time.sleep(0.02)

    def until_trading(self) -> None:
        """Wait for the first status line."""
        self.until(lambda errors: "trading  applied" in errors)

    def ended(self, timeout: float = 40.0) -> Finished:
        """Wait for its end."""
        code = self.process.wait(timeout)
        return Finished(code, (self._folder / "stdout").read_text(), self.errors)


@contextmanager
def running(folder: Path, *arguments: object) -> Iterator[Running]:
    """Start it; killed at the end of the context if it still runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            env=environment(),
            cwd=ROOT,
            stdout=out,
            stderr=errors,
        )
    try:
        yield Running(process, folder)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def last_applied(errors: str) -> int:
    """The last command that a status line reported as applied; 0 if none did."""
    found = APPLIED.findall(errors)
    return int(found[-1].replace(",", "")) if found else 0


def left_behind(data: Path, patience_s: float = 10.0) -> list[int]:
    """PostgreSQL processes of a data folder that do not end by themselves."""
    home = remembered_home(data / "postgres")
    if home is None or processes.wait_until_gone(home.data, patience_s):
        return []
    return processes.of_cluster(home.data)
