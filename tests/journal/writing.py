"""A journal that a test writes step by step, on its own thread."""

import time
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from journal.files import Journal
from journal.folder import Folder, ReadFolder
from journal.keys import Keys
from journal.reader import Reader
from lmax.records import joined
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND

BLOCK = 4096
SMALL = 64 << 10
CLUSTER = b"a cluster's name"


def commands_of(seed: int, first: int, count: int) -> np.ndarray:
    """Commands of random bytes with the sequences from `first` on: the journal reads no field."""
    random = np.random.default_rng([seed, first])
    commands = np.frombuffer(random.bytes(count * COMMAND.itemsize), COMMAND).copy()
    commands["sequence"] = np.arange(first, first + count)
    return commands


class Scribe:
    """Replays a folder, then writes: one `write` is one batch if it fits.

    `found` holds the commands that the replay found. On a simulated disk everything is done by
    who calls.
    """

    def __init__(
        self,
        directory: Path | Folder,
        *,
        segment_bytes: int = SMALL,
        mode: str = "auto",
        slots: int = 8192,
        cluster: bytes = b"",
        keys: Keys | None = None,
        epoch: int = 1,
    ) -> None:
        self.journal = Journal(
            directory, segment_bytes=segment_bytes, mode=mode, cluster=cluster, keys=keys
        )
        try:
            batches = [batch.copy() for batch in self.journal.replay()]
        except BaseException:
            self.journal.close()
            raise
        self.found = joined([np.empty(0, COMMAND), *batches])
        self.ring = RingBuffer(slots, dtype=COMMAND, last=self.journal.sequence)
        self.position = RingSequence()
        self.ring.add_gate(self.position)
        self._alone = not isinstance(directory, Path)
        self.agent = self.journal.journaler(
            self.ring, self.position, epoch=epoch, start=not self._alone
        )

    def write(self, commands: np.ndarray) -> None:
        """Publish and make durable, with patience for the segment maker."""
        self.ring.publish_array(commands)
        self.sync()

    def sync(self, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while self.position.value < self.ring.cursor:
            if self._alone:
                self.journal.make_segment()
            done = self.agent.do_work()
            assert done >= 0, self.agent.error
            assert time.monotonic() < deadline, self.journal.problem or "nothing is written"
            if not done:
                time.sleep(0.001)

    def close(self) -> None:
        self.journal.close()

    def __enter__(self) -> "Scribe":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def written(directory: Path | Folder, seed: int, sizes: list[int], **options: Any) -> np.ndarray:
    """A journal of batches of these sizes; its commands."""
    parts = []
    with Scribe(directory, **options) as scribe:
        for size in sizes:
            commands = commands_of(seed, scribe.ring.cursor + 1, size)
            scribe.write(commands)
            parts.append(commands)
        scribe.agent = None  # type: ignore[assignment]
    return joined(parts)


def read_all(directory: Path | ReadFolder, keys: Keys | None = None) -> np.ndarray:
    with Reader(directory, keys=keys) as reader:
        return joined([np.empty(0, COMMAND), *(b.copy() for b in reader.batches())])


def same(left: np.ndarray, right: np.ndarray) -> bool:
    """Byte for byte."""
    return left.tobytes() == right.tobytes()


def segments(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.segment"))


def batch_bytes(count: int) -> int:
    """What a batch of that many commands takes in the file."""
    return -(-(128 + 128 * count) // BLOCK) * BLOCK
