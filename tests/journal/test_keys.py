"""Commands are encrypted on the disk, keys change, and no nonce is used twice."""

from pathlib import Path

import numpy as np
import pytest

from journal.errors import JournalCorrupt, JournalError, JournalKeyError
from journal.files import Journal
from journal.keys import Keys, parse_keys
from journal.repair import repair
from journal.schema import SEGMENT
from journal.verify import scan_segment, verify
from tests.journal.test_damage import flip
from tests.journal.writing import (
    BLOCK,
    CLUSTER,
    Scribe,
    commands_of,
    read_all,
    same,
    segments,
    written,
)

ONE = Keys({1: bytes(range(32))}, 1)
BOTH = Keys({1: bytes(range(32)), 2: bytes(range(1, 33))}, 2)


@pytest.mark.parametrize("mode", ["direct", "buffered", "uring"])
def test_what_is_on_the_disk_is_not_what_was_written_but_comes_back(
    tmp_path: Path, seed: int, mode: str
) -> None:
    commands = written(tmp_path, seed, [1, 40, 400, 300], keys=ONE, mode=mode)
    raw = b"".join(path.read_bytes() for path in segments(tmp_path))
    assert all(record.tobytes()[8:] not in raw for record in commands[:50])
    assert same(read_all(tmp_path, ONE), commands)
    assert verify(tmp_path, keys=ONE).state == "clean"


def test_the_hash_chain_is_that_of_the_commands_however_they_are_stored(
    tmp_path: Path, seed: int
) -> None:
    """So two copies with keys of their own are known to be equal."""
    for name, keys in (("plain", None), ("secret", ONE)):
        written(tmp_path / name, seed, [5, 40], keys=keys, cluster=CLUSTER)
    scans = [scan_segment(tmp_path / "plain", 1), scan_segment(tmp_path / "secret", 1, keys=ONE)]
    assert scans[0] is not None
    assert scans[1] is not None
    assert scans[0].hash == scans[1].hash


def test_keys_change_and_the_old_ones_are_still_read(tmp_path: Path, seed: int) -> None:
    expected = written(tmp_path, seed, [40, 40]).tobytes()
    for keys in (ONE, BOTH):
        with Scribe(tmp_path, keys=keys) as scribe:
            commands = commands_of(seed, scribe.ring.cursor + 1, 50)
            scribe.write(commands)
            expected += commands.tobytes()
    assert read_all(tmp_path, BOTH).tobytes() == expected
    headers = [np.fromfile(path, SEGMENT, 1)[0] for path in segments(tmp_path)]
    assert [int(h["key"]) for h in headers if h["format"]] == [0, 1, 2]


def test_without_the_key_nothing_is_read_and_the_message_says_so(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [40], keys=ONE)
    with pytest.raises(JournalKeyError, match="encrypted with key 1, and no key was given"):
        read_all(tmp_path)
    with pytest.raises(JournalKeyError, match="encrypted with key 1, but file:/k holds only 2, 3"):
        read_all(tmp_path, Keys({2: bytes(32), 3: bytes(32)}, 3, "file:/k"))


@pytest.mark.parametrize("sizes", [[40], [40, 40], [40] * 30])
def test_a_wrong_key_is_no_damage_and_changes_nothing(
    tmp_path: Path, seed: int, sizes: list[int]
) -> None:
    """However short: a single batch would else look like a write that was cut short."""
    written(tmp_path / "a", seed, sizes, keys=ONE)
    before = {path: path.read_bytes() for path in segments(tmp_path / "a")}
    wrong = Keys({1: bytes(32)}, 1, "file:/k")
    told = "encrypted with another key 1 than that of file:/k"
    with (
        Journal(tmp_path / "a", keys=wrong) as journal,
        pytest.raises(JournalKeyError, match=told),
    ):
        list(journal.replay())
    with pytest.raises(JournalKeyError, match=told):
        verify(tmp_path / "a", keys=wrong)
    with pytest.raises(JournalKeyError, match=told):
        repair(tmp_path / "a", tmp_path / "a", keys=wrong)
    assert {path: path.read_bytes() for path in segments(tmp_path / "a")} == before


def test_a_changed_byte_of_what_is_encrypted_is_found(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [40, 40], keys=ONE)
    flip(segments(tmp_path)[0], BLOCK + 128 + 1000, 4)
    with pytest.raises(JournalCorrupt, match="checksum is wrong, before a batch"):
        read_all(tmp_path, ONE)


def test_segment_keys_differ_by_salt_and_cluster() -> None:
    found = {ONE.of_segment(1, cluster, salt) for cluster in (b"a", b"b") for salt in (b"c", b"d")}
    assert len(found) == 4
    assert ONE.of_segment(0, b"a", b"c") == bytes(32)


@pytest.mark.parametrize("text", ["1", "1 abcd", "x " + "00" * 32, "0 " + "00" * 32, "", "1 zz"])
def test_odd_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(JournalError) as caught:
        parse_keys(text, "the file")
    assert "abcd" not in str(caught.value)
