"""A process that journals until it is killed: python -m tests.journal.doomed FOLDER SEED MODE.

A fourth argument is a source of keys. It writes a line when it knows that commands are on the disk,
with the last one's sequence.
"""

import sys
from pathlib import Path
from random import Random

import numpy as np

from journal.key_sources import load_keys
from lmax.records import joined
from lmax.schema import COMMAND
from tests.journal.writing import Scribe, commands_of


def main() -> None:
    folder, seed, mode, *key = sys.argv[1:]
    random = Random()
    keys = load_keys(key[0], Path(folder)) if key else None
    with Scribe(Path(folder), mode=mode, keys=keys) as scribe:
        print(f"recovered {scribe.journal.sequence}", flush=True)
        while True:
            first = scribe.ring.cursor + 1
            scribe.write(numbered(int(seed), first, random.randint(1, 200)))
            print(f"synced {scribe.position.value}", flush=True)


def numbered(seed: int, first: int, count: int) -> np.ndarray:
    """Commands that depend on their sequence alone, not on how they were batched."""
    parts = [commands_of(seed, n, 1) for n in range(first, first + count)]
    return joined([np.empty(0, COMMAND), *parts])


if __name__ == "__main__":
    main()
