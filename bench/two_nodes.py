"""Pairs of a primary, here, and its standby, in a process of its own: ours, and bare ones.

with pairs() as made:
    one = made.ours("udp", (folder, other))
    bare = made.bare("udp", None)
    made.connect()
    with one.awake(): ...
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from bench._aeron import End
from bench._pair import RawPrimary
from bench.aeron import SHARED_MEMORY, free_ports
from bench.other_side import (
    PATIENCE_S,
    SLOTS,
    Task,
    bare_disk,
    end_of,
    open_core,
    pump,
    serve,
)
from journal.files import DEFAULT_SEGMENT_BYTES
from lmax.ringbuffer.agent import AgentBase, AgentRunner
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.ringbuffer.wait import WaitStrategy
from lmax.schema import COMMAND
from node.core import Core
from replicator._end import LinkEnd
from replicator._replicator import ReplicatorAgent
from replicator._secure import SecureLink

FOREVER = 2**62
Folders = tuple[Path, Path]
"""Of the journals here and there."""


class Pair:
    """What all pairs have.

    ring: where commands go in; agents: what has to be called for it, unless `start` has threads do
    that; received, done: how far the standby has received, and how far everything is done.
    """

    ring: RingBuffer
    received: RingSequence
    done: RingSequence
    agents: list[AgentBase]

    def __init__(self, task: Task, here: End, pipe: Connection, process: BaseProcess) -> None:
        self.task, self.here = task, here
        self._pipe, self._process = pipe, process

    def complete(self) -> None:
        """Once it is connected."""

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    @property
    def messages(self) -> int:
        raise NotImplementedError

    def tell(self, words: str) -> None:
        self._pipe.send(words)

    def ask(self, words: str) -> None:
        self.tell(words)
        self.answer()

    def answer(self) -> None:
        """Wait for one. TimeoutError."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._pipe.poll(0.0005):
            if time.monotonic() > deadline or not self._process.is_alive():
                raise TimeoutError("the standby's process does not answer")
        self._pipe.recv()

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Its standby works meanwhile, and rests otherwise."""
        self.ask("go")
        try:
            yield
        finally:
            self.ask("rest")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Both sides by threads, as in the shared layout."""
        with self.awake():
            self.start()
            try:
                yield
            finally:
                self.stop()

    def close(self) -> None:
        self._pipe.close()
        self._process.join(PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()


class Ours(Pair):
    """A primary that leads epoch 1; its standby is live and counted."""

    def __init__(
        self, task: Task, here: End, pipe: Connection, process: BaseProcess, core: Core
    ) -> None:
        super().__init__(task, here, pipe, process)
        self.core, self.ring = core, core.input

    def complete(self) -> None:
        core = self.core
        assert core.sealed is not None
        link = LinkEnd(self.here.base)
        link.install(SecureLink(self.task.keys[0], self.task.keys[1], 1), pending=False)
        core.lead(1)
        self.replicator = ReplicatorAgent(
            core.input, core.sealed, core.synced, [link], epoch=1, permitted=core.permitted
        )
        self.replicator.lease(FOREVER)
        self.replicator.hold(0)
        self.replicator.go_live(0, 0)
        self.replicator.count(0, True)
        self.agents = [core.journaler, self.replicator, *self.here.agents, core.business]
        self.received, self.done = self.replicator.acknowledged(0), core.business.position

    @property
    def messages(self) -> int:
        return int(self.replicator.counters["batches"])

    def start(self) -> None:
        self.core.arrange([self.replicator, *self.here.agents])
        self.core.start()

    def stop(self) -> None:
        self.core.pause()


class Bare(Pair):
    """One with nothing in it; see bench/_pair.pyx."""

    def __init__(
        self,
        task: Task,
        here: End,
        pipe: Connection,
        process: BaseProcess,
        stack: ExitStack,
        folder: Path | None,
    ) -> None:
        super().__init__(task, here, pipe, process)
        disk, fd = bare_disk(folder, stack)
        self.ring = RingBuffer(SLOTS, dtype=COMMAND, producers="multi")
        self._agent = RawPrimary(here.base, disk, fd, DEFAULT_SEGMENT_BYTES, ring=self.ring)
        self.agents = [self._agent, *here.agents]
        self.received, self.done = self._agent.received, self._agent.done

    @property
    def messages(self) -> int:
        return self._agent.messages

    def start(self) -> None:
        self._runner = AgentRunner(
            self.agents, name="bare", strategy=WaitStrategy.BACKOFF, max_sleep=0.00005
        ).start()

    def stop(self) -> None:
        self._runner.stop(drain=False)
        self._runner.join()


class Pairs:
    """Several pairs: what takes long is done for all of them before any is connected."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._made: list[Pair] = []

    def ours(self, medium: str, folders: Folders, *, spins: bool = False) -> Ours:
        task, pipe, process = self._begin(medium, folders[1], bare=False, spins=spins)
        core = open_core(folders[0], self._stack)
        pipe.recv()
        here = self._stack.enter_context(end_of(task, 0))
        return self._keep(Ours(task, here, pipe, process, core))

    def bare(self, medium: str, folders: Folders | None, *, spins: bool = False) -> Bare:
        """folders: None: nothing is written."""
        here_to, there_to = folders or (None, None)
        task, pipe, process = self._begin(medium, there_to, bare=True, spins=spins)
        pipe.recv()
        here = self._stack.enter_context(end_of(task, 0))
        return self._keep(Bare(task, here, pipe, process, self._stack, here_to))

    def connect(self) -> None:
        """All of them. TimeoutError."""
        for pair in self._made:
            pair.ask("open")
        deadline = time.monotonic() + PATIENCE_S
        while not all(pair.here.base.connected for pair in self._made):
            for pair in self._made:
                pump(pair.here)
            if time.monotonic() > deadline:
                raise TimeoutError("the ends of a link do not find each other")
        for pair in self._made:
            pair.tell("connected")
            pair.complete()

    def _begin(
        self, medium: str, folder: Path | None, *, bare: bool, spins: bool
    ) -> tuple[Task, Connection, BaseProcess]:
        directory = Path(
            self._stack.enter_context(TemporaryDirectory("-lmax-bench", dir=SHARED_MEMORY))
        )
        one, other = free_ports(2)
        keys = os.urandom(32), os.urandom(32)
        task = Task(bare, medium, directory, (one, other), folder, spins, keys)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, task), daemon=True)
        process.start()
        theirs.close()
        return task, ours, process

    def _keep[P: Pair](self, pair: P) -> P:
        self._made.append(pair)
        self._stack.callback(pair.close)
        return pair


@contextmanager
def pairs() -> Iterator[Pairs]:
    with ExitStack() as stack:
        yield Pairs(stack)
