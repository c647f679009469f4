"""Cutting a journal back to a command, because the others did not get to whoever leads now.

What is cut is kept before anything is changed (journal.tails). Every step leaves a journal that
is whole: first the snapshots that hold cut commands go, then the later segments, the newest first,
and last a new file with zeros behind the place takes the name of the segment that it is in. So a
stop in between leaves a journal that ends somewhere behind the place, and cutting it once more
goes on. Nothing of what was cut stands behind the place: what is written next cannot be taken for
it, nor it for damage.
"""

from __future__ import annotations

from dataclasses import dataclass

from journal.batches import BatchReader, beginning_of, find_batch
from journal.errors import JournalError
from journal.folder import Folder, ReadFolder
from journal.headers import present_numbers, segment_name
from journal.keys import Keys
from journal.maker import NEW
from journal.newer import rest_of
from journal.pieces import Span, assemble
from journal.place import Place
from journal.schema import BLOCK_BYTES
from journal.seeking import Segments, walk
from journal.snapshots import SnapshotStore
from journal.tails import SUFFIX, TailFolder, keep_tail, tail_names

ASIDE = "cut"

Spans = list[tuple[int, int, int]]
"""(segment, first byte, end) each."""


@dataclass(frozen=True)
class Cut:
    """What was done. place: where the journal ends now; first, last: commands that were cut.

    tail: the file that keeps them, "" if there were none; segments, snapshots: that were removed;
    archives: of this journal, which may hold some of them and never forget.
    """

    place: Place
    first: int
    last: int
    tail: str
    segments: list[str]
    snapshots: list[str]
    archives: list[str]


def cut_behind(
    folder: Folder,
    sequence: int,
    *,
    aside: str = ASIDE,
    snapshots: SnapshotStore | None,
    keys: Keys | None = None,
    even_archived: bool = False,
) -> Cut:
    """Cut a journal that nobody writes or follows (the lock is the caller's) behind that command.

    aside: how the file's name begins that keeps what is cut; its epoch and sequences follow, as
    cut-2-1001-1500.tail. keys: of an encrypted journal. even_archived: although a full segment
    goes that an archive may have. Run again after a stop, it goes on. Raises JournalError where it
    cannot be, JournalCorrupt where what would be cut is damaged; then nothing was changed.
    """
    place = _place_of(folder, sequence)
    end = _end_behind(folder, place, keys)
    archives, spans = _archives(folder), _spans(folder, place, end)
    if not even_archived:
        _check_archived(folder, archives, place, spans)
    _check_start(folder, place, snapshots)
    tail = _keep(folder, aside, place, end, spans, keys) if spans else ""
    fresh = _without_rest(folder, place)
    dropped = snapshots.drop_behind(sequence, end.cluster) if snapshots else []
    removed = []
    for number in reversed(present_numbers(folder)):
        if number > place.segment:
            folder.remove(segment_name(number))
            folder.sync()
            removed.append(segment_name(number))
    if fresh:
        folder.rename(fresh, segment_name(place.segment))
        folder.sync()
    return Cut(place, sequence + 1, end.sequence, tail, removed, dropped, archives)


def _place_of(folder: ReadFolder, sequence: int) -> Place:
    start = beginning_of(folder)
    if sequence < start.sequence or (sequence and sequence == start.sequence):
        raise JournalError(
            f"{folder.path} begins with command {start.sequence + 1}; it cannot be cut behind"
            f" {sequence}. Begin with an empty folder and the files of another node."
        )
    place = find_batch(folder, sequence)
    if place is None:
        raise JournalError(
            f"{folder.path} has no batch that ends with command {sequence}; only behind a whole"
            " batch it can be cut."
        )
    return place


def _end_behind(folder: ReadFolder, place: Place, keys: Keys | None) -> Place:
    """Where the journal ends; everything up to there is checked on the way."""
    with BatchReader(folder, keys=keys, at=place) as reader:
        while len(reader.read()):
            pass
        return reader.place if reader.sequence > place.sequence else place


def _archives(folder: ReadFolder) -> list[str]:
    from journal.archive.checkpoints import archives_of  # with all that an archive needs

    return archives_of(folder)


def _check_archived(folder: ReadFolder, archives: list[str], place: Place, spans: Spans) -> None:
    """A full segment may be archived, and cannot be taken back there."""
    if archives and len(spans) > 1:
        raise JournalError(
            f"{folder.path} was archived to {', '.join(archives)}, maybe with commands behind"
            f" {place.sequence}: {segment_name(spans[0][0])} is full and would be cut. An archive"
            " does not forget: begin another one, and cut with even_archived."
        )


def _check_start(folder: ReadFolder, place: Place, snapshots: SnapshotStore | None) -> None:
    """Where the first segments were deleted, a start needs a snapshot that stays."""
    first = next(iter(present_numbers(folder)), 1)
    if first == 1:
        return
    for found in snapshots.good(place.cluster) if snapshots else ():
        if found.sequence <= place.sequence and found.place.segment >= first:
            return
    raise JournalError(
        f"{folder.path} begins with segment {first}, and no good snapshot there is as old as"
        f" command {place.sequence}: nothing could start from what is left. Begin with an empty"
        " folder and the files of another node."
    )


def _spans(folder: ReadFolder, place: Place, end: Place) -> Spans:
    """(segment, first byte, end) of the batches between two places."""
    spans = []
    for fields in Segments(folder).used():
        number = fields["number"]
        if place.segment <= number <= end.segment:
            start = place.offset if number == place.segment else BLOCK_BYTES
            ends = walk(folder, fields).ends
            stop = int(ends[-1]) if len(ends) else BLOCK_BYTES
            spans.append((number, start, end.offset if number == end.segment else stop))
    return [span for span in spans if span[1] < span[2]]


def _keep(
    folder: Folder, aside: str, place: Place, end: Place, spans: Spans, keys: Keys | None
) -> str:
    """The name of the file that holds what lies between two places; it is made if there is none."""
    for name in tail_names(folder):
        if name.startswith(aside) and _holds(folder, name, place, end, keys):
            return name
    name = f"{aside}-{end.epoch}-{place.sequence + 1}-{end.sequence}"
    while folder.exists(name + SUFFIX):
        name += "+"
    keep_tail(folder, name + SUFFIX, place, end, spans)
    if not _holds(folder, name + SUFFIX, place, end, keys):
        raise JournalError(f"{folder.path / (name + SUFFIX)} is not what was to be kept")
    return name + SUFFIX


def _holds(folder: ReadFolder, name: str, place: Place, end: Place, keys: Keys | None) -> bool:
    """Whether a tail leads from one place to the other, or further; all of it is checked."""
    try:
        tail = TailFolder(folder, name)
        if (tail.before.sequence, tail.before.hash) != (place.sequence, place.hash):
            return False
        with tail.batches(keys) as reader:
            while len(reader.read(last=end.sequence)):
                pass
            return (reader.sequence, reader.hash) == (end.sequence, end.hash)
    except JournalError:
        return False


def _without_rest(folder: Folder, place: Place) -> str:
    """A copy of the segment with zeros behind the place; "" if there is nothing else behind it."""
    if not place.segment:
        return ""
    name = segment_name(place.segment)
    fields = Segments(folder).fields(present_numbers(folder).index(place.segment))
    assert fields is not None, "the place is in it"
    rest = rest_of(folder, name, place.offset, place.generation)
    if rest.zeros and place.offset + rest.size == fields["segment_bytes"]:
        return ""
    fresh = name.replace(".segment", NEW)
    zeros = Span("", place.offset, fields["segment_bytes"])
    assemble(folder, fresh, [Span(name, 0, place.offset), zeros])
    return fresh
