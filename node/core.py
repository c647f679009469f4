"""The engine process: rings, journal, logic and outputs, put together and taken apart."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from journal.files import BATCH_BYTES, DEFAULT_SEGMENT_BYTES, Journal
from journal.folder import Folder, RealFolder
from journal.key_sources import load_keys
from journal.keys import Keys
from journal.recovery import resume
from journal.schema import BATCH
from journal.snapshots import SnapshotStore
from lmax._business import Business
from lmax._engine import EngineFault
from lmax.ringbuffer.agent import AgentBase, AgentError, AgentRunner
from lmax.ringbuffer.ring import RingBuffer, RingFull
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND, EVENT
from marketdata._depth import MarketData
from node._ingress import Ingress
from node._latency import LatencyProbe
from node.admission import Entrance
from node.checkpoints import Checkpoints
from node.known_books import load_books
from node.layout import runners
from node.refusals import CoreFailed, JournalFailed, LogicFailed, NoRoom
from node.replaying import Replaying
from node.snapshots import Every, SnapshotKeeper
from node.stopping_place import stopped_at
from node.timer import Timer

DEFAULT_SLOTS = 1 << 16

SHARED_BATCH_BYTES = 65536 + 128
"""The most at once with standbys: such a batch is one message."""

EVERYTHING = 2**62
"""A sequence that no command reaches."""


class Core:
    """Input ring → journal → business logic → output ring → market data.

    directory: of the journal, made if missing, recovered if not empty, or a simulated disk;
    layout: see node.layout; slots: of either ring, a power of two; journal_mode: "auto" or one of
    journal.probe.MODES; journal_key: where its keys are, see journal.key_sources, or the keys.
    replicated: one of several that hold the same log, see node.member. It begins as one that
    follows, with nobody to follow yet; cluster: of that log, 16 bytes, where it begins here.
    clock: a simulated one, for timestamps; replaying: is told how far the journal is read.

    Raises JournalLocked, JournalCorrupt, JournalKeyError, LogicFailed,
    ValueError.
    """

    def __init__(
        self,
        directory: Path | Folder,
        *,
        layout: str = "shared",
        slots: int = DEFAULT_SLOTS,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        journal_mode: str = "auto",
        journal_key: str | Keys | None = None,
        replicated: bool = False,
        cluster: bytes = b"",
        clock: RingSequence | None = None,
        replaying: Replaying | None = None,
    ) -> None:
        # 1. the folder is ours, or we stop here
        keys = Keys()
        if isinstance(directory, Path):
            keys = load_keys(journal_key, directory, begin=True)
        self.journal = Journal(
            directory,
            segment_bytes=segment_bytes,
            mode=journal_mode,
            keys=keys,
            write_bytes=SHARED_BATCH_BYTES if replicated else BATCH_BYTES,
            cluster=cluster,
        )
        self._store = SnapshotStore.of(directory, keys)
        self.replicated = replicated
        self.epoch = 0
        self.leads = not replicated
        try:
            self._assemble(layout, slots, clock, replaying or Replaying())
        except BaseException:
            self.journal.close()
            raise

    def _assemble(
        self, layout: str, slots: int, clock: RingSequence | None, replaying: Replaying
    ) -> None:
        # 2. two rings, and the logic between them, gated on the journal
        self.input = RingBuffer(slots, dtype=COMMAND, producers="multi")
        self.output = RingBuffer(slots, dtype=EVENT)
        self.synced = RingSequence()
        self.permitted = RingSequence()
        self.permitted.value = EVERYTHING
        self.sealed = RingBuffer(slots, dtype=BATCH) if self.replicated else None
        self.business = Business(self.input, self.output, after=[self.synced, self.permitted])
        self.input.add_gate(self.business.position)
        # 3. the state as it was after the last command on the disk
        self.recovery = resume(self.business.state, self.journal.reader, self._store)
        replaying.reached(self.recovery.sequence)
        try:
            self.business.replay(np.empty(0, COMMAND))  # it goes on behind the snapshot
            for commands in self.journal.replay():
                self.business.replay(commands)
                replaying.reached(int(commands["sequence"][-1]))
        except EngineFault as fault:
            raise self._logic_failed(fault) from fault
        self.recovered = self.journal.sequence
        # 4. everybody goes on from there
        self.input.reset(self.recovered)
        self.synced.value = self.recovered
        self.journaler = self.journal.journaler(
            self.input,
            self.synced,
            start=isinstance(self.journal.folder, RealFolder),
            epoch=0 if self.replicated else 1,
            sealed=self.sealed,
            following=self.replicated,
            polls=self.replicated,
        )
        if self.sealed is not None:
            self._followed = self.sealed.add_gate(self.journaler.followed)
        # 5. consumers of events
        self.marketdata = MarketData(self.output)
        load_books(self.marketdata, self.business.state)
        self.probe = LatencyProbe(self.output)
        # 6. the way in, and the threads
        self.ingress = Ingress(self.input, clock)
        self.entrance = Entrance(self.ingress, self.journal, self.journaler)
        self.layout = layout
        self._outputs: list[AgentBase] = [self.marketdata, self.probe]
        self.arrange([])
        if layout == "invoker":
            for consumer in self._outputs:
                self.business.pump_while_full(consumer)
        self.timer: Timer | None = None
        self.checkpoints: Checkpoints | None = None
        self.snapshots: SnapshotKeeper | None = None

    def arrange(self, beside: Sequence[AgentBase]) -> None:
        """Have those agents work between the journaler and the logic; nothing runs yet, or now."""
        inner = [self.journaler, *beside, self.business]
        self.given_up = False
        self.runners: list[AgentRunner] = runners(self.layout, inner, self._outputs)

    def pause(self, timeout: float = 30.0) -> None:
        """End the threads where they are; `arrange` and `start` let others go on."""
        for runner in self.runners:
            runner.stop(drain=False)
        self._join(timeout)

    def _join(self, timeout: float) -> None:
        for runner in self.runners:
            if runner.running:
                runner.join(timeout)

    @property
    def committed(self) -> int:
        """Up to where commands are on the disk and, of a primary, where its standbys have to have
        them: what is behind it may be told to nobody."""
        return min(self.synced.value, self.permitted.value)

    @property
    def settled(self) -> bool:
        """Whether all that is in the input ring was applied."""
        return self.business.applied >= self.input.cursor

    def lead(self, epoch: int) -> None:
        """Make the log longer from now on, in that epoch; `settled`, and nothing runs.

        What is applied from here on is what `permitted` lets through. Raises ValueError.
        """
        if self.sealed is None:
            raise ValueError("this one is not replicated: it leads all the time")
        self.journaler.lead(epoch)
        self.epoch = epoch
        self.sealed.remove_gate(self._followed)
        self.permitted.value = self.business.applied
        self.leads = True

    def start(self) -> Core:
        """Start the threads (in the invoker layout there are none)."""
        if self.layout != "invoker":
            for runner in self.runners:
                runner.start()
        return self

    def start_timer(self, period: float) -> None:
        """From now on a TIMER command every `period` seconds; see node.timer.

        In the invoker layout `step` publishes it when it is due. Raises ValueError.
        """
        self.stop_timer()
        self.timer = Timer(self.entrance, period)
        if self.layout != "invoker":
            self.timer.start()

    def stop_timer(self) -> None:
        """No TIMER command any more, if there were any."""
        if self.timer is not None:
            self.timer.stop()
            self.timer = None

    def start_checkpoints(self, period: float) -> None:
        """From now on a CHECKPOINT command every `period` seconds; see node.checkpoints.

        In the invoker layout `step` publishes it when it is due. Raises ValueError.
        """
        self.stop_checkpoints()
        self.checkpoints = Checkpoints(self.entrance, self.business, period).of_epoch(self.epoch)
        if self.layout != "invoker":
            self.checkpoints.start()

    def stop_checkpoints(self) -> None:
        """No CHECKPOINT command any more, if there were any."""
        if self.checkpoints is not None:
            self.checkpoints.stop()
            self.checkpoints = None

    def start_snapshots(self, every: Every) -> None:
        """From now on a snapshot whenever one is due, by a process of its own; see node.snapshots.

        Recovery uses those that are there in any case.
        """
        self.stop_snapshots()
        self.snapshots = SnapshotKeeper(
            self.journal.directory,
            self.journal.keys,
            every,
            synced=lambda: self.synced.value,
            newest=self.recovery.sequence,
        ).start()

    def stop_snapshots(self) -> None:
        """No snapshot any more; one that is under way is given up."""
        if self.snapshots is not None:
            self.snapshots.stop()

    def step(self) -> int:
        """One round of every agent, in the invoker layout; the work done. Raises CoreFailed."""
        for clock in (self.timer, self.checkpoints):
            if clock is not None:
                clock.poll()
        if not isinstance(self.journal.folder, RealFolder):
            self.journal.make_segment()
        try:
            return self.runners[0].step()
        except AgentError:
            self.raise_failure()
            raise

    def submit(self, commands: npt.NDArray[np.void], timeout: float = 1.0) -> int:
        """Publish commands in order; the sequence of the last.

        Waits for room at most `timeout` seconds in all. Raises RingFull, which says how many
        were taken (`error.taken`), at once NoRoom, also one, where the disk is full, CoreFailed.
        """
        deadline = time.monotonic() + timeout
        taken, last = 0, self.input.cursor
        part = max(1, self.input.capacity // 4)
        self.raise_failure()
        while taken < len(commands):
            chunk = commands[taken : taken + part]
            try:
                last = self.entrance.offer(chunk)
                taken += len(chunk)
            except NoRoom as refused:
                self.raise_failure()
                refused.taken = taken
                raise
            except RingFull as full:
                self.raise_failure()
                if time.monotonic() >= deadline:
                    full.taken = taken
                    raise
                self._give_way()
        return last

    def _give_way(self) -> None:
        """Let the agents work, or wait a moment for those that do."""
        if self.layout != "invoker" or not self.step():
            time.sleep(0.00005)

    def wait_applied(self, sequence: int, timeout: float = 10.0) -> None:
        """Return once the events of that command are published. Raises TimeoutError, CoreFailed."""
        deadline = time.monotonic() + timeout
        while self.business.applied < sequence:
            self.raise_failure()
            if time.monotonic() >= deadline:
                reason = self.journal.problem
                raise TimeoutError(
                    f"command {sequence} was not applied within {timeout} s; the last one was"
                    f" {self.business.applied}{': ' if reason else ''}{reason}"
                )
            self._give_way()

    def raise_failure(self) -> None:
        """CoreFailed with the cause if an agent stopped for good."""
        self.raise_disk_failure()
        try:
            self.business.raise_fault()
        except EngineFault as fault:
            raise self._logic_failed(fault) from fault
        for runner in self.runners:
            if runner.error:
                raise CoreFailed(f"{runner.name} stopped: {runner.error}") from runner.error

    def raise_disk_failure(self) -> None:
        """JournalFailed if a write, a sync or the making of a segment has failed."""
        error = self.journaler.error or self.journal.failure
        if error:
            raise JournalFailed(
                f"UNAVAILABLE: the journal cannot be written any more ({error}):"
                " nothing is accepted. Mend the disk and start again."
            ) from error

    def _logic_failed(self, fault: EngineFault) -> LogicFailed:
        return LogicFailed(str(fault), stopped_at(self.business.state.sequence, fault))

    def stop(self, timeout: float = 30.0) -> None:
        """Finish what was published, then end the threads and give the folder free; in `timeout`
        seconds each. Raises TimeoutError, with the threads ended, if not all of it could be
        applied, CoreFailed if an agent stopped for good meanwhile.
        """
        self.stop_timer()
        self.stop_checkpoints()
        self.stop_snapshots()
        began = self.layout == "invoker" or self.runners[0].running
        try:
            if began and not self._failed():
                self.wait_applied(self.input.cursor, timeout)
                if self.layout == "invoker":
                    while self.step():
                        pass
        finally:
            try:
                self._stop_threads(timeout)
            finally:
                self.journal.close()

    def give_up(self) -> bool:
        """Have the threads end, without waiting for it or for the disk; whether they have, and the
        disk has nothing more of ours. Then `abandon`: this core does not go on."""
        self.given_up = True
        self.stop_timer()
        self.stop_checkpoints()
        self.business.abandon_output()
        for runner in self.runners:
            runner.stop(drain=False)
        made = self.journal.leave_off()
        running = any(runner.running for runner in self.runners)
        return made and not running and self.journaler.at_rest()

    def abandon(self, timeout: float = 5.0) -> None:
        """End the threads at once; what was synced is kept and comes back at the next start."""
        self.stop_snapshots()
        self.give_up()
        self._join(timeout)
        self.journaler.release()
        self.journal.close()

    def _stop_threads(self, timeout: float) -> None:
        """In the order in which a command meets them, each when it has nothing left to do."""
        for runner in self.runners:
            if self._failed():
                self.business.abandon_output()
            if runner.running:
                runner.stop()
                runner.join(timeout)

    def _failed(self) -> bool:
        try:
            self.raise_failure()
        except CoreFailed:
            return True
        return False

    def __enter__(self) -> Core:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
