"""``make bench``: every harness with short runs, then the single functions.

``python -m bench.NAME --help`` shows the options of each. After names, options replace those of
the short runs: ``make bench ARGS='latency --rates 500000 --plot latency.png'``.
"""

from __future__ import annotations

import subprocess
import sys

RUNS = {
    "ring": [],
    "book": [],
    "engine": [],
    "pipeline": ["--seconds", "10"],
    "recovery": ["--accounts", "200000", "--orders", "200000", "--rounds", "1"],
    "journal": [],
    "batches": ["--megabytes", "32", "--rounds", "2"],
    "replay": ["--commands", "1000000", "--rounds", "2"],
    "latency": ["--rates", "10000", "100000"],
    "replication": [],
    "catchup": ["--commands", "2000000"],
    "failover": ["--rounds", "5"],
}


def main() -> int:
    given = sys.argv[1:]
    first_option = next((i for i, word in enumerate(given) if word.startswith("-")), len(given))
    names, options = given[:first_option] or [*RUNS, "functions"], given[first_option:]
    unknown = [name for name in names if name not in RUNS and name != "functions"]
    if unknown:
        known = ", ".join([*RUNS, "functions"])
        print(f"bench: no harness is called {unknown[0]}; there are {known}", file=sys.stderr)
        return 2
    for name in names:
        if name == "functions":
            command = ["-m", "pytest", "-q", "--benchmark-only", "bench", "-p", "no:xdist"]
        else:
            command = ["-m", f"bench.{name}", *(options or RUNS[name])]
        print(f"\n=== {name}", file=sys.stderr, flush=True)
        code = subprocess.call([sys.executable, *command])
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
