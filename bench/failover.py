"""``python -m bench.failover``: how long clients have no answer when a primary is killed.

Rounds of `lmax drill`: two nodes with a file witness on this machine, real processes, orders at a
rate, kill -9 of the primary, its return, a planned switch back. The lease is the limit in the same
run: before it is over, and a quarter more, nobody may take over, so a ratio to it says what the
rest takes. `detection_ms` runs from the kill until the standby asks for the epoch, `promotion_ms`
until it leads.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from bench import common
from node.drill.exercise import hold

ROWS = (
    "outage_ms",
    "detection_ms",
    "promotion_ms",
    "planned_ms",
    "planned_longest_ms",
    "outage_to_lease",
)


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    report = hold(
        folder / "cluster",
        rounds=options.rounds,
        fault="kill",
        role="primary",
        rate=options.rate,
        lease_ms=options.lease_ms,
        planned=True,
        commit="replicated",
        tell=lambda line: print(line, file=sys.stderr, flush=True),
    )
    found = report.as_json()
    found["outage_to_lease"] = {
        name: round(value / options.lease_ms, 2) for name, value in found["outage_ms"].items()
    }
    return found


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--rate", type=common.positive, default=10_000, help="orders a second")
    options.add_argument("--lease-ms", type=int, default=150, help="100 or more")
    chosen = options.parse_args(arguments)
    with common.scratch(chosen.dir) as folder:
        found = measured(chosen, folder)
    common.show(
        f"{found['rounds']} failovers at {chosen.rate:g} orders/s: lost {found['lost']},"
        f" twice {found['applied_twice']}, different {found['discrepancies']}",
        ["what", "p50", "p99", "max"],
        [[name, *(found[name].get(each, "") for each in ("p50", "p99", "max"))] for name in ROWS],
        found,
        chosen.json,
    )


if __name__ == "__main__":
    main()
