"""Verifying side by side says what reading one after the other says; epochs, recycling, probe."""

import errno
import hashlib
import shutil
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal._scan import crc
from journal.errors import JournalCorrupt, JournalError
from journal.files import Journal
from journal.folder import RealFolder
from journal.maker import free_segment, recycle
from journal.probe import MODES, choose_mode
from journal.reader import Reader, segment_name
from journal.schema import BATCH, SEGMENT
from journal.verify import scan_segment, sound_beginning, verify
from tests.journal.test_damage import flip, truncate, zero
from tests.journal.writing import (
    BLOCK,
    CLUSTER,
    SMALL,
    Scribe,
    batch_bytes,
    commands_of,
    read_all,
    segments,
    written,
)


def one_after_the_other(folder: Path) -> tuple[str, int, str]:
    with Reader(folder) as reader:
        try:
            for _ in reader.batches():
                pass
        except JournalCorrupt as error:
            return "corrupt", error.sequence - 1, error.path.name
        return "torn" if reader.torn else "clean", reader.sequence, segment_name(reader.segment)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_side_by_side_and_one_after_the_other_agree(
    tmp_path: Path, seed: int, threads: int
) -> None:
    origin = tmp_path / "origin"
    written(origin, seed, [400, 90, 400, 300, 400, 60, 60])
    verdict = verify(origin, threads=threads)
    assert (verdict.state, verdict.last_sequence, verdict.commands) == ("clean", 1710, 1710)
    random = Random(seed)
    for turn in range(25):
        folder = tmp_path / f"turn-{turn}"
        shutil.copytree(origin, folder)
        path = random.choice(segments(folder)[:5])
        at = random.choice([0, random.randrange(256), random.randrange(SMALL)])
        random.choice([zero, truncate, lambda p, a: flip(p, a, 1)])(path, at)
        found = verify(folder, threads=threads)
        assert (found.state, found.last_sequence, found.segment) == one_after_the_other(folder)
        assert (found.damage is not None) == (found.state == "corrupt")
        shutil.rmtree(folder)


def test_all_segments_are_checked_side_by_side(tmp_path: Path, seed: int) -> None:
    """The reader behind them has only the end of the last one to look at."""
    written(tmp_path, seed, [400, 400, 400, 400])
    found = sound_beginning(RealFolder(tmp_path), True, None, 2, None)
    assert found is not None
    assert (found.number, found.last, found.wrong) == (4, 1_600, "")
    data = bytearray(segments(tmp_path)[2].read_bytes())
    data[BLOCK + 5_000] ^= 1
    segments(tmp_path)[2].write_bytes(data)
    found = sound_beginning(RealFolder(tmp_path), True, None, 2, None)
    assert found is not None
    assert (found.number, found.last, found.bytes) == (3, 800, BLOCK)


def test_swapped_or_missing_segments_are_found_side_by_side(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [400, 400, 400, 400, 400])
    one, other = segments(tmp_path)[1:3]
    one.rename(tmp_path / "aside")
    other.rename(one)
    (tmp_path / "aside").rename(other)
    verdict = verify(tmp_path)
    assert (verdict.state, verdict.segment, verdict.last_sequence) == ("corrupt", one.name, 400)
    other.unlink()
    one.unlink()
    verdict = verify(tmp_path)
    assert (verdict.state, verdict.segment, verdict.last_sequence) == ("corrupt", one.name, 400)
    assert "a segment that is missing, before 00000004.segment, where command 401" in verdict.what


def test_a_scan_counts_what_is_in_a_segment(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [10, 20, 30])
    scan = scan_segment(tmp_path, 1)
    assert scan is not None
    assert (scan.commands, scan.batches, scan.last) == (60, 3, 60)
    assert scan.bytes == BLOCK + sum(map(batch_bytes, [10, 20, 30]))
    assert scan.wrong == ""


def test_epochs_stand_in_every_batch_and_never_go_down(tmp_path: Path, seed: int) -> None:
    for epoch in (3, 3, 7):
        with Scribe(tmp_path, epoch=epoch) as scribe:
            scribe.write(commands_of(seed, scribe.ring.cursor + 1, 20))
    data = segments(tmp_path)[0].read_bytes()
    at, epochs = BLOCK, []
    while (batch := np.frombuffer(data, BATCH, 1, at)[0])["count"]:
        epochs.append(int(batch["epoch"]))
        at += batch_bytes(int(batch["count"]))
    assert epochs == [3, 3, 7]
    with pytest.raises(JournalError, match="epoch 6 is over: the journal has come to 7"):
        Scribe(tmp_path, epoch=6)


def test_the_name_of_a_journal_is_kept_and_checked(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, [400, 400], cluster=CLUSTER)
    with Scribe(tmp_path) as scribe:
        scribe.write(commands_of(seed, 801, 400))
    names = {np.fromfile(path, SEGMENT, 1)[0]["cluster"].tobytes() for path in segments(tmp_path)}
    assert names - {bytes(16)} == {CLUSTER}
    with (
        Journal(tmp_path, cluster=bytes(16).replace(b"\0", b"x")) as journal,
        pytest.raises(JournalError, match=f"is the journal {CLUSTER.hex()}, not "),
    ):
        list(journal.replay())


def test_a_recycled_segment_is_renamed_and_serves_again(tmp_path: Path, seed: int) -> None:
    """Its old bytes stay behind its first block; a restart is not confused by them."""
    folder = RealFolder(tmp_path)
    expected = written(tmp_path, seed, [400, 400]).tobytes()
    shutil.copy(segments(tmp_path)[0], tmp_path / "aside")
    inode = (tmp_path / "aside").stat().st_ino
    (tmp_path / "aside").rename(tmp_path / segment_name(90))
    recycle(folder, 90)
    assert free_segment(folder, SMALL) == "00000090.free"
    for _ in range(3):
        with Scribe(tmp_path) as scribe:
            assert scribe.found.tobytes() == expected
            commands = commands_of(seed, scribe.ring.cursor + 1, 400)
            scribe.write(commands[:300])
            scribe.write(commands[300:])
            expected += commands.tobytes()
    again = [path for path in segments(tmp_path) if path.stat().st_ino == inode]
    assert len(again) == 1
    assert np.fromfile(again[0], SEGMENT, 1)[0]["recycled"] == 1
    assert verify(tmp_path).state == "clean"
    with pytest.raises(JournalError, match="is not there"):
        recycle(folder, 91)


def test_a_file_of_another_size_is_not_recycled(tmp_path: Path) -> None:
    (tmp_path / "00000001.free").write_bytes(bytes(SMALL - 1))
    assert free_segment(RealFolder(tmp_path), SMALL) == ""


def test_the_probe_chooses_a_mode_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    mode, why = choose_mode(tmp_path)
    assert mode in MODES
    assert why.startswith(f"{mode}: ")
    assert list(tmp_path.iterdir()) == []
    with Journal(tmp_path) as journal:
        assert journal.chosen.startswith(f"{journal.mode}: ")


def test_format_1_is_refused_by_name(tmp_path: Path, seed: int) -> None:
    """It was never released."""
    written(tmp_path, seed, [3])
    data = bytearray(segments(tmp_path)[0].read_bytes())
    data[4:8] = (1).to_bytes(4, "little")
    data[16:BLOCK] = bytes(BLOCK - 16)
    data[:4] = crc(bytes(data[4:128])).to_bytes(4, "little")
    segments(tmp_path)[0].write_bytes(data)
    with pytest.raises(JournalError, match="format 1; this program reads format 2"):
        read_all(tmp_path)


def test_f29_a_command_out_of_its_number_stops_the_journaler_and_is_never_written(
    tmp_path: Path, seed: int
) -> None:
    """It could not be read again. The ring numbers commands; a slot nobody wrote tells here."""
    commands = commands_of(seed, 1, 10)
    commands["sequence"][4] = 99
    with Scribe(tmp_path) as scribe:
        scribe.ring.publish_array(commands)
        assert (scribe.agent.do_work(), scribe.position.value) == (-1, 0)
        assert scribe.agent.error is not None
        assert scribe.agent.error.errno == errno.EBADMSG
    assert len(read_all(tmp_path)) == 0


def test_what_a_forged_journal_says_of_its_commands_is_checked(tmp_path: Path, seed: int) -> None:
    """All checksums and hashes are right; the fifth command says that it is another."""
    written(tmp_path, seed, [10])
    path = segments(tmp_path)[0]
    data = bytearray(path.read_bytes())
    at = BLOCK
    data[at + 128 + 4 * 128] ^= 64
    body = bytes(data[at + 128 : at + 128 + 10 * 128])
    data[at + 12 : at + 16] = crc(body).to_bytes(4, "little")
    data[at + 64 : at + 96] = hashlib.sha256(body + data[at + 16 : at + 64]).digest()
    data[at + 8 : at + 12] = crc(bytes(data[at + 12 : at + 128])).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(JournalCorrupt, match="whose commands are not numbered one by one"):
        read_all(tmp_path)
