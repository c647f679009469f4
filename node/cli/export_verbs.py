"""What `lmax journal export` and `serve` do."""

from __future__ import annotations

import os
import tempfile
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path

import click

from journal.archive.reading import ArchiveFolder
from journal.archive.segments import fetch_keys
from journal.export import Range, events_in
from journal.folder import ReadFolder
from journal.key_sources import load_keys
from journal.keys import Keys
from journal.reader import NO_LIMIT
from journal.secret import read_secret
from journal.serve import SegmentServer
from node.cli.event_files import WRITERS
from node.cli.exits import Exit
from node.cli.journal_reading import journal_of
from node.cli.output import print_json, print_table, say
from node.cli.sources import source as open_source


def export_events(
    source: str,
    out: Path,
    first: int | None,
    last: int | None,
    day: date | None,
    zone: tzinfo,
    endpoint: str,
    public_key: Path | None,
    token: str,
    journal_key: str,
    json: bool,
) -> Exit:
    """`lmax journal export`"""
    if out.suffix not in WRITERS:
        raise click.UsageError(f"--out {out}: end it in {' or '.join(WRITERS)}")
    if first and last and last < first:
        raise click.UsageError(f"--to-sequence {last} is before --from-sequence {first}")
    if day and (first or last):
        raise click.UsageError("--day and sequences exclude each other")
    if out.exists():
        raise click.UsageError(f"--out {out}: it is there already; name another file")
    wanted = range_of_day(day, zone) if day else Range(first or 1, last or NO_LIMIT)
    count, ends = 0, (0, 0)
    with (
        open_source(source, endpoint=endpoint, public_key=public_key, token=token) as place,
        whole_file(out) as part,
        WRITERS[out.suffix](part) as writer,
    ):
        for events in events_in(place, wanted, keys=keys_of(place, journal_key)):
            if len(events):
                writer.write(events)
                count += len(events)
                ends = (ends[0] or int(events[0]["sequence"]), int(events[-1]["sequence"]))
        writer.finish()
        part.rename(out)
    result = {"events": count, "first_sequence": ends[0], "last_sequence": ends[1], "out": str(out)}
    if json:
        print_json(result)
    else:
        print_table([(name.replace("_", " "), str(value)) for name, value in result.items()])
    return Exit.OK


def range_of_day(day: date, zone: tzinfo) -> Range:
    """From midnight to midnight there, which is not always 24 hours."""
    start, end = (
        int(datetime.combine(d, time(), zone).timestamp()) * 10**9
        for d in (day, day + timedelta(days=1))
    )
    return Range(start=start, end=end)


class whole_file:  # noqa: N801 - used like a function
    """A file beside the one that is meant, removed unless it was renamed."""

    def __init__(self, out: Path) -> None:
        self._out = out

    def __enter__(self) -> Path:
        handle, name = tempfile.mkstemp(prefix=f".{self._out.name}-", dir=self._out.parent)
        os.fchmod(handle, 0o644)
        os.close(handle)
        self._part = Path(name)
        return self._part

    def __exit__(self, *_: object) -> None:
        self._part.unlink(missing_ok=True)


def keys_of(place: Path | ReadFolder, journal_key: str) -> Keys:
    """The keys of a journal that may be in an archive, which then has the wrapped ones too."""
    if isinstance(place, Path):
        return load_keys(journal_key, place)
    with tempfile.TemporaryDirectory(prefix="lmax-keys-") as folder:
        if isinstance(place, ArchiveFolder):
            fetch_keys(place.manifest, Path(folder))
        return load_keys(journal_key, Path(folder))


def serve_segments(folder: Path, address: tuple[str, int], token: str) -> Exit:
    """`lmax journal serve`"""
    secret = read_secret(token).strip() if token else ""
    with SegmentServer(journal_of(folder), *address, token=secret, told=say) as server:
        host, port = server.server_address[:2]
        say(f"serving {len(server.segments())} segments at http://{host!s}:{port}")
        server.serve_forever(poll_interval=0.2)
    return Exit.OK
