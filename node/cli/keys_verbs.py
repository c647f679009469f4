"""What the verbs of `lmax journal keys` do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from journal.errors import JournalKeyError
from journal.key_sources import NONE, InToken, source_of
from journal.keys import Keys
from journal.reader import read_header, segment_name, segment_numbers
from node.cli.exits import Exit
from node.cli.journal_reading import journal_of
from node.cli.output import print_json, say


def journal_to_be(folder: Path) -> Path:
    """Where the journal of a data folder is, or will be when `lmax run` begins one there."""
    return folder if any(folder.glob("*.segment")) else folder / "journal"


def needed(directory: Path) -> Counter[int]:
    """How many segments each key encrypts; 0: those that are not encrypted."""
    if not directory.is_dir():
        return Counter()
    headers = (read_header(directory, segment_name(n)) for n in segment_numbers(directory))
    return Counter(header["key"] for header in headers if isinstance(header, dict))


def complete(held: Keys, directory: Path) -> Keys:
    """The same, if it is all that the journal needs. Else JournalKeyError."""
    missing = sorted(set(needed(directory)) - {0} - set(held.by_number))
    if missing or not held.current:
        told = f"key {missing[0]}, which segments need" if missing else "a key"
        raise JournalKeyError(f"--journal-key names a source that does not hold {told}")
    return held


def show_keys(folder: Path, key: str, as_json: bool) -> Exit:
    """`lmax journal keys ls`"""
    directory = journal_of(folder)
    used = needed(directory)
    held = source_of(key).load(directory) if key != NONE else Keys()
    missing = sorted(set(used) - {0} - set(held.by_number)) if key != NONE else []
    if as_json:
        segments = {str(number): count for number, count in sorted(used.items())}
        print_json(
            {
                "segments": segments,
                "held": sorted(held.by_number),
                "current": held.current,
                "missing": missing,
                "origin": held.origin,
            }
        )
    else:
        click.echo(f"{'key':>5}{'segments':>10}")
        for number in sorted({*used, *held.by_number}):
            click.echo(_line(number, used[number], held, missing))
    if missing:
        say(f"lmax: {held.origin} lacks key {', '.join(map(str, missing))}")
    return Exit.JOURNAL if missing else Exit.OK


def _line(number: int, segments: int, held: Keys, missing: list[int]) -> str:
    notes = ["not encrypted"] if number == 0 else []
    if number and number == held.current:
        notes.append("encrypts from the next start on")
    if number in missing:
        notes.append("missing")
    return f"{number or '-':>5}{segments:>10}  {', '.join(notes)}".rstrip()


def make_first(folder: Path, key: str, as_json: bool) -> Exit:
    """`lmax journal keys new`"""
    directory = journal_to_be(folder)
    used = sorted(set(needed(directory)) - {0})
    if used:
        raise JournalKeyError(
            f"segments need key {used[0]}, which a new source would not have:"
            " `lmax journal keys rotate` adds a key where that one is, `rewrap` moves them"
        )
    return _made(source_of(key).first(directory), as_json)


def make_another(folder: Path, key: str, as_json: bool) -> Exit:
    """`lmax journal keys rotate`"""
    directory = journal_to_be(folder)
    source = source_of(key)
    complete(source.load(directory), directory)
    return _made(source.add(directory), as_json)


def hand_over(folder: Path, key: str, target: str, as_json: bool) -> Exit:
    """`lmax journal keys rewrap`"""
    directory = journal_of(folder)
    token = source_of(target)
    if not isinstance(token, InToken):
        raise JournalKeyError("--to names a key in a token, pkcs11:…; files are copied by hand")
    held = complete(source_of(key).load(directory), directory)
    token.take_over(directory, held)
    return _made(Keys(held.by_number, held.current, str(token.uri)), as_json)


def _made(keys: Keys, as_json: bool) -> Exit:
    found: dict[str, Any] = {"current": keys.current, "held": sorted(keys.by_number)}
    if as_json:
        print_json({**found, "origin": keys.origin})
    else:
        click.echo(f"key {keys.current} of {keys.origin} encrypts from the next start on")
    return Exit.OK
