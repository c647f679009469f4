"""``python -m bench.replication``: what a standby costs, beside bare Aeron and bare writes.

A primary and a standby in one process, with a journal each, Aeron between them as two nodes on one
machine have it, and frames encrypted. One command in flight: the primary's agents are stepped by
the measuring thread, the standby has a thread of its own; bare Aeron goes there and back with as
many bytes over a link of the same kind with the same two threads, in turns. With the sync too, the
limit is what takes longer, the bare round trip or a bare write. Full load: three threads on
the cores there are.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench import common
from bench._aeron import End
from bench._drive import feed
from bench._journal import raw_writes
from bench._replication import one_in_flight
from bench.aeron import link, trips
from bench.journal import RAW, raw_file
from journal.files import DEFAULT_SEGMENT_BYTES
from lmax.histogram import Histogram
from lmax.ringbuffer.agent import AgentRunner
from lmax.ringbuffer.wait import WaitStrategy
from node.core import Core
from replicator._end import LinkEnd
from replicator._receiver import ReceiverAgent
from replicator._replicator import ReplicatorAgent
from replicator._secure import SecureLink

MEDIA = {"udp": 65_504, "ipc": None}
BYTES = 296
"""A frame with one command: its head and tag, the batch's header, the command."""

TURN = 100
CLUSTER = bytes(range(16))
FOREVER = 2**62


class Pair:
    """A primary that leads epoch 1, and its standby, which is live and counted."""

    def __init__(self, folder: Path, ends: tuple[End, End]) -> None:
        cores = [
            Core(folder / name, layout="invoker", replicated=True, cluster=CLUSTER)
            for name in ("primary", "standby")
        ]
        self.primary, self.standby = cores
        keys = os.urandom(32), os.urandom(32)
        here, there = (LinkEnd(end.base) for end in ends)
        here.install(SecureLink(keys[0], keys[1], 1), pending=False)
        there.install(SecureLink(keys[1], keys[0], 1), pending=False)
        self.primary.lead(1)
        assert self.primary.sealed is not None
        assert self.standby.sealed is not None
        self.replicator = ReplicatorAgent(
            self.primary.input,
            self.primary.sealed,
            self.primary.synced,
            [here],
            epoch=1,
            permitted=self.primary.permitted,
        )
        self.replicator.lease(FOREVER)
        receiver = ReceiverAgent(
            there,
            self.standby.input,
            self.standby.sealed,
            self.standby.synced,
            self.standby.business.position,
        )
        receiver.begin(0, CLUSTER.ljust(32, b"\0"), epoch=0, leader_epoch=1)
        self.replicator.hold(0)
        self.replicator.go_live(0, 0)
        self.replicator.count(0, True)
        core = self.primary
        self.agents = [core.journaler, self.replicator, *ends[0].agents, core.business]
        others = [self.standby.journaler, receiver, *ends[1].agents, self.standby.business]
        self.runner = AgentRunner(
            [*others, self.standby.marketdata, self.standby.probe],
            name="standby",
            strategy=WaitStrategy.YIELD,
        ).start()

    def close(self) -> None:
        self.runner.stop(drain=False)
        self.runner.join()
        for core in (self.primary, self.standby):
            core.abandon()


@contextmanager
def pair(folder: Path, ends: tuple[End, End]) -> Iterator[Pair]:
    made = Pair(folder, ends)
    try:
        while made.primary.journaler.wants_segment() or made.standby.journaler.wants_segment():
            time.sleep(0.01)
        yield made
    finally:
        made.close()


def alone(folder: Path, medium: str, rounds: int) -> dict[str, Any]:
    """One command in flight, in turns with bare Aeron and bare writes."""
    received, readable = Histogram(), Histogram()
    bare: list[np.ndarray] = []
    write = Histogram()
    block = np.full(TURN, 4096, np.int64)
    with (
        link(MEDIA[medium]) as ends,
        link(MEDIA[medium]) as others,
        pair(folder, ends) as made,
        raw_file(folder) as fd,
    ):
        core, agents = made.primary, made.agents
        done = core.business.position
        for _ in range(rounds):
            one_in_flight(core.input, agents, made.replicator.acknowledged(0), done, received, TURN)
            one_in_flight(core.input, agents, done, done, readable, TURN)
            bare.append(trips(others, BYTES, TURN, threads=2))
            raw_writes(fd, block, DEFAULT_SEGMENT_BYTES, write)
    (folder / RAW).unlink()
    trip = Histogram()
    for each in np.concatenate(bare).tolist():
        trip.record(each)
    ours, all_of_it = common.percentiles(received), common.percentiles(readable)
    bare_ns, write_ns = common.percentiles(trip), common.percentiles(write)
    both = {name: max(bare_ns[name], write_ns[name]) for name in bare_ns}
    return {
        "received_ns": ours,
        "readable_ns": all_of_it,
        "bare_trip_ns": bare_ns,
        "bare_write_ns": write_ns,
        "received_ratio": common.ratios(ours, bare_ns),
        "readable_ratio": common.ratios(all_of_it, both),
    }


def full_load(folder: Path, medium: str, seconds: float) -> dict[str, Any]:
    """A ring that is never empty."""
    commands = common.recording(100_000)[1]
    with link(MEDIA[medium]) as ends, pair(folder, ends) as made:
        core = made.primary
        runner = AgentRunner(
            [*made.agents, core.marketdata, core.probe],
            name="primary",
            strategy=WaitStrategy.YIELD,
        ).start()
        feeder = threading.Thread(
            target=feed,
            args=(core.input, commands),
            kwargs={"seconds": seconds, "id_step": common.ID_STEP, "batch": 256},
        )
        began, before = time.perf_counter(), core.business.applied
        feeder.start()
        feeder.join()
        applied, took = core.business.applied - before, time.perf_counter() - began
        runner.stop(drain=False)
        runner.join()
        batches = made.replicator.counters["batches"]
    return {
        "commands_per_s": round(applied / took),
        "commands_per_message": round(applied / max(1, batches), 1),
    }


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    return {
        medium: alone(folder / f"{medium}-alone", medium, options.rounds)
        | full_load(folder / f"{medium}-full", medium, options.seconds)
        for medium in MEDIA
    }


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--rounds", type=int, default=50, help=f"turns of {TURN} commands")
    options.add_argument("--seconds", type=common.positive, default=5, help="of full load")
    chosen = options.parse_args(arguments)
    with common.scratch(chosen.dir) as folder:
        found = measured(chosen, folder)
    names = ["received_ns", "bare_trip_ns", "received_ratio", "readable_ns", "bare_write_ns"]
    names.append("readable_ratio")
    rows = [
        [medium, name, *(each[name][p] for p in ("p50", "p99"))]
        for medium, each in found.items()
        for name in names
    ]
    rows += [[medium, "commands/s", each["commands_per_s"], ""] for medium, each in found.items()]
    common.show("Replication", ["medium", "what", "p50", "p99"], rows, found, chosen.json)


if __name__ == "__main__":
    main()
