"""A node that trades and has snapshots taken until it is killed: python -m tests.node.doomed DIR N.

It writes a line for each thousand commands, with the last sequence that is safe.
"""

import sys
from pathlib import Path

from node.core import Core
from node.snapshots import Every
from tests.node.playing import SEGMENT, market, submit_all


def main() -> None:
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    with Core(folder / "journal", segment_bytes=SEGMENT) as core:
        core.start_snapshots(Every(commands=1000))
        print(f"recovered {core.recovery.sequence} {core.recovered}", flush=True)
        while True:
            submit_all(core, market(seed + core.input.cursor, 1_000))
            core.wait_applied(core.input.cursor)
            print(f"safe {core.synced.value}", flush=True)


if __name__ == "__main__":
    main()
