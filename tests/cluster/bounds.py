"""I8 in the simulation: every queue of a member has its bound, and there is none without one.

Two looks. `queues` lists what a member queues, each with the most that there may be. `containers`
walks through everything that a member holds and finds whatever can grow; what is long and has no
bound here is a queue that nobody has thought of.
"""

from __future__ import annotations

import gc
import queue
from collections import deque
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, TracebackType

import numpy as np

from lmax.ringbuffer.ring import RingBuffer
from node.follower import Follower
from replicator._end import MOST_MAILS, LinkEnd
from replicator.messages import MAX_MESSAGE
from replicator.own_log import JournalFeed
from replicator.witness_keeper import ACTIONS
from tests.cluster.network import ROOM, Network, Wire
from tests.cluster.world import Node, SlowKeeper, World
from tests.journal.simulated import SimulatedFolder

Queue = tuple[str, int, int]
"""Its name, how much is in it, the most that there may be."""

SMALL = 32
"""Entries of a container for which no bound is told."""

READ_AHEAD = 1 << 22
"""Bytes of an array that somebody reads files with."""

OUTSIDE = (World, Network, Wire, Node, SimulatedFolder, ModuleType, TracebackType, type)
"""The simulation itself, and what belongs to no member; an error's traceback leads everywhere."""


def queues(node: Node) -> Iterator[Queue]:
    """Of a member that is alive."""
    member = node.alive
    core = member.core
    rings = {"input": core.input, "output": core.output, "sealed": core.sealed}
    for name, ring in rings.items():
        if ring is not None:
            yield f"{name} ring", ring.capacity - ring.remaining, ring.capacity
    yield "requests to the witness", len(member._asking), len(ACTIONS)
    keeper = member._keeper
    assert isinstance(keeper, SlowKeeper)
    yield "the witness's answers", len(keeper.waiting) + len(keeper.answers), len(ACTIONS)
    if member.following is not None:
        agent = member.following.agent
        yield from mailboxes(agent.end)
        yield "batches that wait for the rings", agent.held_bytes, MAX_MESSAGE
        yield "pieces of files", len(member.following.files), MOST_MAILS
    if member.leading is not None:
        for end in member.leading.agent.ends:
            yield from mailboxes(end)
        for peer in member.leading.standbys:
            if isinstance(peer.feed, JournalFeed):
                yield "batches from the journal", len(peer.feed._waiting.data), MAX_MESSAGE


def mailboxes(end: LinkEnd) -> Iterator[Queue]:
    to_control, to_agent, keys = end.waiting
    yield "mailbox to control", to_control, MOST_MAILS
    yield "mailbox to the agent", to_agent, MOST_MAILS
    yield "keys of a link", keys, MOST_MAILS + 2


def of_follower(follower: Follower, ring: RingBuffer) -> Iterator[Queue]:
    """Of who reads events."""
    rest = sum(map(len, follower._carry))
    yield "events of a command that is not whole", rest, ring.capacity


def check_queues(world: World) -> None:
    for node in world.nodes.values():
        if node.member is not None:
            for name, there, most in queues(node):
                assert there <= most, f"I8: {there} in {node.name}'s {name}, {most} at most"
    for pair, wire in world.network.wires.items():
        # A channel's window: one more, since a message may come twice.
        assert len(wire.messages) <= ROOM + 1, f"I8: {len(wire.messages)} between {pair}"


# ---- what nobody has thought of


def check_containers(world: World, turn: int) -> None:
    """Of one member every other time, for it takes a millisecond."""
    node = list(world.nodes.values())[turn // 2 % len(world.nodes)]
    if turn % 2 or node.member is None:
        return
    for name, there, most in containers(node.member):
        assert there <= most, f"I8: {there} in {node.name}'s {name}, for which no bound is told"


def containers(root: object) -> Iterator[Queue]:
    """Whatever may grow among all that can be reached."""
    seen, waiting = {id(root)}, [(type(root).__name__, root)]
    while waiting:
        path, thing = waiting.pop()
        size = size_of(thing)
        if size is not None:
            yield (path, *size)
        for name, part in parts(thing):
            if id(part) not in seen and not isinstance(part, OUTSIDE):
                seen.add(id(part))
                waiting.append((f"{path}.{name}" if name else path, part))


def size_of(thing: object) -> tuple[int, int] | None:
    if isinstance(thing, list | tuple | dict | set | frozenset | deque):
        return len(thing), SMALL
    if isinstance(thing, queue.SimpleQueue | queue.Queue):
        return thing.qsize(), SMALL
    if isinstance(thing, bytearray | bytes):
        return len(thing), MAX_MESSAGE
    if isinstance(thing, np.ndarray):
        return thing.nbytes, READ_AHEAD
    return None


def parts(thing: object) -> Iterator[tuple[str, object]]:
    if isinstance(thing, str | bytes | bytearray | int | float | np.ndarray):
        return
    if isinstance(thing, FunctionType):  # what it uses without owning it is the whole program
        yield from (("", cell.cell_contents) for cell in thing.__closure__ or ())
    elif isinstance(thing, MethodType):
        yield "", thing.__self__
    elif isinstance(thing, BuiltinFunctionType):
        yield "", getattr(thing, "__self__", None)
    elif isinstance(getattr(thing, "__dict__", None), dict):
        yield from vars(thing).items()
        yield from (("", part) for part in gc.get_referents(thing) if part is not vars(thing))
    elif isinstance(thing, dict):
        yield from ((str(key), part) for key, part in thing.items())
    else:
        yield from (("", part) for part in gc.get_referents(thing))
