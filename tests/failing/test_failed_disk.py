"""F12, F13 at the node: after one failed write or sync nothing is acknowledged, and it ends.

The calls fail in a real process, on real files; those after them would succeed.
"""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from journal.replay import replayed
from tests.cli.driving import SMALL, inside, last_applied, lmax

ROOT = Path(__file__).resolve().parents[2]

EMBEDDED = """
import sys, time
from lmax import CoreFailed, Engine, JournalFailed, Unavailable
engine = Engine.open(sys.argv[1], journal_mode=sys.argv[2], layout=sys.argv[3])
known, refusals = 0, []
engine.define_instrument(1, "ONE")
engine.open_account(1)
engine.result(engine.deposit(1, 10**6))
for number in range(1, 60):
    try:
        sequence = engine.buy(1, 1, 1, 10, client_order_id=number)
        assert engine.result(sequence)[0].type.name == "ACCEPTED"
        known = sequence
    except Unavailable as refused:
        assert isinstance(refused, JournalFailed) and isinstance(refused, CoreFailed)
        refusals.append((refused.code, refused.retry, str(refused)))
assert len(refusals) > 10, refusals
assert len(set(refusals)) == 1, refusals
began = time.monotonic()
try:
    engine.close()
except CoreFailed:
    pass
assert time.monotonic() - began < 20, "it hung"
print(known, *refusals[0], sep="|")
"""

CASES = [
    ("direct", "pwrite"),
    ("buffered", "pwrite"),
    ("buffered", "fdatasync"),
    ("uring", "pwrite"),
]


def failing(shim: Path, call: str, at: str, how: int) -> dict[str, str]:
    return {"LD_PRELOAD": str(shim), "SHIM_CALL": call, "SHIM_AT": at, "SHIM_HOW": str(how)}


@pytest.mark.parametrize(("mode", "call"), CASES)
@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_f12_f13_an_embedded_engine_refuses_for_good_and_says_why(
    tmp_path: Path, shim: Path, mode: str, call: str, layout: str
) -> None:
    """The second sync would succeed, and is never asked."""
    result = subprocess.run(
        [sys.executable, "-c", EMBEDDED, str(tmp_path), mode, layout],
        cwd=ROOT,
        env={**os.environ, **failing(shim, call, "20", errno.EIO)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    known, code, retry, why = result.stdout.strip().split("|")
    assert (code, retry) == ("UNAVAILABLE", "False")
    assert why == (
        "UNAVAILABLE: the journal cannot be written any more ([Errno 5] Input/output error):"
        " nothing is accepted. Mend the disk and start again."
    )
    survived = replayed(tmp_path / "journal")
    assert 3 < int(known) <= survived.sequence


@pytest.mark.parametrize(("mode", "call"), CASES[1:])
def test_f13_a_node_whose_disk_failed_says_why_and_ends_with_its_own_code(
    tmp_path: Path, shim: Path, postgres: str, mode: str, call: str
) -> None:
    """And the next one goes on from everything that was reported."""
    data = tmp_path / "data"
    options = ["--dir", data, "--dsn", postgres, "--rate", "500", *SMALL, "--json"]
    wrong: dict[str, Any] = failing(shim, call, "60", errno.EIO)
    begun = time.monotonic()
    done = lmax("run", *options, "--for", "0", "--journal-mode", mode, **wrong)
    assert time.monotonic() - begun < 50, "it ended only when the ring was full"
    assert done.code == done.json["exit_code"] == 6
    assert "UNAVAILABLE: the journal cannot be written any more" in done.json["error"]
    assert "Mend the disk and start again." in done.errors
    reported = last_applied(done.errors)
    assert replayed(data / "journal").sequence >= reported
    assert inside("journal", "verify", data, "--json").code == 0
    again = lmax("run", *options, "--for", "0.3")
    assert (again.code, again.json["discrepancies"]) == (0, 0)
    assert again.json["recovered"] >= reported


def test_f12_a_disk_that_cannot_make_the_next_segment_ends_the_node_unless_it_is_full(
    tmp_path: Path,
) -> None:
    """A folder in its place stands for it: no error that time alone would mend."""
    script = (
        "import sys, pathlib\n"
        "from lmax import Engine, JournalFailed\n"
        "engine = Engine.open(sys.argv[1], segment_bytes=1 << 16)\n"
        "pathlib.Path(sys.argv[1], 'journal', '00000003.new').mkdir()\n"
        "try:\n"
        "    for number in range(1, 3000):\n"
        "        engine.wait(engine.open_account(number))\n"
        "except JournalFailed as failed:\n"
        "    print(number, failed)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    number, _, why = result.stdout.partition(" ")
    assert "Is a directory" in why, result.stderr
    assert replayed(tmp_path / "journal").sequence >= int(number) - 1
