"""``python -m bench.catchup``: a standby that is millions of commands behind, beside trading.

Two real nodes on this machine. The primary holds a long journal and takes orders at a rate; the
standby begins with an empty folder. `commands_per_s` is how fast it gets what it lacks, from its
joining until acknowledgements wait for it. The limit in the same run: the same journal read and
applied by a node alone, without a network and without writing it again.

What the clients feel: single orders of a session of its own, one every 10 ms, from the intended
send time until the answer, before and meanwhile.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench import common
from bench._drive import feed
from bench.two_nodes import FOREVER
from lmax.histogram import Histogram
from node.clients.session import Session
from node.core import Core
from node.drill.load import Load, setup
from node.drill.machine import Machine

WAIT_S = 120.0
LEASE_MS = 1000
PROBE_S = 0.01
PROBE_IDS = 5 * 10**14
ORDER_IDS = 10**14
"""Beyond those of the recording."""


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def make_journal(folder: Path, cluster: bytes, commands: int) -> int:
    """One of about so many commands, of epoch 1, in batches that can be sent; how many."""
    core = Core(folder, layout="shared", replicated=True, cluster=cluster)
    try:
        core.lead(1)
        core.permitted.value = FOREVER  # no standby is waited for
        core.start()
        core.submit(setup())
        market, orders = common.recording()
        core.submit(market)
        while core.input.cursor < commands:
            feed(core.input, orders, seconds=0.2, id_step=common.ID_STEP, batch=256)
        core.wait_applied(core.input.cursor, 60)
        return core.input.cursor
    finally:
        core.stop()


def replay_alone(folder: Path, cluster: bytes) -> float:
    """Commands a second."""
    begun = time.perf_counter()
    core = Core(folder, layout="invoker", replicated=True, cluster=cluster)
    took = time.perf_counter() - begun
    applied = core.recovered
    core.abandon()
    return applied / took


def send_orders(pipe: Connection, addresses: list[str], rate: float) -> None:
    """In a process of its own, until the pipe is closed."""
    load = Load(addresses, rate, first_id=ORDER_IDS).start()
    with suppress(EOFError):
        pipe.recv()
    load.stop()


@contextmanager
def orders(addresses: list[str], rate: float) -> Iterator[None]:
    """Somebody else sends them meanwhile. RuntimeError if not all are answered."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=send_orders, args=(theirs, addresses, rate), daemon=True)
    process.start()
    theirs.close()
    try:
        yield
    finally:
        ours.close()
        process.join(WAIT_S)
    if process.exitcode != 0:
        raise RuntimeError("not every order came to its end: see above")


class Probe:
    """Single orders, from the intended send time until the answer."""

    def __init__(self, addresses: list[str]) -> None:
        self._session = Session(addresses, patience=60.0)
        self._next_id = PROBE_IDS

    def run(self, into: Histogram, until: Any) -> None:
        """Until `until()`; a probe that is late does not move the ones behind it."""
        due = time.monotonic_ns()
        while not until():
            time.sleep(max(0.0, (due - time.monotonic_ns()) / 1e9))
            order = setup()[-1:].copy()  # a deposit: it is never refused
            order["client_order_id"] = self._next_id
            self._next_id += 1
            (ticket,) = self._session.submit(order)
            self._session.result(ticket, 60.0)
            into.record(time.monotonic_ns() - due)
            due += int(PROBE_S * 1e9)

    def close(self) -> None:
        self._session.close()


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    machine = Machine(folder / "cluster", lease_ms=LEASE_MS)
    cluster = machine.config("a").cluster.id
    behind = make_journal(machine.journal("a"), cluster, options.commands)
    alone = replay_alone(machine.journal("a"), cluster)
    note(f"a journal of {behind:,} commands; alone it is read and applied at {alone:,.0f} a second")
    before, meanwhile = Histogram(), Histogram()
    try:
        machine.start("a")
        machine.until("a does not lead", lambda: bool(machine.status("a").get("takes_orders")), 60)
        with orders(machine.clients[:1], options.rate):
            times = probed(machine, options.seconds, before, meanwhile)
            machine.until("b is not in sync", machine.in_sync, WAIT_S)
        state = same_hash(machine)
    finally:
        machine.end()
    return told(options, behind, alone, times[1] - times[0], before, meanwhile) | {"hash": state}


def probed(
    machine: Machine, seconds: float, before: Histogram, meanwhile: Histogram
) -> tuple[float, float]:
    """When the standby joined, and when it was counted; seconds since 1970."""
    begun = time.time()

    def when(words: str) -> float:
        return machine.told("a", words, begun) or 0.0

    with closing(Probe(machine.clients[:1])) as probe:
        probe.run(Histogram(), within(2.0))  # the load begins
        probe.run(before, within(seconds))
        machine.start("b")
        probe.run(Histogram(), lambda: when("b joins"))  # a process begins
        probe.run(meanwhile, lambda: when("b is counted"))
    return when("b joins"), when("b is counted")


def within(seconds: float) -> Any:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def same_hash(machine: Machine) -> str:
    """That of both nodes at one sequence."""
    found: list[tuple[int, str]] = []

    def equal() -> bool:
        found[:] = [machine.state_hash(name) for name in ("a", "b")]
        return found[0] == found[1] and found[0][0] > 0

    machine.until("the nodes' states differ", equal, WAIT_S)
    return found[0][1]


def told(
    options: argparse.Namespace,
    behind: int,
    alone: float,
    took: float,
    before: Histogram,
    meanwhile: Histogram,
) -> dict[str, Any]:
    first, then = common.percentiles(before), common.percentiles(meanwhile)
    return {
        "commands_behind": behind,
        "rate": options.rate,
        "seconds": round(took, 3),
        "commands_per_s": round(behind / took),
        "alone_per_s": round(alone),
        "ratio": round(behind / took / alone, 3),
        "before_ns": first,
        "meanwhile_ns": then,
        "latency_ratio": common.ratios(then, first),
        "probes": meanwhile.count,
    }


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--commands", type=int, default=10_000_000)
    options.add_argument("--rate", type=common.positive, default=10_000, help="orders a second")
    options.add_argument(
        "--seconds", type=common.positive, default=5, help="of probes before it begins"
    )
    chosen = options.parse_args(arguments)
    with common.scratch(chosen.dir) as folder:
        found = measured(chosen, folder)
    rows = [
        ["gets what it lacks, commands/s", f"{found['commands_per_s']:,}", "", ""],
        ["read and applied alone", f"{found['alone_per_s']:,}", "", ""],
        ["ratio", found["ratio"], "", ""],
    ]
    for name, key, show in (
        ("an order before, µs", "before_ns", common.microseconds),
        ("an order meanwhile, µs", "meanwhile_ns", common.microseconds),
        ("ratio", "latency_ratio", str),
    ):
        rows.append([name, *(show(found[key][p]) for p in ("p50", "p99", "p999"))])
    common.show(
        f"A standby {found['commands_behind']:,} commands behind, {chosen.rate:g} orders/s",
        ["what", "p50", "p99", "p99.9"],
        rows,
        found,
        chosen.json,
    )


if __name__ == "__main__":
    main()
