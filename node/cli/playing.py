"""What `lmax replay` does."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from flow import FlowError, Source, open_source
from flow.commands import Commands
from flow.lobster import LobsterSource
from journal.reader import segment_numbers
from ledger.server import EmbeddedPostgres
from lmax.ringbuffer.ring import RingFull
from node.cli.errors import Failure
from node.cli.exits import Exit
from node.cli.output import say
from node.cli.session import Means, opened, report, result_of
from node.cli.stopping import Stop
from node.system import System, database_folder, journal_folder
from node.view.progress import Progress, progressing

CHUNK = 4_096
"""Commands submitted at once."""


@dataclass(frozen=True)
class Play:
    """The options of `lmax replay`."""

    file: Path
    kind: str
    book: Path | None
    directory: Path | None
    dsn: str | None
    layout: str
    segment_mb: int
    patience: float
    plain: bool
    json: bool
    journal_mode: str
    journal_key: str

    def means(self, directory: Path) -> Means:
        """What the system is started with."""
        return Means(
            directory,
            self.dsn,
            self.layout,
            self.segment_mb,
            self.patience,
            plain=self.plain,
            json=self.json,
            journal_mode=self.journal_mode,
            journal_key=self.journal_key,
        )


def play(wish: Play) -> Exit:
    """Play the file; the exit code."""
    stop = Stop()
    source = _source(wish)  # a wrong file is told before anything is started
    with _folder(wish) as directory, opened(wish.means(directory), stop) as system:
        problem = ""
        with progressing(system, source, plain=wish.plain or wish.json) as progress:
            try:
                _send(system, source, stop, progress)
            except FlowError as error:
                problem = str(error)
            progress.phase = "finishing"
            outcome = system.finish(wish.patience, progress.look)
        result = result_of(
            outcome,
            system,
            file=str(wish.file),
            format=wish.kind,
            dir=str(directory) if wish.directory else None,
            interrupted=stop.asked,
            **_counts(source, wish.kind),
            **({"error": problem} if problem else {}),
        )
    return _told(report(result, wish.json), problem, interrupted=stop.asked)


def _told(code: Exit, problem: str, *, interrupted: bool) -> Exit:
    """Say what was wrong with the file; the worst exit code."""
    if problem:
        say(f"lmax: {problem}; everything before was played")
    if code:
        return code
    if problem:
        return Exit.INPUT
    if interrupted:
        say("lmax: interrupted; what was read before was played")
        return Exit.INTERRUPTED
    return Exit.OK


def _source(wish: Play) -> Source:
    if wish.book is None:
        return open_source(wish.file, wish.kind)
    if wish.kind != "lobster":
        raise click.UsageError("--book goes with --format lobster; ITCH files start empty")
    return LobsterSource(wish.file, orderbook=wish.book)


@contextlib.contextmanager
def _folder(wish: Play) -> Iterator[Path]:
    """The folder that was named, or one that is removed at the end."""
    if wish.directory is not None:
        folder = journal_folder(wish.directory)
        if folder.is_dir() and segment_numbers(folder):
            raise Failure(Exit.JOURNAL, _NOT_EMPTY.format(wish.directory))
        yield wish.directory
        return
    with tempfile.TemporaryDirectory(prefix="lmax-replay-", ignore_cleanup_errors=True) as name:
        try:
            yield Path(name)
        finally:
            # As root its cluster is elsewhere.
            if database_folder(Path(name)).is_dir():
                EmbeddedPostgres(database_folder(Path(name))).destroy()


_NOT_EMPTY = (
    "{} already holds a journal, and a file is played from an empty state; name another --dir,"
    " or leave it out to use a folder that is removed at the end"
)


def _send(system: System, source: Source, stop: Stop, progress: Progress) -> None:
    """The whole file, as fast as the system takes it. Raises FlowError, CoreFailed."""
    _submit(system, source.setup(), stop, progress)
    for commands in source.batches():
        for start in range(0, len(commands), CHUNK):
            if stop.asked:
                return
            _submit(system, commands[start : start + CHUNK], stop, progress)


def _submit(system: System, commands: Commands, stop: Stop, progress: Progress) -> None:
    while len(commands) and not stop.asked:
        progress.look()
        try:
            system.core.submit(commands, timeout=0.2)
            return
        except RingFull as full:
            commands = commands[full.taken :]


_PLAYED = {
    "lobster": ("new_order", "partial_cancel", "delete", "execution"),
    "itch": tuple("AFECXDURS"),
}
"""Messages that become commands; the others are counted and have none."""


def _counts(source: Source, kind: str) -> dict[str, Any]:
    """What the file held: messages by type, and what was not sent."""
    counts: dict[str, Any] = dict(source.counts)
    counts.pop("commands", None)
    others: dict[str, Any] = {
        name: counts.pop(name)
        for name in ("unintroduced", "unlisted", "in_first_row")
        if name in counts
    }
    return {
        "messages": sum(counts.values()),
        "messages_by_type": counts,
        "ignored": sum(n for name, n in counts.items() if name not in _PLAYED[kind]),
        **others,
    }
