"""Batches with their headers, places found by headers, and where epochs end."""

import hashlib
import shutil
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal.batches import BatchReader, Epoch, beginning_of, end_of, find_batch, last_epochs
from journal.beginning import note
from journal.errors import JournalCorrupt, JournalError
from journal.folder import Folder, RealFolder
from journal.keys import Keys
from journal.reader import READ_BYTES, Reader
from journal.verify import scan_segment
from tests.journal.simulated import SimulatedFolder
from tests.journal.writing import BLOCK, Scribe, commands_of, same, segments, written

KEYS = Keys({1: bytes(range(32))}, 1)
SIZES = [2, 100, 1, 400, 450, 33, 512, 3, 3, 300, 64]


@pytest.fixture(params=["real", "simulated"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, seed: int) -> Folder:
    return RealFolder(tmp_path) if request.param == "real" else SimulatedFolder(Random(seed))


def where(folder: Folder) -> Path | Folder:
    """As it is opened to write."""
    return folder.path if isinstance(folder, RealFolder) else folder


def counts_in(folder: Folder, keys: Keys | None = None) -> list[int]:
    """Of the batches as they stand: one that did not fit in its segment was written as two."""
    found = []
    with Reader(folder, keys=keys, as_written=True) as reader:
        while len(commands := reader.read(reader.sequence + 1)):
            found.append(len(commands))
    return found


def drained(reader: BatchReader) -> bytes:
    """All commands up to the end so far."""
    found = b""
    while len(batches := reader.read()):
        found += b"".join(part.tobytes() for _, part in batches)
    return found


@pytest.mark.parametrize("keys", [None, KEYS], ids=["plain", "encrypted"])
@pytest.mark.parametrize("most", [128, 128 << 10, READ_BYTES])
def test_all_batches_come_with_headers_that_fit_their_commands(
    folder: Folder, seed: int, keys: Keys | None, most: int
) -> None:
    commands = written(where(folder), seed, SIZES, keys=keys, epoch=3)
    found, counts, previous = b"", [], b""
    with BatchReader(folder, keys=keys) as reader:
        while len(batches := reader.read(most)):
            assert len(batches) == 1 or len(batches.data) <= most
            for head, part in batches:
                assert (head["first_sequence"], head["epoch"]) == (len(found) // 128 + 1, 3)
                assert previous in (b"", head["previous"].tobytes())
                previous = hashlib.sha256(part.tobytes() + head.tobytes()[16:64]).digest()
                assert head["hash"].tobytes() == previous, "the hash is that of what is given"
                found += part.tobytes()
                counts.append(int(head["count"]))
            assert (reader.sequence, reader.hash) == (len(found) // 128, previous)
        assert reader.largest == max(counts)
    assert (found, counts) == (commands.tobytes(), counts_in(folder, keys))


def test_messages_are_header_and_commands_one_behind_the_other(folder: Folder, seed: int) -> None:
    commands = written(where(folder), seed, [5, 7])
    with BatchReader(folder) as reader:
        batches = reader.read()
    assert list(batches.ends) == [128 * 6, 128 * 14]
    assert batches.message(1).tobytes()[128:] == commands[5:].tobytes()
    assert b"".join(batches.message(n).tobytes() for n in range(2)) == batches.data.tobytes()


def test_one_batch_that_is_larger_than_asked_for_comes_alone(folder: Folder, seed: int) -> None:
    sizes = [3, 8_000, 3]
    commands = written(where(folder), seed, sizes, segment_bytes=2 << 20, mode="buffered")
    with BatchReader(folder) as reader:
        parts = [reader.read(4_096) for _ in range(3)]
        assert [len(part) for part in parts] == [1, 1, 1]
        assert reader.largest == 8_000
    assert parts[1].data.tobytes()[128:] == commands[3:8_003].tobytes()


def test_none_ends_behind_the_command_that_was_named(folder: Folder, seed: int) -> None:
    written(where(folder), seed, [10, 10, 10])
    with BatchReader(folder) as reader:
        assert len(reader.read(last=9)) == 0
        assert list(reader.read(last=20).lasts) == [10, 20]
        assert len(reader.read(last=29)) == 0
        assert list(reader.read(last=30).lasts) == [30]


def test_it_begins_behind_any_batch_and_nowhere_else(folder: Folder, seed: int) -> None:
    commands = written(where(folder), seed, SIZES)
    ends = {0, *np.cumsum(counts_in(folder)).tolist()}
    for sequence in range(len(commands) + 2):
        place = find_batch(folder, sequence)
        assert (place is not None) == (sequence in ends)
        if place is None:
            continue
        assert place.sequence == sequence
        with BatchReader(folder, at=place) as reader:
            assert drained(reader) == commands[sequence:].tobytes()
    assert find_batch(folder, len(commands)) == end_of(folder)


def test_a_place_is_that_of_a_scan(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, SIZES)
    for path in segments(tmp_path):
        if scan := scan_segment(tmp_path, int(path.stem)):
            assert find_batch(RealFolder(tmp_path), scan.last) == scan.place


def test_beside_a_writer_it_ends_and_goes_on(folder: Folder, seed: int) -> None:
    parts = []
    with Scribe(where(folder)) as scribe, BatchReader(folder) as reader:
        assert len(reader.read()) == 0
        for size in SIZES * 3:
            commands = commands_of(seed, scribe.ring.cursor + 1, size)
            scribe.write(commands)
            assert drained(reader) == commands.tobytes()
            parts.append(size)
            assert len(reader.read()) == 0
        assert end_of(folder).sequence == reader.sequence == sum(parts)
        scribe.agent = None  # type: ignore[assignment]


def test_f08_a_batch_cut_short_is_not_there(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [10, 60])
    path = segments(tmp_path)[0]
    data = bytearray(path.read_bytes())
    at = 2 * BLOCK + 5_000
    data[at : at + 3_000] = bytes(3_000)
    path.write_bytes(data)
    folder = RealFolder(tmp_path)
    with BatchReader(folder) as reader:
        assert list(reader.read().lasts) == [10]
        assert len(reader.read()) == 0
        assert reader.torn == "a batch whose checksum is wrong"
    assert find_batch(folder, 70) is None
    assert end_of(folder).sequence == 10
    assert last_epochs(folder)[0].last == 10


def test_f10_a_changed_byte_in_the_middle_is_damage(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [10, 60, 5])
    path = segments(tmp_path)[0]
    data = bytearray(path.read_bytes())
    data[2 * BLOCK + 5_000] ^= 1
    path.write_bytes(data)
    pauses: list[int] = []
    with BatchReader(tmp_path, pause=lambda: pauses.append(1)) as reader:
        assert list(reader.read().lasts) == [10]
        with pytest.raises(JournalCorrupt, match="before a batch that begins with command 71"):
            reader.read()
    assert pauses, "it might have been a batch that was just being written"


def test_each_epoch_is_told_with_its_last_batch(folder: Folder, seed: int) -> None:
    expected: list[Epoch] = []
    plan = [(1, [400, 300]), (2, [5]), (4, [90, 8]), (4, [500, 500, 500]), (9, [1])]
    for epoch, sizes in plan:
        written(where(folder), seed, sizes, epoch=epoch)
        end = end_of(folder)
        assert end.epoch == epoch
        found = Epoch(epoch, end.sequence, end.hash)
        expected = [e for e in expected if e.epoch != epoch] + [found]
    assert last_epochs(folder) == expected
    assert sum(name.endswith(".segment") for name in folder.names()) > 3


def test_an_epoch_that_ends_with_a_segment(tmp_path: Path, seed: int) -> None:
    """An encrypted journal begins a new one at each start."""
    ends = []
    for epoch in (1, 2, 3):
        written(tmp_path, seed, [7, 450], epoch=epoch, keys=KEYS)
        place = end_of(RealFolder(tmp_path))
        ends.append(Epoch(epoch, place.sequence, place.hash))
    assert last_epochs(RealFolder(tmp_path)) == ends


def test_an_empty_journal_has_a_beginning_and_no_epoch(folder: Folder) -> None:
    assert last_epochs(folder) == []
    assert find_batch(folder, 1) is None
    place = find_batch(folder, 0)
    assert place == beginning_of(folder) == end_of(folder)
    with BatchReader(folder, at=place) as reader:
        assert len(reader.read()) == 0


def test_a_journal_whose_first_segments_were_deleted(folder: Folder, seed: int) -> None:
    commands = written(where(folder), seed, [400, 400, 400, 400])
    before = find_batch(folder, 400)
    assert before is not None
    note(folder, 2, 400, before.hash)
    folder.remove("00000001.segment")
    assert find_batch(folder, 0) is None
    start = find_batch(folder, 400)
    assert start is not None
    assert (start.segment, start.hash) == (0, before.hash)
    for at in (None, start):
        with BatchReader(folder, at=at) as reader:
            assert same(next(iter(reader.read()))[1], commands[400:800])
    assert [epoch.last for epoch in last_epochs(folder)] == [1_600]


def test_a_place_in_a_segment_that_is_another_now_is_refused(tmp_path: Path, seed: int) -> None:
    written(tmp_path / "a", seed, [400, 400])
    place = find_batch(RealFolder(tmp_path / "a"), 800)
    assert place is not None
    shutil.copy(tmp_path / "a/00000001.segment", tmp_path / "a/00000002.segment")
    with pytest.raises(JournalError, match="no longer the segment of command 800"):
        BatchReader(tmp_path / "a", at=place)
