"""No key and nonce meet twice: over lives, kills, restored copies, damage and recycled files."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal._scan import batch_at
from journal.errors import JournalCorrupt
from journal.keys import Keys
from journal.maker import FREE
from journal.reader import read_header
from journal.schema import BATCH
from tests.journal.test_damage import flip
from tests.journal.writing import BLOCK, Scribe, commands_of, read_all, segments

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = int(os.environ.get("LMAX_KILL_ROUNDS", "5"))
KEYS = Keys({1: bytes(range(32))}, 1)


class NonceReused(AssertionError):
    """Two texts were encrypted with one key and nonce."""


class Witness:
    """Looks at all files of all moments: every tag that was ever made with a key and nonce."""

    def __init__(self) -> None:
        self.tags: dict[tuple[bytes, int, int], bytes] = {}
        self.salts: set[bytes] = set()

    def look(self, folder: Path) -> None:
        """Every good batch header, whatever it stands behind, torn and forgotten ones too."""
        for path in segments(folder):
            header = read_header(folder, path.name)
            if not isinstance(header, dict) or not header["key"]:
                continue
            key = KEYS.of_segment(1, header["cluster"], header["salt"])
            self.salts.add(header["salt"])
            data = np.fromfile(path, np.uint8)
            for at in range(BLOCK, len(data), BLOCK):
                if (found := batch_at(data[at:])) and found[0] == header["generation"]:
                    self.add((key, found[0], at), data[at : at + 128])

    def add(self, nonce: tuple[bytes, int, int], header: np.ndarray) -> None:
        tag = header.view(BATCH)[0]["tag"].tobytes()
        if self.tags.setdefault(nonce, tag) != tag:
            raise NonceReused(f"generation {nonce[1]}, byte {nonce[2]}")


def live(folder: Path, seed: int, batches: int = 3) -> None:
    with Scribe(folder, keys=KEYS) as scribe:
        for _ in range(batches):
            scribe.write(commands_of(seed, scribe.ring.cursor + 1, 20))


def test_over_lives_that_end_well_torn_or_damaged(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    witness = Witness()
    for life in range(8):
        try:
            live(tmp_path, seed + life)
        except JournalCorrupt:
            break
        witness.look(tmp_path)
        used = [path for path in segments(tmp_path) if any(path.read_bytes()[:8])]
        assert len(used) == life + 1, "an encrypted journal goes on in a new segment"
        if random.random() < 0.7:  # a torn write, or damage
            flip(used[-1], BLOCK + random.choice([0, 2, 1]) * BLOCK + 200, 1)
    assert len(witness.tags) >= 3


def test_over_kill_9_of_a_loaded_process(tmp_path: Path, seed: int) -> None:
    """Each life's segments have keys that no life before had, whatever the kill left behind."""
    random = Random(seed)
    key = tmp_path / "key"
    key.write_text(f"1 {KEYS.key(1).hex()}\n")
    key.chmod(0o600)
    folder, witness, synced = tmp_path / "journal", Witness(), 0
    for turn in range(ROUNDS):
        before = set(witness.salts)
        mode = random.choice(["direct", "buffered", "uring"])
        command = [sys.executable, "-m", "tests.journal.doomed", str(folder), str(seed), mode]
        with subprocess.Popen(
            [*command, f"file:{key}"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            lines = [process.stdout.readline(), process.stdout.readline()]
            time.sleep(random.uniform(0.01, 0.2))
            process.kill()
            lines += process.stdout.read().rsplit("\n", 1)[0].splitlines()
        witness.look(folder)
        assert witness.salts - before, f"life {turn + 1} wrote with keys of an earlier one"
        synced = max([synced, *(int(line.split()[1]) for line in lines if line[:6] == "synced")])
        assert len(read_all(folder, KEYS)) >= synced > 0
    assert len(witness.salts) >= ROUNDS


def test_over_copies_that_are_restored_and_go_on_differently(tmp_path: Path, seed: int) -> None:
    """The same generation and place twice, from one beginning: the random salt keeps them apart."""
    live(tmp_path / "a", seed)
    witness = Witness()
    for copy in ("b", "c"):
        shutil.copytree(tmp_path / "a", tmp_path / copy)
        live(tmp_path / copy, seed + ord(copy))
        witness.look(tmp_path / copy)
    places = [(generation, at) for _, generation, at in witness.tags]
    assert len(places) > len(set(places)), "the copies did not come to the same places"


def test_over_files_that_are_used_again(tmp_path: Path, seed: int) -> None:
    witness = Witness()
    for life in range(4):
        live(tmp_path, seed + life)
        witness.look(tmp_path)
        # An archive would have taken it; here its commands are simply not needed any more.
        spare = tmp_path / segments(tmp_path)[0].name.replace(".segment", FREE)
        shutil.copy(segments(tmp_path)[0], spare)
    assert len(witness.salts) == 4


def test_the_witness_would_see_it(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With salts that are not random, restored copies meet: then the alarm rings."""
    monkeypatch.setattr("journal.maker.os.urandom", bytes)
    live(tmp_path / "a", seed)
    witness = Witness()
    for copy in ("b", "c"):
        shutil.copytree(tmp_path / "a", tmp_path / copy)
        live(tmp_path / copy, seed + ord(copy))
        if copy == "b":
            witness.look(tmp_path / copy)
    with pytest.raises(NonceReused):
        witness.look(tmp_path / "c")
