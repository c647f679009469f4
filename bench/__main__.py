"""``make bench``: every harness with short runs, then the single functions.

``python -m bench.NAME --help`` shows the options of each.
"""

from __future__ import annotations

import subprocess
import sys

RUNS = {
    "ring": [],
    "book": [],
    "pipeline": ["--seconds", "10"],
    "latency": ["--rates", "10000", "100000"],
}


def main() -> int:
    names = sys.argv[1:] or [*RUNS, "functions"]
    unknown = [name for name in names if name not in RUNS and name != "functions"]
    if unknown:
        known = ", ".join([*RUNS, "functions"])
        print(f"bench: no harness is called {unknown[0]}; there are {known}", file=sys.stderr)
        return 2
    for name in names:
        if name == "functions":
            command = ["-m", "pytest", "-q", "--benchmark-only", "bench", "-p", "no:xdist"]
        else:
            command = ["-m", f"bench.{name}", *RUNS[name]]
        print(f"\n=== {name}", file=sys.stderr, flush=True)
        code = subprocess.call([sys.executable, *command])
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
