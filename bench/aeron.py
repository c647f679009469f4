"""``python -m bench.aeron``: what bare Aeron takes, the limit that replication is measured against.

UDP over loopback has a driver at each end, as two nodes have; over IPC both ends share one. One
thread serves everything, or one thread each end. For others: `link` makes two ends, `trips` and
`arrivals` time them.
"""

from __future__ import annotations

import argparse
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from bench._aeron import End, echo, pour, round_trips, stream, take
from lmax.ringbuffer.sequence import RingSequence
from replicator.aeron import AeronChannel, AeronClient, MediaDriver

Nanoseconds = npt.NDArray[np.int64]

SHARED_MEMORY = Path("/dev/shm")
SIZES = [256, 64 << 10]
MEDIA = {"udp mtu 1408": 1408, "udp mtu 8192": 8192, "udp mtu 65504": 65_504, "ipc": None}
"""The names of links; the number is the MTU, None is IPC."""


@contextmanager
def link(mtu: int | None) -> Iterator[tuple[End, End]]:
    """Two connected ends: over UDP on loopback with that MTU, or over IPC if it is None."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory("-lmax-bench", dir=SHARED_MEMORY)))
        if mtu is None:
            drivers = [stack.enter_context(MediaDriver(folder / "shared"))]
            uris = ["aeron:ipc", "aeron:ipc"]
        else:
            names = ["first", "second"]
            drivers = [stack.enter_context(MediaDriver(folder / name, mtu=mtu)) for name in names]
            uris = [f"aeron:udp?endpoint=127.0.0.1:{port}" for port in free_ports(2)]
        ends = []
        for number in (0, 1):
            driver = drivers[number % len(drivers)]
            client = stack.enter_context(AeronClient(driver))
            out, back = (uris[1 - number], 1_001 + number), (uris[number], 1_002 - number)
            channel = stack.enter_context(AeronChannel(client, *out, *back))
            ends.append(End(channel, [driver, client]))
        connect(ends)
        yield ends[0], ends[1]


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        ports = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
        return ports


def connect(ends: list[End]) -> None:
    deadline = time.monotonic() + 30
    while not all(end.base.connected for end in ends):
        for end in ends:
            for agent in end.agents:
                agent.do_work()
        if time.monotonic() > deadline:
            raise TimeoutError("the two ends of the link do not find each other")


def trips(ends: tuple[End, End], size: int, count: int, *, threads: int = 1) -> Nanoseconds:
    """ns there and back of each message, one in flight, after some that are not counted."""
    here, there = ends
    warm = max(16, count // 10)
    if threads == 1:
        round_trips(here, size, warm, there)
        return round_trips(here, size, count, there)
    done = RingSequence()
    with ThreadPoolExecutor(1) as other:
        answering = other.submit(echo, there, done)
        try:
            round_trips(here, size, warm)
            took = round_trips(here, size, count)
        finally:
            done.value = 1
        answering.result()
    return took


def arrivals(ends: tuple[End, End], size: int, count: int, *, threads: int = 1) -> Nanoseconds:
    """When each of `count` messages came that were sent as fast as they were taken."""
    here, there = ends
    if threads == 1:
        return stream(here, there, size, count)
    taken = RingSequence()
    with ThreadPoolExecutor(1) as other:
        pouring = other.submit(pour, here, taken, size, count)
        came = take(there, taken, count)
        pouring.result()
    return came


def rate(came: Nanoseconds) -> float:
    """Messages a second."""
    return (len(came) - 1) / max(1, int(came[-1] - came[0])) * 1e9


def measure(names: list[str], count: int) -> Iterator[list[str]]:
    """A row a link, threads and size."""
    for name in names:
        for threads in (1, 2):
            for size in SIZES:
                yield [name, str(threads), f"{size:,}", *figures(MEDIA[name], threads, size, count)]


def figures(mtu: int | None, threads: int, size: int, count: int) -> list[str]:
    if size > 4096:
        count = max(100, count // 10)
    with link(mtu) as ends:
        took = trips(ends, size, count, threads=threads)
        per_second = rate(arrivals(ends, size, 4 * count, threads=threads))
    p50, p99 = np.percentile(took, [50, 99]) / 1000
    return [f"{p50:,.1f}", f"{p99:,.1f}", f"{per_second:,.0f}", f"{per_second * size / 1e6:,.0f}"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=20_000, help="messages of each kind")
    options.add_argument("--links", nargs="+", choices=list(MEDIA), default=list(MEDIA))
    given = options.parse_args()
    table = Table("link", "threads", "bytes", "µs p50", "µs p99", "messages/s", "MB/s")
    for row in measure(given.links, given.count):
        table.add_row(*row)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
