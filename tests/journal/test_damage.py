"""A write that a stop cut short is cut off; damage to what was synced is refused, never read."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from journal._scan import crc
from journal.errors import JournalCorrupt, JournalError
from journal.files import Journal
from journal.reader import segment_name
from lmax.records import joined
from tests.journal.writing import (
    BLOCK,
    CLUSTER,
    SMALL,
    Scribe,
    batch_bytes,
    commands_of,
    read_all,
    same,
    segments,
    written,
)


def refused(directory: Path, match: str) -> JournalCorrupt:
    """The replay's refusal; it must have left everything as it was."""
    before = {path.name: path.read_bytes() for path in segments(directory)}
    with Journal(directory) as journal, pytest.raises(JournalCorrupt, match=match) as caught:
        for _ in journal.replay():
            pass
    assert {path.name: path.read_bytes() for path in segments(directory)} == before
    assert "Nothing was changed" in str(caught.value)
    return caught.value


def truncate(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.truncate(at)


def zero(path: Path, at: int, size: int | None = None) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes(path.stat().st_size - at if size is None else size))


def flip(path: Path, at: int, mask: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ mask]))


CUTS: dict[str, Callable[[Path, int], None]] = {"truncated": truncate, "zeroed": zero}


def cut_points(size: int, seed: int) -> list[int]:
    """Each block, its first and last bytes, and some more, within a batch of `size` bytes."""
    edges = {block + byte for block in range(0, size, BLOCK) for byte in (0, 1, 4, 127, 128, 4095)}
    return sorted(edges | set(Random(seed).sample(range(size), 12)))


@pytest.mark.parametrize("how", CUTS)
def test_a_batch_cut_short_anywhere_is_dropped_and_the_journal_goes_on(
    tmp_path: Path, seed: int, how: str
) -> None:
    origin = tmp_path / "origin"
    commands = written(origin, seed, [10, 70, 150])
    start, size = BLOCK + batch_bytes(10) + batch_bytes(70), batch_bytes(150)
    used = 128 + 150 * 128
    for at in cut_points(size, seed):
        folder = tmp_path / f"cut-{at}"
        shutil.copytree(origin, folder)
        CUTS[how](segments(folder)[0], start + at)
        kept = 230 if at >= used and how == "zeroed" else 80
        assert same(read_all(folder), commands[:kept]), f"cut {at} bytes into the batch"
        more = commands_of(seed + 1, kept + 1, 40)
        with Scribe(folder) as scribe:
            assert same(scribe.found, commands[:kept])
            assert bool(scribe.journal.cut) == (kept == 80 and at > 0)
            scribe.write(more[:1])
            scribe.write(more[1:])
        with Scribe(folder) as scribe:
            assert scribe.found.tobytes() == commands[:kept].tobytes() + more.tobytes()
            assert scribe.journal.cut == "", "the rest of the cut batch is still there"
        shutil.rmtree(folder)


@pytest.mark.parametrize("how", CUTS)
def test_the_first_write_of_a_segment_may_be_cut_anywhere(
    tmp_path: Path, seed: int, how: str
) -> None:
    origin = tmp_path / "origin"
    commands = written(origin, seed, [400, 300])  # each in a segment of its own
    for at in [*range(0, 64, 5), 127, 128, 4095, *range(BLOCK, BLOCK + 300 * 128, 3333)]:
        folder = tmp_path / f"cut-{at}"
        shutil.copytree(origin, folder)
        CUTS[how](segments(folder)[1], at)
        more = commands_of(seed + 1, 401, 40)
        with Scribe(folder) as scribe:
            assert same(scribe.found, commands[:400]), f"cut at byte {at}"
            scribe.write(more)
        with Scribe(folder) as scribe:
            assert scribe.found.tobytes() == commands[:400].tobytes() + more.tobytes()
            assert scribe.journal.cut == ""
        shutil.rmtree(folder)


def test_blocks_of_the_last_write_may_be_missing_in_any_order(tmp_path: Path, seed: int) -> None:
    """A disk may write the end of a batch before its beginning, and lose power between."""
    origin = tmp_path / "origin"
    commands = written(origin, seed, [10, 150])
    start, blocks = BLOCK + batch_bytes(10), batch_bytes(150) // BLOCK
    for pattern in range(1, 2**blocks):
        folder = tmp_path / f"holes-{pattern}"
        shutil.copytree(origin, folder)
        for block in range(blocks):
            if pattern >> block & 1:
                zero(segments(folder)[0], start + block * BLOCK, BLOCK)
        with Scribe(folder) as scribe:
            assert same(scribe.found, commands[:10])
            assert bool(scribe.journal.cut) == (pattern != 2**blocks - 1)
            scribe.write(commands_of(seed, 11, 1))
        with Scribe(folder) as scribe:
            assert len(scribe.found) == 11
            assert scribe.journal.cut == ""
        shutil.rmtree(folder)


def test_bytes_behind_a_batch_are_damage_even_at_the_very_end(tmp_path: Path, seed: int) -> None:
    """The commands' checksum is right, so the write was not cut short: the disk is not sound."""
    written(tmp_path, seed, [3])
    flip(segments(tmp_path)[0], BLOCK + 128 + 3 * 128, 1)
    error = refused(tmp_path, "bytes behind its commands")
    assert (error.offset, error.sequence) == (BLOCK, 1)


def test_a_zeroed_block_before_good_batches_is_damage(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [10, 20, 30])
    zero(segments(tmp_path)[0], BLOCK + batch_bytes(10), BLOCK)
    error = refused(tmp_path, "zeros, before a batch that begins with command 31")
    assert (error.offset, error.sequence) == (BLOCK + batch_bytes(10), 11)


def test_a_batch_count_that_points_beyond_the_file_is_damage(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [10, 20, 30])
    flip(segments(tmp_path)[0], BLOCK + 17, 0x10)  # 10 commands become 4,106
    assert (
        refused(tmp_path, "checksum is wrong, before a batch that begins with command 11").sequence
        == 1
    )


@pytest.mark.parametrize("segment", [0, 1])
def test_a_zeroed_header_before_batches_is_damage(tmp_path: Path, seed: int, segment: int) -> None:
    written(tmp_path, seed, [400, 90, 90])
    zero(segments(tmp_path)[segment], 0, BLOCK)
    # The first segment's one batch could be a first write cut short, were there no second segment.
    refused(tmp_path, "a segment without its header")


def test_a_zeroed_header_and_first_batch_before_another_is_damage(
    tmp_path: Path, seed: int
) -> None:
    written(tmp_path, seed, [400, 90, 90])
    zero(segments(tmp_path)[1], 0, BLOCK + batch_bytes(90))
    refused(tmp_path, "a segment without its header")


def test_a_batch_twice_is_damage(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [10, 20])
    path, at = segments(tmp_path)[0], BLOCK + batch_bytes(10)
    data = bytearray(path.read_bytes())
    data[at + BLOCK : at + 2 * BLOCK] = data[at : at + BLOCK]
    path.write_bytes(data)
    refused(tmp_path, "a batch that begins with command 11 where command 31 should be")


def test_a_missing_segment_is_named(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [400, 400, 400])
    segments(tmp_path)[1].unlink()
    refused(
        tmp_path,
        "00000002.segment at byte 0: a segment that is missing, before 00000003.segment, where"
        " command 401 should be",
    )


def test_a_segment_made_ahead_behind_a_gap_proves_nothing(tmp_path: Path, seed: int) -> None:
    """Unused ones are removed at a start, and a power cut may keep any of them."""
    commands = written(tmp_path, seed, [400, 400])
    last = segments(tmp_path)[-1]
    unused = tmp_path / segment_name(int(last.stem) + 2)
    unused.write_bytes(bytes(last.stat().st_size))
    with Journal(tmp_path) as journal:
        assert same(joined([b.copy() for b in journal.replay()]), commands)
    assert not unused.exists()


def test_a_missing_first_segment_is_refused(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [400, 400])
    segments(tmp_path)[0].unlink()
    refused(tmp_path, "a segment whose first sequence is 401, not 1")


def test_swapped_segments_are_refused(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [400, 400, 400])
    _, second, third, *_ = segments(tmp_path)
    second.rename(tmp_path / "aside")
    third.rename(second)
    (tmp_path / "aside").rename(third)
    refused(tmp_path, "a segment whose number is 3, not 2")


def test_a_segment_twice_is_refused(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [400, 400])
    shutil.copy(segments(tmp_path)[1], tmp_path / "00000003.segment")
    refused(tmp_path, "a segment whose number is 2, not 3")


def test_a_segment_of_another_journal_is_refused(tmp_path: Path, seed: int) -> None:
    """It has the right number and begins with the right command."""
    here, other = tmp_path / "here", tmp_path / "other"
    written(here, seed, [400, 400, 400], cluster=CLUSTER)
    written(other, seed + 1, [400, 400, 400], cluster=CLUSTER)
    shutil.copy(segments(other)[1], segments(here)[1])
    refused(here, "a segment whose previous hash is")


def test_a_segment_of_another_cluster_is_refused(tmp_path: Path, seed: int) -> None:
    here, other = tmp_path / "here", tmp_path / "other"
    written(here, seed, [400, 400, 400], cluster=CLUSTER)
    written(other, seed, [400, 400, 400])
    shutil.copy(segments(other)[1], segments(here)[1])
    refused(here, "a segment whose cluster id is")


def test_a_last_batch_of_another_journal_is_refused(tmp_path: Path, seed: int) -> None:
    here, other = tmp_path / "here", tmp_path / "other"
    written(here, seed, [10, 20], cluster=CLUSTER)
    written(other, seed + 1, [10, 20], cluster=CLUSTER)
    at, size = BLOCK + batch_bytes(10), batch_bytes(20)
    data = bytearray(segments(here)[0].read_bytes())
    data[at : at + size] = segments(other)[0].read_bytes()[at : at + size]
    segments(here)[0].write_bytes(data)
    refused(here, "a batch that does not follow the one before it")


def test_a_newer_format_is_named_and_left_alone(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [10])
    path = segments(tmp_path)[0]
    data = bytearray(path.read_bytes())
    data[4] = 3
    data[0:4] = crc(bytes(data[4:256])).to_bytes(4, "little")
    data[BLOCK : BLOCK + 4] = b"NEXT"  # nothing behind the header looks like ours
    path.write_bytes(data)
    with Journal(tmp_path) as journal, pytest.raises(JournalError) as caught:
        list(journal.replay())
    assert str(caught.value) == (
        f"{path}: format 3; this program reads format 2. Use the version that wrote it."
    )
    assert path.read_bytes() == bytes(data)


def test_a_file_that_is_no_segment_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "00000001.segment"
    path.write_bytes(b"somebody's diary" * 1000)
    refused(tmp_path, "no segment header where command 1 should be")


def test_a_segment_made_ahead_and_never_begun_is_removed(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [10])
    (tmp_path / "00000002.segment").write_bytes(bytes(SMALL))
    (tmp_path / "00000003.new").write_bytes(bytes(100))
    with Journal(tmp_path) as journal:
        assert sum(len(batch) for batch in journal.replay()) == 10
        assert sorted(path.name for path in tmp_path.iterdir()) == ["00000001.segment", "lock"]
