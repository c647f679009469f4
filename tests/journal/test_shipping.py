"""From a running journal to a node that has nothing, which starts from what it got."""

import dataclasses
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from journal.batches import end_of, find_batch
from journal.beginning import note
from journal.cutting import cut_behind
from journal.errors import JournalError, JournalKeyError, SnapshotError
from journal.folder import Folder, RealFolder
from journal.keys import Keys
from journal.maker import recycle
from journal.offers import Offer, offer_of
from journal.receiving import NOTE, PART, Receiver, complete_arrival
from journal.shipping import PIECE_BYTES, Shipper
from journal.snapshots import SnapshotStore, writable
from journal.verify import verify
from lmax.records import joined
from node.core import Core
from tests.journal.power import Doomed, PowerCut
from tests.journal.simulated import SimulatedFolder
from tests.journal.states import grown, hash_after, journal_of, market, started
from tests.journal.test_batches import where
from tests.journal.writing import SMALL, Scribe, commands_of, read_all, same, segments, written

KEYS = Keys({1: bytes(range(32))}, 1)
OTHER = Keys({1: bytes(range(1, 33))}, 1)
SIZES = [20, 100, 300, 40, 400, 100, 350, 200]


@pytest.fixture(params=["real", "simulated"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, seed: int) -> Folder:
    return RealFolder(tmp_path / "a") if request.param == "real" else SimulatedFolder(Random(seed))


@pytest.fixture(params=["real", "simulated"])
def target(request: pytest.FixtureRequest, tmp_path: Path, seed: int) -> Folder:
    if request.param == "simulated":
        return SimulatedFolder(Random(seed))
    (tmp_path / "b").mkdir()
    return writable(tmp_path / "b")


def store_of(folder: Folder) -> SnapshotStore:
    """Of the snapshots in a folder within; a simulated disk has one folder for all."""
    return SnapshotStore(folder.path / "snapshots" if isinstance(folder, RealFolder) else folder)


def sent(shipper: Shipper, target: Folder) -> Receiver:
    """All of it, the list too, as it goes over the wire."""
    receiver = Receiver(target, store_of(target).folder, offer_of(shipper.offer.as_bytes()))
    while wanted := receiver.wanted:
        assert receiver.take(*wanted, shipper.read(*wanted))
    assert receiver.received == shipper.offer.size
    return receiver


@pytest.mark.parametrize("keys", [None, KEYS], ids=["plain", "encrypted"])
def test_without_a_snapshot_the_whole_journal_goes(
    folder: Folder, target: Folder, seed: int, keys: Keys | None
) -> None:
    commands = written(where(folder), seed, SIZES, keys=keys, epoch=3)
    with Shipper(folder, store_of(folder), until=len(commands)) as shipper:
        assert shipper.offer.snapshot is None
        assert shipper.offer.end == end_of(folder)
        receiver = sent(shipper, target)
        assert not [name for name in target.names() if name.endswith(".segment")]
        assert receiver.finish(keys) == end_of(folder) == end_of(target)
    more = written(where(target), seed + 1, [50], keys=keys, epoch=4)
    assert same(read_all(target, keys), joined([commands, more]))
    assert verify(target, keys=keys).state == "clean"
    assert not [name for name in target.names() if name.endswith(PART) or name == NOTE]


def test_a_core_starts_from_a_snapshot_and_the_segments_behind_it(
    tmp_path: Path, seed: int
) -> None:
    commands = market(seed, 4_000)
    grown(tmp_path / "a", commands, [1_000, 2_500])
    journal_of(tmp_path / "a", commands)
    folder, target = RealFolder(tmp_path / "a"), RealFolder(tmp_path / "b")
    with Shipper(folder, store_of(folder), until=len(commands)) as shipper:
        assert [file.kind for file in shipper.offer.files][:2] == ["snapshot", "segment"]
        assert shipper.offer.first_segment > 1
        sent(shipper, target).finish()
    assert len(segments(tmp_path / "b")) < len(segments(tmp_path / "a"))
    assert verify(tmp_path / "b").state == "clean", "the beginning is noted"
    core = Core(tmp_path / "b", layout="invoker")
    try:
        assert core.recovery.sequence == 2_400
        assert core.recovered == len(commands)
        assert core.business.state.state_hash == hash_after(commands, 10**9)
    finally:
        core.stop()


def test_f15_a_snapshot_that_this_release_cannot_read_is_told_and_gets_no_name(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of an upgrade: both may work together, and not start from one snapshot."""
    commands = market(seed, 4_000)
    grown(tmp_path / "a", commands, [1_000, 2_500])
    journal_of(tmp_path / "a", commands)
    folder, target = RealFolder(tmp_path / "a"), RealFolder(tmp_path / "b")
    with Shipper(folder, store_of(folder), until=len(commands)) as shipper:
        receiver = sent(shipper, target)
        monkeypatch.setattr("journal.snapshot_file.layout", lambda: bytes(32))
        with pytest.raises(SnapshotError, match="a release with other rules or another layout"):
            receiver.finish()
    assert not segments(tmp_path / "b")


def test_beside_a_writer_it_ends_where_it_was_safe(
    folder: Folder, target: Folder, seed: int
) -> None:
    with Scribe(where(folder)) as scribe:
        for size in SIZES:
            scribe.write(commands_of(seed, scribe.ring.cursor + 1, size))
        safe = scribe.position.value
        with Shipper(folder, store_of(folder), until=safe) as shipper:
            receiver = Receiver(target, store_of(target).folder, shipper.offer)
            for index, at, data in shipper.pieces():
                scribe.write(commands_of(seed, scribe.ring.cursor + 1, 50))
                assert receiver.take(index, at, data)
            assert receiver.finish().sequence == safe < scribe.position.value
        with Shipper(folder, store_of(folder)) as shipper:
            assert shipper.offer.end.sequence == scribe.position.value - 50, "all but the last"
        scribe.agent = None  # type: ignore[assignment]
    commands = read_all(folder)
    assert same(read_all(target), commands[:safe])
    assert end_of(target) == find_batch(folder, safe)


def test_what_is_pruned_meanwhile_is_sent_to_its_end(
    folder: Folder, target: Folder, seed: int
) -> None:
    commands = written(where(folder), seed, SIZES)
    with Shipper(folder, store_of(folder), until=len(commands)) as shipper:
        folder.remove("00000001.segment")
        sent(shipper, target).finish()
    assert same(read_all(target), commands)


def test_what_is_used_again_meanwhile_is_found_out(folder: Folder, seed: int) -> None:
    written(where(folder), seed, SIZES)
    with Shipper(folder, store_of(folder)) as shipper:
        assert len(shipper.read(0, PIECE_BYTES)) <= PIECE_BYTES
        recycle(folder, 1)
        folder.zero("00000001.free", 0, 4096)
        with pytest.raises(JournalError, match="was used again; make a new offer"):
            shipper.read(0, 8192)


def test_a_journal_without_its_first_segments_and_a_snapshot_cannot_be_sent(
    folder: Folder, seed: int
) -> None:
    written(where(folder), seed, [400, 400, 400])
    place = find_batch(folder, 400)
    assert place is not None
    note(folder, 2, 400, place.hash)
    folder.remove("00000001.segment")
    with pytest.raises(JournalError, match="begins with segment 2 and has no good snapshot"):
        Shipper(folder, store_of(folder))


def test_nothing_is_sent_of_a_journal_with_nothing_in_it(folder: Folder, seed: int) -> None:
    with Scribe(where(folder)) as scribe:
        scribe.agent = None  # type: ignore[assignment]
        with pytest.raises(JournalError, match="holds nothing yet"):
            Shipper(folder, store_of(folder))


def test_a_snapshot_that_cannot_be_gone_on_from_is_passed_over(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 3_000)
    store = grown(tmp_path / "a", commands, [1_000, 2_000], keep=2)
    folder = RealFolder(tmp_path / "a")
    with Shipper(folder, store, until=1_500) as shipper:
        assert shipper.offer.snapshot is not None
        assert shipper.offer.snapshot.name.startswith(f"{900:020d}")
        assert shipper.offer.end.sequence == 1_500
    newest = tmp_path / "a/snapshots" / store.names()[0]
    newest.write_bytes(newest.read_bytes()[:-1])
    with Shipper(folder, store) as shipper:
        assert shipper.offer.snapshot is not None
        assert shipper.offer.snapshot.name.startswith(f"{900:020d}")
        sent(shipper, RealFolder(tmp_path / "b")).finish()
    engine, found = started(tmp_path / "b", SnapshotStore(tmp_path / "b/snapshots"))
    assert (found.sequence, found.passed) == (900, [])
    assert engine.state_hash == hash_after(commands, engine.sequence)


def test_a_piece_that_was_changed_or_does_not_come_in_turn(
    folder: Folder, target: Folder, seed: int
) -> None:
    written(where(folder), seed, SIZES)
    with Shipper(folder, store_of(folder)) as shipper:
        receiver = Receiver(target, store_of(target).folder, shipper.offer)
        first = shipper.read(0, 0, 8192)
        assert not receiver.take(1, 0, first)
        assert not receiver.take(0, 4096, first)
        assert receiver.take(0, 0, first)
        assert not receiver.take(0, 0, first), "doubled"
        rest = bytearray(shipper.read(0, 8192, SMALL))
        with pytest.raises(JournalError, match="bytes at 8192, of"):
            receiver.take(0, 8192, bytes(rest) + bytes(4096))
        with pytest.raises(JournalError, match="has not come as a whole"):
            receiver.finish()
        rest[100] ^= 1
        with pytest.raises(JournalError, match="its SHA-256 differs"):
            receiver.take(0, 8192, bytes(rest))
        receiver.close()
        sent(shipper, target).finish()
    assert end_of(target) == shipper.offer.end


def test_what_is_right_by_its_hash_and_no_journal_gets_no_name(
    folder: Folder, target: Folder, seed: int
) -> None:
    """The other side may be wrong about its own files."""
    written(where(folder), seed, SIZES)
    with Shipper(folder, store_of(folder)) as shipper:
        end = dataclasses.replace(shipper.offer.end, hash=bytes(32))
        offer = dataclasses.replace(shipper.offer, end=end)
        receiver = Receiver(target, store_of(target).folder, offer)
        for index, at, data in shipper.pieces():
            receiver.take(index, at, data)
        with pytest.raises(JournalError, match="what has come ends with command"):
            receiver.finish()
    assert not [name for name in target.names() if name.endswith(".segment")]


def test_an_encrypted_journal_needs_its_key_there(tmp_path: Path, seed: int) -> None:
    written(tmp_path / "a", seed, SIZES, keys=KEYS)
    folder = RealFolder(tmp_path / "a")
    for keys in (None, OTHER):
        with Shipper(folder, store_of(folder)) as shipper:
            receiver = sent(shipper, RealFolder(tmp_path / "b"))
            with pytest.raises(JournalKeyError):
                receiver.finish(keys)
    assert segments(tmp_path / "b") == []


def test_where_there_is_a_journal_nothing_is_taken(
    folder: Folder, target: Folder, seed: int
) -> None:
    written(where(folder), seed, SIZES)
    with Shipper(folder, store_of(folder)) as shipper:
        sent(shipper, target).finish()
        with pytest.raises(JournalError, match="holds a journal; take its files away first"):
            sent(shipper, target)
    cut_behind(target, 0, snapshots=None)
    with Shipper(folder, store_of(folder)) as shipper:
        sent(shipper, target).finish()


def change(offer: Offer, **what: Any) -> bytes:
    found = json.loads(offer.as_bytes())
    found["files"][-1] |= what
    return json.dumps(found).encode()


def test_a_list_of_files_that_names_others_is_refused(folder: Folder, seed: int) -> None:
    written(where(folder), seed, SIZES)
    with Shipper(folder, store_of(folder)) as shipper:
        offer = shipper.offer
    assert offer_of(offer.as_bytes()) == offer
    for what in (
        {"name": "../../lock"},
        {"name": "00000002.segment/x"},
        {"name": "000000002.segment"},
        {"name": 5},
        {"kind": "key"},
        {"kind": "snapshot"},
        {"size": 0},
        {"size": 4097},
        {"size": "4096"},
        {"full": 4096},
        {"sha256": None},
    ):
        with pytest.raises(JournalError, match="is none of a journal"):
            offer_of(change(offer, **what))
    with pytest.raises(JournalError, match="not a snapshot and segments in a row"):
        offer_of(change(offer, name="00000001.segment"))
    for data in (b"", b"[]", b"{}", b'{"files": 3}', change(offer, more=1)):
        with pytest.raises(JournalError, match="no list of files"):
            offer_of(data)


def test_power_lost_at_every_step_leaves_nothing_or_all(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 1_500)
    grown(tmp_path, commands, [1_000])
    source = RealFolder(tmp_path)
    step, whole, seen = 0, False, set()
    with Shipper(source, store_of(source)) as shipper:
        while not whole:
            target = Doomed(Random(seed + step))
            target.left = step
            try:
                sent(shipper, target).finish()
                whole = True
            except PowerCut:
                target.crash()
            target.left = 10**9
            complete_arrival(target, target)
            seen.add(bool(target.names()))
            if not target.names():
                sent(shipper, target).finish()
            engine, found = started_on(target)
            assert found == 900
            assert engine.state_hash == hash_after(commands, shipper.offer.end.sequence)
            assert not [name for name in target.names() if name.endswith(PART) or name == NOTE]
            step += 1
    assert seen == {False, True}
    assert step > 12


def started_on(target: SimulatedFolder) -> tuple[Any, int]:
    engine, found = started(target, SnapshotStore(target))  # type: ignore[arg-type]
    return engine, found.sequence


def test_a_stop_while_names_are_given_is_made_good(seed: int) -> None:
    """Also when it happens again and again."""
    source = SimulatedFolder(Random(seed))
    commands = written(source, seed, SIZES)
    with Shipper(source, store_of(source), until=len(commands)) as shipper:
        target = Doomed(Random(seed))
        receiver = sent(shipper, target)
    target.left = 6
    with pytest.raises(PowerCut):
        receiver.finish()
    for _ in range(50):
        target.crash()
        target.left = 2
        try:
            complete_arrival(target, target)
            break
        except PowerCut:
            continue
    target.left = 10**9
    complete_arrival(target, target)
    assert same(read_all(target), commands), "the note was safe"
