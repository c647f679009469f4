"""A process that takes epochs as fast as it can: `python -m tests.replicator.racing`.

Arguments: the witness's address, a name, all names (commas between), the epoch to end at. It prints
each epoch that it was granted.
"""

import sys

from replicator.witness import Lost, Unavailable
from replicator.witness_address import open_witness


def race(address: str, node: str, everybody: frozenset[str], last: int) -> None:
    witness = open_witness(address)
    while (seen := witness.read()).epoch < last:
        if seen.epoch and node not in seen.in_sync:
            continue
        try:
            taken = witness.take(seen, node)
            print(taken.epoch, flush=True)
            witness.set_in_sync(taken, everybody)
        except (Lost, Unavailable):
            continue


if __name__ == "__main__":
    race(sys.argv[1], sys.argv[2], frozenset(sys.argv[3].split(",")), int(sys.argv[4]))
