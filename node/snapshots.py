"""Snapshots of a running node, by a process of its own that follows the journal.

The logic never stops for it: who takes a snapshot reads the last one and what was journaled since,
as a restart does, at a low priority. `python -m node.snapshots` is that process.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from journal.errors import JournalError
from journal.keys import Keys, key_line, parse_keys
from journal.snapshots import KEEP, SnapshotStore
from journal.snapshotter import Snapshotter

LOOK_S = 0.2
RETRY_S = 10.0
NICE = 10
ROOT = Path(__file__).resolve().parent.parent
FEWEST, SHORTEST_S = 1000, 1.0


@dataclass(frozen=True)
class Every:
    """When the next snapshot is due: after so many commands, or seconds. 0: not for that."""

    commands: int = 0
    seconds: float = 0.0

    def is_due(self, commands: int, seconds: float) -> bool:
        """commands, seconds: since the last one."""
        if commands <= 0:
            return False
        return 0 < self.commands <= commands or 0 < self.seconds <= seconds

    def __bool__(self) -> bool:
        return bool(self.commands or self.seconds)


def parse_every(text: str) -> Every:
    """`5000000` commands, `600s` seconds, `0` never. Raises ValueError."""
    every = Every(seconds=float(text[:-1])) if text.endswith("s") else Every(commands=int(text))
    if every and not (every.commands >= FEWEST or every.seconds >= SHORTEST_S):
        raise ValueError(
            f"snapshots are taken every {FEWEST} commands, {SHORTEST_S:g}s, or seldomer"
        )
    return every


@dataclass(frozen=True)
class SnapshotStatus:
    """sequence: of the newest snapshot taken or used; taken: how many since the start."""

    sequence: int
    taken: int
    problem: str


class SnapshotKeeper:
    """Has a snapshot taken whenever one is due, in a thread that only waits.

    directory: of the journal; synced: the sequence of the last command on the disk; newest: that
    of the snapshot the node began with. What fails is told in `status` and tried again.
    """

    def __init__(
        self,
        directory: Path,
        keys: Keys,
        every: Every,
        *,
        synced: Callable[[], int],
        newest: int = 0,
        keep: int = KEEP,
    ) -> None:
        self._directory = directory
        self._keys = keys
        self._every = every
        self._synced = synced
        self._keep = keep
        self._newest = newest
        self._began = time.monotonic()
        self._taken = 0
        self._problem = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)

    @property
    def status(self) -> SnapshotStatus:
        return SnapshotStatus(self._newest, self._taken, self._problem)

    def start(self) -> SnapshotKeeper:
        self._thread.start()
        return self

    def stop(self) -> None:
        """No snapshot any more; one that is under way is given up, one in its place is counted."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        wait, looked = LOOK_S, 0
        while not self._stopping.wait(wait):
            wait = LOOK_S
            since, synced = time.monotonic() - self._began, self._synced()
            # The last batch is left for later, so an idle node has always something behind.
            if synced > looked and self._every.is_due(synced - self._newest, since):
                self._began, looked = time.monotonic(), synced
                if not self._take():
                    wait, looked = RETRY_S, 0

    def _take(self) -> bool:
        """Run the process; whether it did what it should."""
        store = SnapshotStore.of(self._directory, self._keys)
        before = store.names()
        command = [sys.executable, "-m", "node.snapshots", str(self._directory), str(self._keep)]
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            )
            output = self._wait_for(process)
        except OSError as error:
            self._problem = f"no snapshot can be taken: {error}"
            return False
        if process.returncode and self._stopping.is_set():
            return self._count_new(store, before)
        last = output.strip().rsplit("\n", 1)[-1]
        if process.returncode:
            self._problem = f"no snapshot was taken: {last or f'exit code {process.returncode}'}"
            return False
        self._count(json.loads(last)["sequence"])
        return True

    def _count(self, sequence: int) -> None:
        self._taken += sequence > self._newest
        self._newest, self._problem = max(sequence, self._newest), ""

    def _count_new(self, store: SnapshotStore, before: list[str]) -> bool:
        """What a process that was ended had already put in its place is a snapshot like others.

        It was read back before it got its name; only that the name lasts is still to be seen to.
        """
        for name in store.names():
            if name not in before:
                with contextlib.suppress(JournalError, OSError):
                    store.folder.sync()
                    self._count(store.header(name).sequence)
                    return True
        return False

    def _wait_for(self, process: subprocess.Popen[str]) -> str:
        """Give it the keys, and what it said when it has ended."""
        numbers = sorted(self._keys.by_number, key=lambda number: number == self._keys.current)
        given: str | None = "".join(key_line(self._keys, number) for number in numbers)
        while True:
            try:
                return process.communicate(given, timeout=LOOK_S)[0]
            except subprocess.TimeoutExpired:
                given = None
                if self._stopping.is_set():
                    process.kill()


class Taken(TypedDict):
    """sequence: where the state is; bytes: of the new file; 0: it was there."""

    sequence: int
    snapshot: str
    bytes: int
    state_hash: str
    began_with: int
    passed: list[str]
    seconds: float


def take_one(directory: Path, keys: Keys, keep: int = KEEP) -> Taken:
    """A snapshot of what is certainly on the disk, beside whoever writes; what is known of it.

    Raises JournalError, OSError.
    """
    began = time.monotonic()
    with Snapshotter(directory, SnapshotStore.of(directory, keys), keys=keys) as snapshotter:
        snapshotter.catch_up()
        taken = snapshotter.take(keep)
        return {
            "sequence": snapshotter.engine.sequence,
            "snapshot": taken.name if taken else snapshotter.recovery.snapshot,
            "bytes": taken.size if taken else 0,
            "state_hash": f"{snapshotter.engine.state_hash:016x}",
            "began_with": snapshotter.recovery.sequence,
            "passed": snapshotter.recovery.passed,
            "seconds": round(time.monotonic() - began, 3),
        }


def main() -> int:
    """The process of a SnapshotKeeper: its keys come from standard input."""
    directory, keep = Path(sys.argv[1]), int(sys.argv[2])
    os.nice(NICE)  # this process gives way to those that trade
    lines = sys.stdin.read()
    keys = parse_keys(lines, "the node") if lines.strip() else Keys()
    try:
        print(json.dumps(take_one(directory, keys, keep)))
    except (JournalError, OSError) as error:
        print(" ".join(str(error).split()))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
