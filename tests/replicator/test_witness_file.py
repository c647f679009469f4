"""The witness in a file: kills, crashes at every step, damage, and who holds the lock."""

import contextlib
import fcntl
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from replicator.witness import Record, Unavailable
from replicator.witness_file import FileWitness

RENEWS = """
import sys
from replicator.witness_file import FileWitness
witness = FileWitness(sys.argv[1], timeout=30)
mine = witness.read()
mine = witness.take(mine, "a")
while True:
    mine = witness.renew(mine)
    print(mine.renewals, flush=True)
"""


class Crash(BaseException):
    """The process ends here."""


def begun(path: Path) -> tuple[FileWitness, Record]:
    witness = FileWitness(path)
    return witness, witness.take(witness.read(), "a")


def test_a_killed_process_leaves_what_it_was_told_is_done(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "witness"
    for epoch in range(1, 6):
        command = [sys.executable, "-c", RENEWS, str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        time.sleep(chance.random() * 0.05)
        process.kill()
        lines += process.stdout.read().splitlines(keepends=True)
        process.wait()
        told = [int(line) for line in lines if line.endswith(b"\n")]
        record = FileWitness(path).read()
        assert (record.epoch, record.leader) == (epoch, "a")
        assert record.renewals in (told[-1], told[-1] + 1)


@pytest.mark.parametrize("first", [True, False])
def test_a_crash_at_any_step_leaves_the_old_record_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """And the next one goes on."""
    outcomes = set()
    for step in range(20):
        path = tmp_path / str(step)
        witness = FileWitness(path)
        old = witness.read() if first else witness.take(witness.read(), "a")
        with monkeypatch.context() as patches:
            counted = crash_at(step, patches)
            with contextlib.suppress(Crash):
                witness.take(old, "a")
        now = FileWitness(path).read()
        outcomes.add(now.epoch - old.epoch)
        assert (now == old) or (now.epoch, now.leader) == (old.epoch + 1, "a")
        assert FileWitness(path).take(now, "a").epoch == now.epoch + 1
        if counted[0] <= step:
            break
    else:
        raise AssertionError("there are more steps")
    assert outcomes == {0, 1}
    assert step == (5 if first else 3)


def crash_at(step: int, patches: pytest.MonkeyPatch) -> list[int]:
    """Before the call of that number; how many there were."""
    count = [0]

    def counting(name: str, real):
        def call(*args, **options):
            if count[0] == step:
                count[0] += 1
                raise Crash(name)
            count[0] += 1
            return real(*args, **options)

        return call

    for name in ("fsync", "write"):
        patches.setattr(os, name, counting(name, getattr(os, name)))
    patches.setattr(Path, "rename", counting("rename", Path.rename))
    return count


def test_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "witness"
    witness, mine = begun(path)
    data = path.read_bytes()
    damaged = [data[:at] for at in range(len(data))]
    damaged += [data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :] for at in range(len(data))]
    damaged += [b"[]", b"{}", b"null", b'{"record": 1, "sha256": 2}', b"[" * 10_000]
    for bad in damaged:
        path.write_bytes(bad)
        for ask in (witness.read, lambda: witness.renew(mine)):
            with pytest.raises(Unavailable, match=r"cannot be used: .* Nothing was changed"):
                ask()
        assert path.read_bytes() == bad
    path.write_bytes(data)
    assert witness.read() == mine


def test_a_record_of_a_newer_version_is_left_alone(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "witness"
    with monkeypatch.context() as patches:
        patches.setattr("replicator.witness_record.FORMAT", 2)
        begun(path)
    with pytest.raises(Unavailable, match="its format 2 is not the 1 of this version"):
        FileWitness(path).read()


def test_a_record_that_is_gone_is_no_new_cluster(tmp_path: Path) -> None:
    path = tmp_path / "witness"
    witness, mine = begun(path)
    path.unlink()
    with pytest.raises(Unavailable, match="is gone, though the cluster has begun"):
        witness.read()
    with pytest.raises(Unavailable, match=r"delete .*witness\.lock"):
        witness.renew(mine)
    (tmp_path / "witness.lock").unlink()
    assert witness.read().epoch == 0


def test_an_old_copy_is_another_record(tmp_path: Path) -> None:
    """Even one that says the same: no change is made on top of what somebody else wrote."""
    path = tmp_path / "witness"
    one, mine = begun(path)
    path.unlink()
    (tmp_path / "witness.lock").unlink()
    _, other = begun(path)
    assert (mine.epoch, mine.leader, mine.renewals) == (other.epoch, other.leader, other.renewals)
    assert mine != other
    assert one.read() == other


def test_a_held_lock_ends_in_a_message_and_not_in_a_wait_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "witness"
    begun(path)
    with (tmp_path / "witness.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match=r"another process holds .*witness\.lock"):
            FileWitness(path, timeout=0.05).read()
    assert FileWitness(path).read().epoch == 1


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be used: No such file or directory"):
        FileWitness(tmp_path / "none" / "witness").read()


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness, mine = begun(tmp_path / "witness")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patches:
        patches.setattr(os, "fsync", full)
        with pytest.raises(Unavailable, match="No space left on device"):
            witness.renew(mine)
    assert witness.renew(mine).renewals == 1
