"""From a snapshot and the journal behind it to a state, without reading what came before."""

from __future__ import annotations

from dataclasses import dataclass, field

from journal._scan import batch_at
from journal.errors import JournalError, SnapshotError
from journal.folder import ReadFolder, read_all
from journal.headers import present_numbers
from journal.place import Place
from journal.reader import NO_LIMIT, Reader, read_header, segment_name
from journal.schema import BATCH, BATCH_HEADER_BYTES, BLOCK_BYTES, MAX_BATCH_BYTES, SegmentFields
from journal.snapshot_file import Snapshot
from journal.snapshots import SnapshotStore
from lmax.view._view import StateView
from lmax.view.images import reset


@dataclass(frozen=True)
class Recovery:
    """snapshot: the name of that which was used, "" for none; sequence: of its last command.

    passed: what was wrong with newer ones.
    """

    snapshot: str = ""
    sequence: int = 0
    passed: list[str] = field(default_factory=list)


def resume(
    view: StateView, reader: Reader, store: SnapshotStore, until: int = NO_LIMIT
) -> Recovery:
    """Read the newest good snapshot into `view` and put the reader behind it.

    One that is damaged, or of another build or journal, is passed over for the one before; with
    none the state is empty and the reader where the journal begins. until: none is used that
    holds a command after this one. Nobody uses the state meanwhile. Raises JournalError if a good
    snapshot holds commands that this journal has lost; JournalKeyError.
    """
    passed: list[str] = []
    touched = False
    for name in store.names():
        try:
            snapshot = store.header(name)
            if snapshot.sequence > until:
                continue
            header = segment_of(reader.folder, snapshot.place, name)
            check_skips(reader, snapshot)
            touched = True
            store.load(snapshot, view)
        except SnapshotError as error:
            passed.append(str(error))
            continue
        if not ends_there(reader.folder, snapshot.place):
            raise lost(reader.folder, snapshot.place, store, name)
        reader.go_on_at(header, snapshot.place)
        return Recovery(name, snapshot.sequence, passed)
    if touched:
        reset(view)
    return Recovery(passed=passed)


def check_skips(reader: Reader, snapshot: Snapshot) -> None:
    """SnapshotError if a command is in it that the journal, further on, says is left out."""
    for record, skipped in reader.skipped.items():
        if skipped <= snapshot.sequence < record:
            raise SnapshotError(
                snapshot.name, f"it holds command {skipped}, which is left out since {record}"
            )


def segment_of(folder: ReadFolder, place: Place, name: str) -> SegmentFields:
    """The header of the segment that a snapshot goes on in.

    Raises SnapshotError where the snapshot is not of what is there, JournalError where the
    journal has lost what the snapshot holds.
    """
    numbers = present_numbers(folder)
    header = read_header(folder, segment_name(numbers[0])) if numbers else None
    if isinstance(header, dict) and header["cluster"] != place.cluster:
        raise SnapshotError(name, f"it is of the journal {place.cluster.hex()}")
    if numbers and place.segment < numbers[0]:
        raise SnapshotError(name, f"the segment {place.segment} behind it was removed")
    if place.segment in numbers:
        header = read_header(folder, segment_name(place.segment))
        if isinstance(header, dict) and header["generation"] == place.generation:
            return header
    raise JournalError(_lost_words(folder, place, name))


def lost(folder: ReadFolder, place: Place, store: SnapshotStore, name: str) -> JournalError:
    return JournalError(_lost_words(folder, place, str(store.folder.path / name)))


def _lost_words(folder: ReadFolder, place: Place, name: str) -> str:
    return (
        f"the snapshot {name} holds commands up to {place.sequence}, which were synced;"
        f" {folder.path / segment_name(place.segment)} no longer holds the batch that ends with"
        f" it at byte {place.offset}. Restore the journal from a copy; to go on with an older"
        " journal on purpose, take this snapshot away."
    )


def ends_there(folder: ReadFolder, place: Place) -> bool:
    """Whether the journal's batch before that place is the one that the snapshot names."""
    start = max(BLOCK_BYTES, place.offset - MAX_BATCH_BYTES)
    data = read_all(folder, segment_name(place.segment), start, place.offset - start)
    if len(data) != place.offset - start:
        return False
    for at in range(len(data) - BLOCK_BYTES, -1, -BLOCK_BYTES):
        if batch_at(data[at:]) is None:
            continue
        header = data[at : at + BATCH_HEADER_BYTES].view(BATCH)[0]
        return bool(
            header["generation"] == place.generation
            and header["first_sequence"] + header["count"] == place.sequence + 1
            and header["hash"].tobytes() == place.hash
        )
    return False
