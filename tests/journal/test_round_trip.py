"""What is written is read again, across batches, segments, restarts and file systems."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from journal._scan import crc, crc_by_table
from journal.errors import JournalError
from journal.files import Journal
from journal.reader import Reader
from tests.journal.writing import (
    BLOCK,
    Scribe,
    batch_bytes,
    commands_of,
    read_all,
    same,
    segments,
    written,
)


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in a file system that is kept in memory."""
    folder = Path(tempfile.mkdtemp(prefix="lmax-test-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


def test_crc32c_gives_the_known_answers() -> None:
    """RFC 3720, B.4, and the usual check value."""
    vectors = {
        b"123456789": 0xE3069283,
        bytes(32): 0x8A9136AA,
        b"\xff" * 32: 0x62A8AB43,
        bytes(range(32)): 0x46DD794E,
        bytes(range(31, -1, -1)): 0x113FDB5C,
    }
    for data, expected in vectors.items():
        assert crc(data) == crc_by_table(data) == expected
    assert crc(b"") == crc_by_table(b"") == 0


def test_the_table_and_the_instruction_give_one_checksum(seed: int) -> None:
    random = Random(seed)
    sizes = [*range(1, 300), *(3072 * n + k for n in (1, 2, 5) for k in (-1, 0, 1, 77))]
    for size in sizes:
        data, start = random.randbytes(size), random.getrandbits(32)
        assert crc(data, start) == crc_by_table(data, start)
        cut = random.randint(1, size)
        if cut < size:
            assert crc(data[cut:], crc(data[:cut], start)) == crc(data, start)


@pytest.mark.parametrize("mode", ["direct", "buffered", "uring", "auto"])
def test_commands_come_back_byte_for_byte(tmp_path: Path, seed: int, mode: str) -> None:
    sizes = [1, 2, 31, 32, 100]
    commands = written(tmp_path, seed, sizes, mode=mode)
    assert same(read_all(tmp_path), commands)
    with Scribe(tmp_path, mode=mode) as scribe:
        assert same(scribe.found, commands)
        assert scribe.journal.cut == ""


@pytest.mark.parametrize("mode", ["direct", "buffered", "uring", "auto"])
def test_a_file_system_in_memory_will_do(memory: Path, seed: int, mode: str) -> None:
    """Whatever "auto" chooses there works; so does "direct" where it may be chosen."""
    with Journal(memory) as journal:
        chosen = journal.mode
    if mode in ("direct", "uring") and chosen == "buffered":
        return  # O_DIRECT is refused there
    commands = written(memory, seed, [1, 40, 300], mode=mode)
    assert same(read_all(memory), commands)


def test_beside_a_write_in_the_background_the_next_batch_is_made_ready(
    tmp_path: Path, seed: int
) -> None:
    """One write is in flight at a time, and batches still grow when the ring is full."""
    commands = commands_of(seed, 1, 8000)
    with Scribe(tmp_path, segment_bytes=4 << 20, mode="uring") as scribe:
        scribe.write(commands)
        counters = scribe.agent.counters
        assert counters["batches"] > 1, "the first write takes what is ready soon"
        assert counters["batches"] <= 8000 // 128 + 1
    assert same(read_all(tmp_path), commands)


def test_one_write_takes_all_that_is_there(tmp_path: Path, seed: int) -> None:
    with Scribe(tmp_path) as scribe:
        for first in range(1, 301, 3):
            scribe.ring.publish_array(commands_of(seed, first, 3))
        scribe.sync()
        assert scribe.agent.counters["batches"] == 1
        assert scribe.agent.counters["bytes"] == BLOCK + batch_bytes(300)


def test_a_batch_never_outgrows_a_segment(tmp_path: Path, seed: int) -> None:
    """The smallest segment there is holds 31 commands."""
    commands = commands_of(seed, 1, 200)
    with Scribe(tmp_path, segment_bytes=2 * BLOCK) as scribe:
        scribe.write(commands)
        assert scribe.agent.counters["batches"] == 7
    assert [path.stat().st_size for path in segments(tmp_path)] == [2 * BLOCK] * 7
    assert same(read_all(tmp_path), commands)


def test_the_largest_batch_is_one_mebibyte(tmp_path: Path, seed: int) -> None:
    commands = commands_of(seed, 1, 9000)
    with Scribe(tmp_path, segment_bytes=4 << 20, slots=16384, mode="direct") as scribe:
        scribe.write(commands)
        assert scribe.agent.counters["batches"] == 2
    assert same(read_all(tmp_path), commands)


def test_many_segments_restarts_and_batch_sizes_make_one_log(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    expected = b""
    for restart in range(8):
        with Scribe(tmp_path, mode=random.choice(["direct", "buffered", "uring"])) as scribe:
            assert scribe.found.tobytes() == expected, f"after {restart} restarts"
            for _ in range(12):
                size = random.choice([1, 31, 63, 95, random.randint(1, 700)])
                commands = commands_of(seed, scribe.ring.cursor + 1, size)
                scribe.write(commands)
                expected += commands.tobytes()
    assert read_all(tmp_path).tobytes() == expected
    assert len(segments(tmp_path)) > 10


def test_segments_keep_the_size_that_the_journal_began_with(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [100], segment_bytes=64 << 10)
    with Scribe(tmp_path, segment_bytes=1 << 20) as scribe:
        scribe.write(commands_of(seed, 101, 3000))
    assert {path.stat().st_size for path in segments(tmp_path)} == {64 << 10}


def test_a_journal_without_commands_is_empty_again_and_again(tmp_path: Path) -> None:
    for _ in range(3):
        with Scribe(tmp_path) as scribe:
            assert len(scribe.found) == 0
            assert scribe.journal.sequence == 0


def test_a_reader_stops_after_the_batch_that_holds_the_last_command(
    tmp_path: Path, seed: int
) -> None:
    written(tmp_path, seed, [10, 20, 400, 40])
    for last, expected in ((0, 0), (1, 10), (10, 10), (11, 30), (31, 430), (431, 470), (999, 470)):
        with Reader(tmp_path) as reader:
            assert sum(len(batch) for batch in reader.batches(last)) == expected


def test_a_reader_that_follows_the_writer_sees_each_command_once(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    with Scribe(tmp_path) as scribe, Reader(tmp_path) as bounded, Reader(tmp_path) as eager:
        seen, all_seen, expected = b"", b"", b""
        for _ in range(120):
            commands = commands_of(seed, scribe.ring.cursor + 1, random.randint(1, 150))
            scribe.write(commands)
            expected += commands.tobytes()
            for batch in bounded.batches(scribe.position.value):
                seen += batch.tobytes()
            assert seen == expected
            for batch in eager.batches():
                all_seen += batch.tobytes()
            assert all_seen == expected
            assert eager.torn == ""


def test_writing_before_the_replay_has_ended_is_refused(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [5, 5])
    with Journal(tmp_path) as journal:
        next(journal.replay())
        with pytest.raises(JournalError, match="go through replay"):
            journal.journaler(*(None, None))  # type: ignore[arg-type]


@pytest.mark.parametrize("segment_bytes", [0, 4096, 8191, 10_000])
def test_odd_segment_sizes_are_refused(tmp_path: Path, segment_bytes: int) -> None:
    with pytest.raises(ValueError, match="a multiple of 4096"):
        Journal(tmp_path, segment_bytes=segment_bytes)


def test_an_unknown_mode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mode is auto, direct, buffered, uring, not 'fast'"):
        Journal(tmp_path, mode="fast")


def test_a_folder_that_is_not_there_has_no_journal_to_read(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="is not a folder"):
        read_all(tmp_path / "nowhere")
