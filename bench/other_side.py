"""The standby's process of bench.replication: a node's standby, or one with nothing in it.

A `Task` says what it is. Then it works when it is told to, and rests, so that of several pairs only
the one that is measured has a core.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from bench._aeron import End
from bench._pair import RawStandby
from bench.bare import wait_for_segment
from bench.journal import raw_file
from journal._disk import DiskBase
from journal._uring import UringDisk
from journal.files import DEFAULT_SEGMENT_BYTES
from lmax.ringbuffer.agent import AgentBase, AgentRunner
from lmax.ringbuffer.wait import WaitStrategy
from node.core import Core
from node.layout import runners
from replicator._end import LinkEnd
from replicator._receiver import ReceiverAgent
from replicator._secure import SecureLink
from replicator.aeron import AeronChannel, AeronClient, MediaDriver

MTU = {"udp": 65_504, "ipc": None}
"""The largest datagram that stays whole on loopback."""

CLUSTER = bytes(range(16))
SLOTS = 1 << 16
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Task:
    """What the standby's process has to be.

    bare: it answers and writes, and nothing else; folder: of its journal, None: nothing is written
    (bare only); spins: it has a core of its own, and does not sleep as the shared layout does;
    keys: for there and back; directory: of the media drivers.
    """

    bare: bool
    medium: str
    directory: Path
    ports: tuple[int, int]
    folder: Path | None
    spins: bool
    keys: tuple[bytes, bytes]


@contextmanager
def end_of(task: Task, number: int) -> Iterator[End]:
    """The primary's (0) or the standby's (1) end of the link, not connected yet.

    Both bring a media driver over UDP; over IPC the primary's serves both.
    """
    mtu = MTU[task.medium]
    mine = task.directory / ("shared" if mtu is None else str(number))
    with ExitStack() as stack:
        agents: list[AgentBase] = []
        uris = [f"aeron:udp?endpoint=127.0.0.1:{port}" for port in task.ports]
        if mtu is None:
            uris = ["aeron:ipc", "aeron:ipc"]
        if mtu is not None or number == 0:
            agents.append(
                stack.enter_context(MediaDriver(mine, mtu=mtu or 1408, peer_timeout=PATIENCE_S))
            )
        client = stack.enter_context(AeronClient(mine))
        out, back = (uris[1 - number], 1_001 + number), (uris[number], 1_002 - number)
        channel = stack.enter_context(AeronChannel(client, *out, *back))
        yield End(channel, [*agents, client])


def pump(end: End) -> None:
    for agent in end.agents:
        agent.do_work()


def bare_disk(folder: Path | None, stack: ExitStack) -> tuple[DiskBase | None, int]:
    if folder is None:
        return None, -1
    folder.mkdir(parents=True, exist_ok=True)
    return UringDisk(), stack.enter_context(raw_file(folder))


def open_core(folder: Path, stack: ExitStack) -> Core:
    """A node's core with its first segments made. It has no threads yet."""
    core = Core(folder, layout="shared", slots=SLOTS, replicated=True, cluster=CLUSTER)
    stack.callback(core.abandon)
    wait_for_segment(core.journaler)
    return core


def agents_of(task: Task, core: Core | None, here: End, stack: ExitStack) -> list[AgentBase]:
    """In the order in which a node calls them."""
    if core is None:
        disk, fd = bare_disk(task.folder, stack)
        return [RawStandby(here.base, disk, fd, DEFAULT_SEGMENT_BYTES), *here.agents]
    assert core.sealed is not None
    link = LinkEnd(here.base)
    link.install(SecureLink(task.keys[1], task.keys[0], 1), pending=False)
    receiver = ReceiverAgent(link, core.input, core.sealed, core.synced, core.business.position)
    receiver.begin(0, CLUSTER.ljust(32, b"\0"), epoch=0, leader_epoch=1)
    return [core.journaler, receiver, *here.agents, core.business]


def serve(pipe: Connection, task: Task) -> None:
    """Until the pipe is closed."""
    with suppress(EOFError), ExitStack() as stack:
        core = None
        if not task.bare and task.folder is not None:
            core = open_core(task.folder, stack)
        pipe.send("prepared")
        pipe.recv()
        here = stack.enter_context(end_of(task, 1))
        pipe.send("open")
        while not pipe.poll():  # "connected" comes
            pump(here)
        pipe.recv()
        inner = agents_of(task, core, here, stack)
        outputs: list[AgentBase] = [] if core is None else [core.marketdata, core.probe]
        running: list[AgentRunner] = []
        stack.callback(rest, running)
        while True:
            asked = pipe.recv()
            if asked == "go":
                running += [runner.start() for runner in threads(task, inner, outputs)]
            else:
                rest(running)
            pipe.send(asked)


def threads(task: Task, inner: list[AgentBase], outputs: list[AgentBase]) -> list[AgentRunner]:
    if not task.spins and outputs:
        return runners("shared", inner, outputs)
    strategy = WaitStrategy.YIELD if task.spins else WaitStrategy.BACKOFF
    return [AgentRunner([*inner, *outputs], name="standby", strategy=strategy, max_sleep=0.00005)]


def rest(running: list[AgentRunner]) -> None:
    for runner in running:
        runner.stop(drain=False)
    for runner in running:
        runner.join()
    running.clear()
