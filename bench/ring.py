"""``python -m bench.ring``: messages per second and hand-off latency of the ring.

The limit it is measured against runs in the same minutes on the same cores: two threads
that hand a time stamp to each other through one cache line, without any ring.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from bench import common
from bench._ring import BareLine, drain, pump, receive_stamps, send_stamps
from lmax.histogram import Histogram
from lmax.ringbuffer import RingBuffer, RingSequence, SequenceBarrier, WaitStrategy

WAITS = {"yield": WaitStrategy.YIELD, "busy": WaitStrategy.BUSY_SPIN}
ROUNDS = 5
SAMPLES = 20_000
PERCENTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9, "max": 100.0}
BATCH = 16
Nanoseconds = npt.NDArray[np.int64]


def on_cores(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Runs each job on a thread of its own, spread over the cores; their results."""
    cores = sorted(os.sched_getaffinity(0))

    def pinned(index: int, job: Callable[[], Any]) -> Any:
        os.sched_setaffinity(0, {cores[index % len(cores)]})
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        running = [pool.submit(pinned, index, job) for index, job in enumerate(jobs)]
        return [job.result() for job in running]


def throughput(options: argparse.Namespace, diamond: bool, batch: int, seconds: float) -> float:
    """Messages a second from one producer to one consumer, or through a diamond of three."""
    wait = WAITS[options.wait]
    ring = RingBuffer(options.capacity, slot_bytes=options.slot_bytes)
    last = RingSequence()
    ring.add_gate(last)
    before = [RingSequence(), RingSequence()] if diamond else []
    consumers = [
        *((SequenceBarrier(ring), sequence) for sequence in before),
        (SequenceBarrier(ring, *before), last),
    ]
    jobs: list[Callable[[], int]] = [lambda: pump(ring, batch, seconds, strategy=wait)]
    jobs += [partial(drain, barrier, own, strategy=wait) for barrier, own in consumers]
    begin = time.monotonic()
    counts = on_cores(jobs)
    elapsed = time.monotonic() - begin
    if len(set(counts)) != 1:
        raise AssertionError(f"sent {counts[0]} messages, received {counts[1:]}")
    return counts[0] / elapsed


def ring_hand_off(options: argparse.Namespace, count: int) -> Nanoseconds:
    """Nanoseconds from before the claim is published to after it is seen, one in flight."""
    wait = WAITS[options.wait]
    ring = RingBuffer(options.capacity, slot_bytes=options.slot_bytes)
    passed = RingSequence()
    ring.add_gate(passed)
    barrier = SequenceBarrier(ring)
    result: Nanoseconds = on_cores(
        [
            lambda: send_stamps(ring, passed, count, strategy=wait),
            lambda: receive_stamps(barrier, passed, count, strategy=wait),
        ]
    )[1]
    return result


def bare_hand_off(options: argparse.Namespace, count: int) -> Nanoseconds:
    """The same through one cache line."""
    wait = WAITS[options.wait]
    line = BareLine()
    result: Nanoseconds = on_cores(
        [
            lambda: line.send(count, strategy=wait),
            lambda: line.receive(count, strategy=wait),
        ]
    )[1]
    return result


def hand_offs(options: argparse.Namespace, seconds: float) -> tuple[Nanoseconds, Nanoseconds]:
    """Samples of the ring and of the bare line, in alternating short rounds for that long."""
    ring: list[Nanoseconds] = []
    bare: list[Nanoseconds] = []
    deadline = time.monotonic() + seconds
    while len(ring) < ROUNDS or time.monotonic() < deadline:
        ring.append(ring_hand_off(options, SAMPLES))
        bare.append(bare_hand_off(options, SAMPLES))
    return np.concatenate(ring), np.concatenate(bare)


def histogram_of(samples: Nanoseconds) -> Histogram:
    found = Histogram()
    found.record_array(samples)
    return found


def percentiles(samples: Nanoseconds) -> dict[str, int]:
    return {name: int(np.percentile(samples, p)) for name, p in PERCENTILES.items()}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures, as they go into the JSON object."""
    part = options.seconds / 6
    result: dict[str, Any] = {
        "wait": options.wait,
        "seconds": options.seconds,
        "cores": len(os.sched_getaffinity(0)),
        "capacity": options.capacity,
        "slot_bytes": options.slot_bytes,
        "one_to_one_per_s": int(throughput(options, False, 1, part)),
        "one_to_one_batched_per_s": int(throughput(options, False, BATCH, part)),
        "diamond_per_s": int(throughput(options, True, 1, part)),
        "diamond_batched_per_s": int(throughput(options, True, BATCH, part)),
    }
    ring, bare = hand_offs(options, 2 * part)
    result["samples"] = len(ring)
    result["handoff_ns"] = percentiles(ring)
    result["bare_handoff_ns"] = percentiles(bare)
    if options.plot:
        common.plot({"ring": histogram_of(ring), "bare": histogram_of(bare)}, options.plot)
    for name in ("p50", "p99"):
        ratio = result["handoff_ns"][name] / max(result["bare_handoff_ns"][name], 1)
        result[f"ratio_{name}"] = round(ratio, 3)
    return result


def show(result: dict[str, Any], console: Console) -> None:
    """The same for people."""
    cores = f"{result['cores']} cores, wait: {result['wait']}"
    rates = Table(title=f"Ring of {result['capacity']} × {result['slot_bytes']} bytes, {cores}")
    rates.add_column("million messages/s")
    rates.add_column("publish each", justify="right")
    rates.add_column(f"publish every {BATCH}", justify="right")
    for title, key in {
        "one producer, one consumer": "one_to_one",
        "1P3C diamond": "diamond",
    }.items():
        keys = (f"{key}_per_s", f"{key}_batched_per_s")
        rates.add_row(title, *(f"{result[k] / 1e6:.1f}" for k in keys))
    console.print(rates)
    times = Table(title=f"Hand-off, one in flight, {result['samples']} samples, clock included")
    times.add_column("ns")
    for name in PERCENTILES:
        times.add_column(name, justify="right")
    for title, key in (("ring", "handoff_ns"), ("bare cache line", "bare_handoff_ns")):
        times.add_row(title, *(f"{result[key][name]:,}" for name in PERCENTILES))
    console.print(times)
    console.print(f"ring / bare: p50 {result['ratio_p50']:.2f}, p99 {result['ratio_p99']:.2f}")


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.ring", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="for all parts together (6)")
    parser.add_argument(
        "--wait", choices=WAITS, default="yield", help="busy: only with nothing else on the cores"
    )
    parser.add_argument("--capacity", type=int, default=4096, help="slots, a power of two (4096)")
    parser.add_argument("--slot-bytes", type=int, default=128, help="a power of two (128)")
    parser.add_argument("--json", action="store_true", help="print one JSON object, last on stdout")
    common.add_plot(parser)
    options = parser.parse_args(argv)
    if not 0 < options.seconds <= 3600:
        parser.error(f"--seconds must be above 0 and at most 3600, {options.seconds} is not")
    for name in ("capacity", "slot_bytes"):
        value = getattr(options, name)
        if value < 8 or value & (value - 1):
            flag = name.replace("_", "-")
            parser.error(f"--{flag} must be a power of two of at least 8, {value} is not")
    if options.capacity < BATCH:
        parser.error(f"--capacity must be at least {BATCH}, {options.capacity} is not")
    return options


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    result = measure(options)
    show(result, Console(stderr=options.json))
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
