"""What became of recent commands, by account, client order id and type of command.

So that a repeated command gets its original answer, byte for byte, also from a node that was the
standby when the command came first: both feed this from their own rings.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lmax.records import joined
from lmax.schema import RECORD_BYTES, EventType, Reason
from node.clients.keys import Key, Records, body_of, keys_of

DEFAULT_COMMANDS = 1 << 17
DEFAULT_BYTES = 128 << 20
OVERHEAD = 256
"""Bytes a command costs besides its records: its key and its place in the table."""

SMALL = 256
MERGED = 64
"""So many small blocks in a row become one."""


class Gap(RuntimeError):
    """Commands were left out of what was fed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """sequence: of the command; events: all of them, in order."""

    sequence: int
    command: bytes
    events: Records

    def is_for(self, command: bytes) -> bool:
        """Whether it asked for the same thing as this command."""
        return body_of(self.command) == body_of(command)


@dataclass(frozen=True, slots=True)
class Block:
    """Commands in a row and their events; starts: where each command's events begin."""

    first: int
    commands: Records
    events: Records
    starts: npt.NDArray[np.int64]
    keys: list[Key]

    @property
    def size(self) -> int:
        count = len(self.commands)
        return (count + len(self.events)) * RECORD_BYTES + count * OVERHEAD

    def answer(self, sequence: int) -> Answer:
        at = sequence - self.first
        end = self.starts[at + 1] if at + 1 < len(self.starts) else len(self.events)
        events = self.events[self.starts[at] : end]
        return Answer(sequence, self.commands[at].tobytes(), events)


class Answers:
    """Bounded; the oldest go first. Use it from one thread.

    position: of the last command fed; since: everything after that command is here.
    most, most_bytes: commands and bytes that are kept at most.
    """

    def __init__(
        self, most: int = DEFAULT_COMMANDS, most_bytes: int = DEFAULT_BYTES, since: int = 0
    ) -> None:
        self.position = self.since = since
        self.count = self.size = 0
        self._most = most
        self._most_bytes = most_bytes
        self._blocks: list[Block] = []
        self._small = 0
        self._where: dict[Key, int] = {}

    def feed(self, commands: Records, events: Records) -> None:
        """Take commands in a row, the first behind `position`, and all their events. Raises Gap.

        The arrays are kept, not copied.
        """
        if not len(commands):
            return
        first, count = int(commands[0]["sequence"]), len(commands)
        starts = np.flatnonzero(events["index"] == 0)
        if first != self.position + 1 or len(starts) != count:
            raise Gap(
                f"{count} commands from {first} on with events of {len(starts)};"
                f" expected after {self.position}"
            )
        keys = keys_of(commands)
        self._enter(keys, first, events[starts])
        self._append(Block(first, commands, events, starts, keys))
        self.position += count
        self._forget()

    def _enter(self, keys: list[Key], first: int, heads: Records) -> None:
        """What was refused because its id was used before is no answer of its own."""
        doubles = (heads["type"] == EventType.REJECTED) & (
            heads["reason"] == Reason.DUPLICATE_CLIENT_ORDER_ID
        )
        for at in np.flatnonzero(doubles).tolist():
            keys[at] = (0, 0)
        self._where.update(zip(keys, range(first, first + len(keys)), strict=True))
        # Whatever has no id of its own was entered under one that nobody asks for.
        for unknown in {found for found in keys if found[0] == 0}:
            del self._where[unknown]

    def _append(self, block: Block) -> None:
        self._blocks.append(block)
        self.count += len(block.commands)
        self.size += block.size
        self._small = self._small + 1 if len(block.commands) < SMALL else 0
        if self._small == MERGED:
            self._blocks[-MERGED:] = [_merged(self._blocks[-MERGED:])]
            self._small = 0

    def _forget(self) -> None:
        gone = 0
        while self.count > self._most or self.size > self._most_bytes:
            block = self._blocks[gone]
            gone += 1
            self.count -= len(block.commands)
            self.size -= block.size
            self.since = block.first + len(block.commands) - 1
            for sequence, found in enumerate(block.keys, block.first):
                if self._where.get(found) == sequence:
                    del self._where[found]
        del self._blocks[:gone]
        self._small = min(self._small, len(self._blocks))

    def find(self, wanted: Key, after: int = 0) -> Answer | None:
        """The newest answer to a command of that key behind `after`."""
        sequence = self._where.get(wanted, 0)
        if sequence <= after or not wanted[0]:
            return None
        return self.at(sequence)

    def at(self, sequence: int) -> Answer | None:
        """The answer to that command; None if it is not here."""
        if not self.since < sequence <= self.position:
            return None
        place = bisect_right(self._blocks, sequence, key=lambda block: block.first) - 1
        return self._blocks[place].answer(sequence)

    def covers(self, after: int) -> bool:
        """Whether nothing behind that command has been forgotten."""
        return after >= self.since


def _merged(blocks: list[Block]) -> Block:
    starts, offset = [], 0
    for block in blocks:
        starts.append(block.starts + offset)
        offset += len(block.events)
    return Block(
        blocks[0].first,
        joined([block.commands for block in blocks]),
        joined([block.events for block in blocks]),
        np.concatenate(starts),
        [found for block in blocks for found in block.keys],
    )
