"""F29: one command is left out, and the journal says so itself."""

from pathlib import Path

import pytest

from journal._scan import crc
from journal.errors import JournalCorrupt, JournalError, JournalKeyError
from journal.files import Journal
from journal.folder import RealFolder
from journal.keys import Keys
from journal.reader import Reader, read_header
from journal.schema import SEGMENT_HEADER_BYTES, offset_of
from journal.skips import reason_of, write_skip
from journal.verify import verify
from lmax.records import joined
from tests.journal.writing import Scribe, commands_of, read_all, same, segments, written

REASON = "false checkpoint, ticket 17, jd"


def skipped(folder: Path, sequence: int, reason: str = REASON) -> int:
    with Journal(folder, segment_bytes=64 << 10) as journal:
        return write_skip(journal, sequence, reason)


def test_f29_a_command_that_is_left_out_is_read_as_one_of_no_type_and_stays_as_it_was(
    tmp_path: Path, seed: int
) -> None:
    commands = written(tmp_path, seed, [30, 20])
    assert skipped(tmp_path, 17) == 51
    found = read_all(tmp_path)
    assert found["sequence"].tolist() == list(range(1, 52))
    assert found[16]["type"] == 0
    expected = commands.copy()
    expected["type"][16] = 0
    assert same(found[:50], expected)
    with Reader(tmp_path, as_written=True) as reader:
        assert same(joined([b.copy() for b in reader.batches()])[:50], commands)
    assert (found[50]["type"], found[50]["orig_client_order_id"]) == (0, 17)
    assert reason_of(found[50]) == REASON
    assert found[50]["timestamp"] >= found[49]["timestamp"]


def test_f29_the_journal_goes_on_behind_it_and_verifies(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [30])
    skipped(tmp_path, 30)
    with Scribe(tmp_path) as scribe:
        assert scribe.found[29]["type"] == 0
        scribe.write(commands_of(seed, 32, 40))
    assert verify(tmp_path).state == "clean"
    assert len(read_all(tmp_path)) == 71
    assert skipped(tmp_path, 40) == 72
    found = read_all(tmp_path)
    assert [found[n - 1]["type"] for n in (30, 31, 40, 72)] == [0, 0, 0, 0]
    with pytest.raises(JournalError, match="left out already"):
        skipped(tmp_path, 30)


def test_f29_a_command_that_is_not_there_cannot_be_left_out(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [30])
    with pytest.raises(JournalError, match="has no command 31: it ends with 30"):
        skipped(tmp_path, 31)
    assert len(read_all(tmp_path)) == 30


@pytest.mark.parametrize("kept", [0, 1, 512, 4095, 4096, 4096 + 100, 4096 + 215])
def test_f29_a_record_that_was_cut_short_says_nothing_and_can_be_written_again(
    tmp_path: Path, seed: int, kept: int
) -> None:
    """Its header may be there already: the power went before anybody was told."""
    commands = written(tmp_path, seed, [30])
    skipped(tmp_path, 17)
    last = segments(tmp_path)[1]
    content = last.read_bytes()
    last.write_bytes(content[:kept] + bytes(len(content) - kept))
    assert same(read_all(tmp_path), commands)
    with Scribe(tmp_path) as scribe:
        assert same(scribe.found, commands)
        scribe.write(commands_of(seed, 31, 3))
    assert skipped(tmp_path, 17) == 34
    assert read_all(tmp_path)[16]["type"] == 0


def test_f29_a_header_that_was_edited_to_leave_out_another_is_found(
    tmp_path: Path, seed: int
) -> None:
    """Its checksum set right: the record behind it is in the chain of hashes."""
    written(tmp_path, seed, [30])
    skipped(tmp_path, 17)
    edit_header(segments(tmp_path)[1], 18)
    with pytest.raises(JournalCorrupt, match="no record that command 18 is left out"):
        read_all(tmp_path)


@pytest.mark.parametrize("before", [Keys(), Keys({1: bytes(32)}, 1)])
def test_f29_a_command_of_an_encrypted_journal_is_left_out(
    tmp_path: Path, seed: int, before: Keys
) -> None:
    """Also where the record's segment is the first that is encrypted, or the key is a new one."""
    commands = written(tmp_path, seed, [30, 20], keys=before)
    keys = Keys({1: bytes(32), 2: bytes(range(32))}, 2)
    with Journal(tmp_path, segment_bytes=64 << 10, keys=keys) as journal:
        assert write_skip(journal, 17, REASON) == 51
    with pytest.raises(JournalKeyError):
        read_all(tmp_path)
    found = read_all(tmp_path, keys)
    assert [int(found["type"][n - 1]) for n in (17, 51)] == [0, 0]
    assert reason_of(found[50]) == REASON
    assert same(found[17:50], commands[17:])
    assert REASON.encode() not in segments(tmp_path)[1].read_bytes()
    with Scribe(tmp_path, keys=keys) as scribe:
        assert scribe.found[16]["type"] == 0
        scribe.write(commands_of(seed, 52, 9))
    verdict = verify(tmp_path, keys=keys)
    assert (verdict.state, verdict.last_sequence) == ("clean", 60)


def edit_header(path: Path, skips: int) -> None:
    content = bytearray(path.read_bytes())
    at = offset_of("SegmentHeader", "skips")
    content[at : at + 8] = skips.to_bytes(8, "little")
    content[0:4] = crc(bytes(content[4:SEGMENT_HEADER_BYTES])).to_bytes(4, "little")
    path.write_bytes(content)
    header = read_header(RealFolder(path.parent), path.name)
    assert isinstance(header, dict)
    assert header["skips"] == skips
