"""F10: what is damaged is taken from a good copy, by sequence and hash, or left as it is."""

import shutil
from pathlib import Path
from random import Random

import pytest

from journal.errors import JournalError
from journal.repair import repair
from journal.verify import verify
from tests.journal.test_damage import flip, zero
from tests.journal.writing import (
    BLOCK,
    CLUSTER,
    Scribe,
    batch_bytes,
    commands_of,
    read_all,
    same,
    segments,
    written,
)

SIZES = [400, 200, 150, 400, 90, 90]


@pytest.fixture
def pair(tmp_path: Path, seed: int) -> tuple[Path, Path]:
    """A journal of several segments and a copy of it."""
    here, copy = tmp_path / "here", tmp_path / "copy"
    written(here, seed, SIZES, cluster=CLUSTER)
    shutil.copytree(here, copy)
    return here, copy


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.segment*"))}


def test_f10_a_flipped_byte_anywhere_before_the_end_is_mended(
    pair: tuple[Path, Path], seed: int
) -> None:
    here, copy = pair
    good = contents(here)
    random = Random(seed)
    for turn in range(12):
        path = random.choice(segments(here)[:-1])
        at = random.choice([random.randrange(BLOCK), BLOCK + random.randrange(128 + 128 * 150)])
        flip(path, at, 1 << random.randrange(8))
        damaged = path.read_bytes()
        done = repair(here, copy)
        assert done is not None, f"turn {turn}: byte {at} of {path.name}"
        assert (done.segments, done.verdict.state) == ([path.name], "clean")
        assert (here / done.kept[0]).read_bytes() == damaged
        (here / done.kept[0]).unlink()
        assert contents(here) == good


def test_several_segments_are_mended_one_after_the_other(pair: tuple[Path, Path]) -> None:
    here, copy = pair
    good = contents(here)
    flip(segments(here)[0], BLOCK + 500, 1)
    zero(segments(here)[1], 0, BLOCK)
    done = repair(here, copy)
    assert done is not None
    assert done.segments == ["00000001.segment", "00000002.segment"]
    assert done.first == 1
    assert {n: b for n, b in contents(here).items() if n.endswith(".segment")} == good


def test_f10_a_missing_segment_is_taken_from_the_copy(pair: tuple[Path, Path]) -> None:
    """One that is lost, or that a repair had set aside when the power went."""
    here, copy = pair
    good = contents(here)
    segments(here)[1].unlink()
    done = repair(here, copy)
    assert done is not None
    assert (done.segments, done.kept, done.first) == (["00000002.segment"], [], 401)
    assert contents(here) == good
    segments(here)[1].rename(here / "00000002.segment.damaged")
    done = repair(here, copy)
    assert done is not None
    assert verify(here).state == "clean"


def test_a_sound_journal_is_left_alone(pair: tuple[Path, Path]) -> None:
    here, copy = pair
    before = contents(here)
    assert repair(here, copy) is None
    assert contents(here) == before


def refused(here: Path, copy: Path, match: str) -> None:
    before = contents(here)
    with pytest.raises(JournalError, match=match):
        repair(here, copy)
    assert contents(here) == before


def test_a_copy_with_damage_of_its_own_is_not_taken(pair: tuple[Path, Path]) -> None:
    here, copy = pair
    flip(segments(here)[0], BLOCK + 500, 1)
    flip(segments(copy)[0], BLOCK + 900, 1)
    refused(here, copy, r"at byte 4096: a batch whose checksum is wrong; not taken")


def test_a_copy_of_another_history_is_not_taken(pair: tuple[Path, Path], seed: int) -> None:
    """Same cluster, same sequences, other commands."""
    here, copy = pair
    shutil.rmtree(copy)
    written(copy, seed + 1, SIZES, cluster=CLUSTER)
    flip(segments(here)[1], BLOCK + 500, 1)
    refused(here, copy, "does not follow command 400 of this journal by its hash")
    flip(segments(here)[1], BLOCK + 500, 1)
    flip(segments(here)[0], BLOCK + 500, 1)
    refused(here, copy, "goes on from another hash")


def test_a_copy_that_is_too_old_is_not_taken(pair: tuple[Path, Path]) -> None:
    here, copy = pair
    flip(segments(here)[1], BLOCK + 500, 1)
    zero(segments(copy)[1], BLOCK + batch_bytes(200))
    refused(here, copy, "ends with command 600, but 00000003.segment here begins with")
    segments(copy)[1].unlink()
    refused(here, copy, "has no 00000002.segment")


def test_after_a_repair_the_journal_goes_on(pair: tuple[Path, Path], seed: int) -> None:
    here, copy = pair
    whole = read_all(copy)
    flip(segments(here)[0], BLOCK + 500, 1)
    repair(here, copy)
    with Scribe(here) as scribe:
        assert same(scribe.found, whole)
        scribe.write(commands_of(seed, len(whole) + 1, 10))
    assert verify(here).last_sequence == len(whole) + 10
