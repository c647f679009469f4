"""What the verbs of `lmax journal` do."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from journal.beginning import begin
from journal.folder import RealFolder
from journal.key_sources import load_keys
from journal.reader import NO_LIMIT, Reader, segment_numbers
from journal.recovery import resume
from journal.repair import repair
from journal.snapshots import SnapshotStore
from journal.tails import TailFolder
from journal.verify import verify
from lmax._engine import Engine
from node.cli.command_text import as_json_line, as_text
from node.cli.exits import Exit
from node.cli.journal_reading import Segment, journal_of, read_patiently, segments
from node.cli.output import print_json, print_table, say
from node.cli.sources import source as open_source
from node.system import journal_folder


def show_segments(folder: Path, as_json: bool) -> Exit:
    """`lmax journal ls`"""
    found = list(segments(journal_of(folder)))
    commands, used = sum(s.commands for s in found), sum(s.bytes for s in found)
    if as_json:
        print_json({"segments": [asdict(s) for s in found], "commands": commands, "bytes": used})
        return Exit.OK
    click.echo(
        f"{'segment':<17}{'first':>13}{'last':>13}{'batches':>10}{'MiB':>9}"
        f"  {'created (UTC)':<19}  epoch"
    )
    for segment in found:
        click.echo(_segment_line(segment))
    click.echo(f"{len(found)} segments, {commands:,} commands, {used / 2**20:,.1f} MiB")
    return Exit.OK


def _segment_line(segment: Segment) -> str:
    created = datetime.fromtimestamp(segment.created / 1e9, UTC)
    return (
        f"{segment.name:<17}{segment.first:>13,}{segment.last:>13,}{segment.batches:>10,}"
        f"{segment.bytes / 2**20:>9,.1f}  {created:%Y-%m-%d %H:%M:%S}  {segment.epoch}"
        + (f"  {segment.state}" if segment.state else "")
    )


def show_verdict(folder: Path, key: str, as_json: bool) -> Exit:
    """`lmax journal verify`"""
    directory = journal_of(folder)
    verdict = verify(directory, keys=load_keys(key, directory))
    code = Exit.JOURNAL if verdict.damage else Exit.OK
    names = ["state", "commands", "last_sequence", "bytes"]
    if verdict.state != "clean":
        names += ["segment", "offset", "what"]
    found: dict[str, Any] = {name: getattr(verdict, name) for name in names}
    if as_json:
        print_json(found)
    else:
        print_table([(name.replace("_", " "), _number(value)) for name, value in found.items()])
    if code:
        say(f"lmax: {found['what']}")
    return code


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def repair_from(
    folder: Path,
    source: str,
    endpoint: str,
    public_key: Path | None,
    token: str,
    journal_key: str,
    json: bool,
) -> Exit:
    """`lmax journal repair`"""
    directory = journal_folder(folder)
    with open_source(source, endpoint=endpoint, public_key=public_key, token=token) as copy:
        done = repair(directory, copy, keys=load_keys(journal_key, directory))
    found: dict[str, Any] = {"segments": [], "kept": [], "first_sequence": None}
    if done:
        found = {"segments": done.segments, "kept": done.kept, "first_sequence": done.first}
        found["last_sequence"] = done.verdict.last_sequence
    if json:
        print_json(found)
    elif done:
        print_table([(name.replace("_", " "), _text(value)) for name, value in found.items()])
    else:
        click.echo("nothing is damaged")
    return Exit.OK


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else _number(value)


def dump_commands(folder: Path, first: int, last: int | None, key: str, as_json: bool) -> Exit:
    """`lmax journal dump`"""
    write = as_json_line if as_json else as_text
    count = 0
    with _reader_of(folder, key) as reader:
        for commands in read_patiently(reader, last or NO_LIMIT):
            chosen = commands[commands["sequence"] >= first]
            count += len(chosen)
            if len(chosen):
                click.echo("\n".join(map(write, chosen)))
    if as_json:
        print_json({"commands": count, "from": first, "to": last})
    return Exit.OK


def _reader_of(folder: Path, key: str) -> Reader:
    """Of all commands as they were written, of a journal or of what was cut off one."""
    if folder.is_file():
        keys = load_keys(key, folder.parent)
        return TailFolder(RealFolder(folder.parent), folder.name).commands(keys)
    directory = journal_of(folder)
    reader = Reader(directory, keys=load_keys(key, directory), as_written=True)
    begin(reader)
    return reader


def show_replay(folder: Path, key: str, as_json: bool) -> Exit:
    """`lmax journal replay`"""
    directory = journal_of(folder)
    keys = load_keys(key, directory)
    began = time.perf_counter()
    engine = Engine()
    with Reader(directory, keys=keys) as reader:
        if segment_numbers(directory)[0] > 1:  # the rest was pruned, and a snapshot stands for it
            resume(engine, reader, SnapshotStore.of(directory, keys))
        for commands in read_patiently(reader):
            engine.skim(commands)
    seconds = time.perf_counter() - began
    rate = round(engine.sequence / seconds) if seconds else 0
    result = {
        "commands": engine.sequence,
        "accepted": engine.accepted,
        "rejected": {reason.name: count for reason, count in engine.rejected.items()},
        "trades": engine.trades,
        "accounts": len(engine.accounts()),
        "instruments": len(engine.instruments()),
        "seconds": round(seconds, 3),
        "commands_per_s": rate,
        "state_hash": f"{engine.state_hash:016x}",
    }
    if as_json:
        print_json(result)
        return Exit.OK
    rows = {name: value for name, value in result.items() if name != "rejected"}
    rows["rejected"] = sum(engine.rejected.values())
    print_table([(name.replace("_", " "), _number(value)) for name, value in rows.items()])
    return Exit.OK
