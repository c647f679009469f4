"""The state behind any command, worked out from a journal and its snapshots."""

from __future__ import annotations

from pathlib import Path

from journal.ahead import read_ahead
from journal.errors import JournalError
from journal.folder import ReadFolder
from journal.keys import Keys
from journal.reader import NO_LIMIT, Reader
from journal.recovery import resume
from journal.snapshots import SnapshotStore
from lmax._engine import Engine


def play(engine: Engine, reader: Reader, last: int = NO_LIMIT) -> None:
    """Apply what the reader finds, up to command `last`; nobody is told of the events.

    Raises JournalCorrupt, EngineFault; Diverged where a checkpoint has another hash than ours.
    """
    for commands in read_ahead(reader, last):
        engine.skim(commands[: max(0, last - engine.sequence)])


def replayed(
    directory: Path | ReadFolder,
    until: int | None = None,
    *,
    keys: Keys | None = None,
    store: SnapshotStore | None = None,
) -> Engine:
    """An engine that has applied a journal from its first command on, up to `until` if given.

    store: begin with the newest good snapshot there. Raises JournalError, EngineFault.
    """
    engine, last = Engine(), NO_LIMIT if until is None else until
    with Reader(directory, keys=keys) as reader:
        if store is not None:
            resume(engine, reader, store, last)
        play(engine, reader, last)
    return engine


def state_at(directory: Path, sequence: int, *, keys: Keys | None = None) -> Engine:
    """The state behind a command: from the newest good snapshot before it, and the journal.

    directory: of the journal; sequence: 0 is the empty state. Raises JournalError where the
    journal does not reach so far, EngineFault.
    """
    engine = Engine()
    with Reader(directory, keys=keys) as reader:
        resume(engine, reader, SnapshotStore.of(directory, keys), sequence)
        play(engine, reader, sequence)
    if engine.sequence != sequence:
        raise JournalError(
            f"{directory} ends with command {engine.sequence}; there is no {sequence} yet."
        )
    return engine
