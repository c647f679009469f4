"""Where a replay of a journal stops, found out by a process that may die of it."""

from __future__ import annotations

import os
from pathlib import Path

from journal.errors import JournalError
from journal.keys import Keys
from journal.reader import NO_LIMIT, Reader
from journal.recovery import resume
from journal.replay import play
from journal.snapshots import SnapshotStore
from lmax._engine import Diverged, Engine, EngineFault

DIED = -1
"""The process was ended by a signal, and could not say where it was."""


def stopping_place(directory: Path, keys: Keys, last: int = NO_LIMIT) -> int:
    """Sequence of the command at which the logic stops; 0 if it comes to the end; DIED.

    last: the replay ends with that command. Raises JournalError if the replay ended otherwise.
    """
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(outlet, str(_replay(directory, keys, last)).encode())
            os._exit(0)
        except BaseException as error:
            os.write(outlet, str(error).encode())
            os._exit(1)
    os.close(outlet)
    told = b""
    while part := os.read(inlet, 4096):
        told += part
    os.close(inlet)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return DIED
    if os.WEXITSTATUS(status):
        raise JournalError(told.decode())
    return int(told)


def stops_at(directory: Path, keys: Keys, sequence: int) -> tuple[bool, int]:
    """Whether it stops or dies right at that command, and where it stops: `stopping_place`.

    One that died cannot say where it was: it comes to the command before, and not behind this one.
    """
    place = stopping_place(directory, keys)
    if place != DIED:
        return place == sequence, place
    before = stopping_place(directory, keys, sequence - 1)
    return before == 0 and stopping_place(directory, keys, sequence) == DIED, place


def _replay(directory: Path, keys: Keys, last: int) -> int:
    engine = Engine()
    with Reader(directory, keys=keys) as reader:
        resume(engine, reader, SnapshotStore.of(directory, keys), last)
        try:
            play(engine, reader, last)
        except EngineFault as fault:
            return stopped_at(engine.sequence, fault)
    return 0


def stopped_at(sequence: int, fault: EngineFault) -> int:
    """The command that stopped a logic which has come to `sequence`.

    A checkpoint is found wrong when it is applied; with any other fault the command is undone.
    """
    return sequence if isinstance(fault, Diverged) else sequence + 1
