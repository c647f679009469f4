"""Which processes belong to a cluster, told by their working directory.

A pid file may name a process that is long dead, or a stranger that was given its number.
Every PostgreSQL process works in its data directory, so ``/proc/<pid>/cwd`` cannot be
mistaken, and it also finds backends that outlived a killed postmaster.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path


def of_cluster(data: Path) -> list[int]:
    """The pids of all live PostgreSQL processes that work in the data directory ``data``."""
    wanted = os.path.realpath(data)
    return [pid for pid in _pids() if _works_in(pid, wanted)]


def postmaster_pid(data: Path) -> int | None:
    """The pid in ``postmaster.pid``, or None when there is none to read."""
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def stop_leftovers(data: Path, patience_s: float) -> bool:
    """End every process of the cluster; true when none is left.

    A postmaster gets a fast shutdown (SIGINT: open transactions roll back, a checkpoint is
    written). When the patience is over everything gets SIGQUIT: no checkpoint, so the next
    start recovers from the write-ahead log; no committed row is lost.
    """
    if not _signal_and_wait(data, signal.SIGINT, patience_s):
        return _signal_and_wait(data, signal.SIGQUIT, 5.0)
    return True


def _signal_and_wait(data: Path, number: signal.Signals, patience_s: float) -> bool:
    alive = of_cluster(data)
    postmaster = postmaster_pid(data)
    targets = [postmaster] if postmaster in alive and number == signal.SIGINT else alive
    for pid in targets:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    return wait_until_gone(data, patience_s)


def wait_until_gone(data: Path, patience_s: float) -> bool:
    """Wait until no process works in ``data``; false when the patience is over first."""
    deadline = time.monotonic() + patience_s
    while of_cluster(data):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _works_in(pid: int, wanted: str) -> bool:
    try:
        if os.readlink(f"/proc/{pid}/cwd") != wanted:
            return False
        program = os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
        return os.path.basename(program) == "postgres" and not _zombie(pid)
    except OSError:
        return False


def _zombie(pid: int) -> bool:
    text = Path(f"/proc/{pid}/stat").read_text()
    return text.rpartition(")")[2].split()[0] == "Z"
