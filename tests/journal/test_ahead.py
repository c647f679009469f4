"""Reading on one core while another applies; the state behind any command."""

import threading
from pathlib import Path
from random import Random

import numpy as np
import pytest

from flow.generator import MarketGenerator
from journal.ahead import BUFFERS, read_ahead
from journal.errors import JournalCorrupt, JournalError
from journal.keys import Keys
from journal.reader import READ_BYTES, Reader
from journal.replay import replayed, state_at
from journal.snapshots import SnapshotStore
from lmax._business import Business
from lmax._engine import Diverged, Engine
from lmax.records import joined
from lmax.ringbuffer.ring import RingBuffer
from lmax.schema import COMMAND, EVENT, CommandType
from tests.journal.writing import BLOCK, Scribe, read_all, same, segments, written

BIG = 8 << 20
KEYS = Keys({1: bytes(range(32))}, 1)


def market(count: int) -> np.ndarray:
    """A market's commands from its opening on, numbered."""
    generator = MarketGenerator(1, accounts=50, instruments=3)
    setup = generator.setup()
    commands = joined([setup, generator.next_batch(max(0, count - len(setup)))])[:count].copy()
    commands["sequence"] = np.arange(1, len(commands) + 1)
    commands["timestamp"] = commands["sequence"]
    return commands


def journal_of(folder: Path, commands: np.ndarray, batch: int = 1_000, **options: object) -> None:
    with Scribe(folder, segment_bytes=BIG, **options) as scribe:  # type: ignore[arg-type]
        for start in range(0, len(commands), batch):
            scribe.write(commands[start : start + batch])
        scribe.agent = None  # type: ignore[assignment]


def ahead(folder: Path, **options: object) -> np.ndarray:
    with Reader(folder, **options) as reader:  # type: ignore[arg-type]
        found = [commands.copy() for commands in read_ahead(reader)]
    return joined([np.empty(0, COMMAND), *found])


@pytest.mark.parametrize("keys", [None, KEYS])
def test_it_reads_what_a_reader_reads(tmp_path: Path, seed: int, keys: Keys | None) -> None:
    random = Random(seed)
    sizes = [8_000] * 9 + [random.choice([1, 30, 400, 5_000]) for _ in range(20)]
    commands = written(tmp_path, seed, sizes, segment_bytes=BIG, keys=keys)
    assert same(ahead(tmp_path, keys=keys), commands)
    assert len(commands) * 128 > READ_BYTES * BUFFERS


def test_an_empty_journal_gives_nothing(tmp_path: Path) -> None:
    assert len(ahead(tmp_path)) == 0


def test_damage_comes_out_behind_all_that_is_good(tmp_path: Path, seed: int) -> None:
    commands = written(tmp_path, seed, [1_000] * 40, segment_bytes=BIG)
    path, at = segments(tmp_path)[0], 1_040 * BLOCK + 5
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    found: list[np.ndarray] = []
    with Reader(tmp_path) as reader:
        with pytest.raises(JournalCorrupt) as error:
            found.extend(part.copy() for part in read_ahead(reader))
        assert reader.sequence == error.value.sequence - 1
    good = joined(found)
    assert same(good, commands[: len(good)])
    assert 30_000 < len(good) == error.value.sequence - 1 < len(commands)
    assert error.value.offset <= at


def test_who_stops_half_way_leaves_no_thread(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [8_000] * 12, segment_bytes=16 << 20)
    before = threading.active_count()
    with Reader(tmp_path) as reader:
        parts = read_ahead(reader)
        next(parts)
        assert threading.active_count() == before + 1
        parts.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_replay_gives_the_state_of_an_engine_that_saw_every_event(tmp_path: Path) -> None:
    commands = market(20_000)
    journal_of(tmp_path, commands)
    engine = Engine()
    events = engine.apply(commands)
    assert len(events) > len(commands)
    again = replayed(tmp_path)
    assert again.state_hash == again.recomputed_state_hash() == engine.state_hash
    assert (again.accepted, again.rejected, again.trades) == (
        *(engine.accepted, engine.rejected, engine.trades),
    )


@pytest.mark.parametrize("chunk", [1, 7, 8_192])
def test_dropped_events_are_counted_whole(chunk: int) -> None:
    commands, engine, other = market(5_000), Engine(), Engine()
    dropped = sum(engine.skim(commands[at : at + chunk]) for at in range(0, 5_000, chunk))
    assert dropped == len(other.apply(commands))
    more = commands[:1].copy()
    more["sequence"] = 5_001
    assert engine.apply(more).tolist() == other.apply(more).tolist()


def test_business_replays_as_an_engine_does(tmp_path: Path) -> None:
    commands = market(20_000)
    journal_of(tmp_path, commands)
    business = Business(RingBuffer(16, dtype=COMMAND), RingBuffer(16, dtype=EVENT))
    with Reader(tmp_path) as reader:
        for part in read_ahead(reader):
            business.replay(part)
    assert business.applied == len(commands)
    assert business.state.state_hash == replayed(tmp_path).state_hash


@pytest.mark.parametrize("keys", [None, KEYS])
def test_the_state_behind_any_command_is_found_with_and_without_snapshots(
    tmp_path: Path, seed: int, keys: Keys | None
) -> None:
    commands, random = market(9_000), Random(seed)
    journal_of(tmp_path, commands, keys=keys)
    points = [0, 1, 1_000, 9_000, *(random.randint(1, 9_000) for _ in range(4))]
    for sequence in points:
        engine = Engine()
        engine.skim(commands[:sequence])
        assert state_at(tmp_path, sequence, keys=keys).state_hash == engine.state_hash, sequence
        assert replayed(tmp_path, sequence, keys=keys).state_hash == engine.state_hash, sequence
    assert SnapshotStore.of(tmp_path, keys).names() == []


def test_a_state_that_is_not_there_yet_is_refused(tmp_path: Path) -> None:
    journal_of(tmp_path, market(100))
    with pytest.raises(JournalError, match="ends with command 100; there is no 101 yet"):
        state_at(tmp_path, 101)


def test_a_journal_with_another_hash_in_a_checkpoint_is_not_replayed(tmp_path: Path) -> None:
    """Checksums, hashes and order are right: the commands lead to another state than they did."""
    commands, engine = market(3_000), Engine()
    engine.skim(commands[:999])
    commands[[999, 1_999, 2_999]] = np.zeros((), COMMAND)
    for at in (999, 1_999, 2_999):
        commands[at : at + 1]["type"] = CommandType.CHECKPOINT
        commands["sequence"][at] = commands["timestamp"][at] = at + 1
    (told,) = engine.apply(commands[999:1_000])
    commands["state_sequence"][1_999] = 1_000
    commands["state_hash"][1_999] = told["state_hash"]
    journal_of(tmp_path / "good", commands)
    assert replayed(tmp_path / "good").checkpoint[0] == 3_000
    commands["state_hash"][1_999] ^= 1
    journal_of(tmp_path / "bad", commands)
    assert len(read_all(tmp_path / "bad")) == 3_000
    with pytest.raises(Diverged, match="behind command 1000"):
        replayed(tmp_path / "bad")
    assert state_at(tmp_path / "bad", 1_999).sequence == 1_999
