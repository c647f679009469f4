"""``python -m tests``: the whole suite, as ``make test`` runs it.

First everything that can share the machine, on two workers; then, alone, the tests marked
``serial``, whose measurements a neighbour would spoil. Arguments go to pytest. The last line
is the sum of both.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

NO_TESTS = 5
PHASES = [
    ["-n", "2", "--dist", "loadgroup", "-m", "not serial"],
    ["-n", "0", "-m", "serial"],
]


def main(arguments: list[str]) -> int:
    """Run both phases; 0 if every test passed and, in CI, none was left out."""
    started = time.monotonic()
    counts: Counter[str] = Counter()
    left_out: list[str] = []
    codes = set()
    for phase in PHASES:
        code, totals = run(phase + arguments)
        codes.add(code)
        counts.update(totals["counts"])
        left_out += totals["left_out"]
    print(f"\n{time.monotonic() - started:.0f} s in all", flush=True)
    for line in left_out or ["nothing"]:
        print(f"left out: {line}")
    if left_out and os.environ.get("CI"):
        print("this counts as a failure, because CI is set")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    if codes == {NO_TESTS}:
        return NO_TESTS
    return max(codes - {NO_TESTS})


def run(arguments: list[str]) -> tuple[int, dict]:
    """One pytest process: its exit code, and the totals that tests/conftest.py counted."""
    with tempfile.TemporaryDirectory(prefix="lmax-tests-") as folder:
        totals = Path(folder, "totals.json")
        environment = os.environ | {"LMAX_TEST_TOTALS": str(totals)}
        code = subprocess.call([sys.executable, "-m", "pytest", *arguments], env=environment)
        if totals.exists():
            return code, json.loads(totals.read_text())
    return code or 1, {"counts": {}, "left_out": []}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
