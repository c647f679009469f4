"""Single functions under pytest-benchmark: `make bench ARGS=functions`."""

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import common
from journal._scan import crc
from lmax._engine import Engine
from lmax.histogram import Histogram
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND
from node._ingress import Ingress


@pytest.fixture(scope="module")
def recorded() -> tuple[common.Commands, common.Commands]:
    return common.recording(100_000)


def test_crc_of_a_batch_of_one_mebibyte(benchmark: BenchmarkFixture) -> None:
    data = np.random.default_rng(1).bytes(1 << 20)
    benchmark(crc, data)


def test_histogram_of_ten_thousand_values(benchmark: BenchmarkFixture) -> None:
    values = np.random.default_rng(1).integers(0, 10**7, 10_000)
    histogram = Histogram()
    benchmark(histogram.record_array, values)


@pytest.mark.parametrize("count", [1, 256])
def test_offer_commands_to_the_input_ring(benchmark: BenchmarkFixture, count: int) -> None:
    ring = RingBuffer(1 << 12, dtype=COMMAND, producers="multi")
    position = RingSequence()
    ring.add_gate(position)
    ingress = Ingress(ring)
    commands = np.zeros(count, COMMAND)

    def offer() -> None:
        position.value = ingress.offer(commands)

    benchmark(offer)


def test_a_thousand_commands_through_the_engine(
    benchmark: BenchmarkFixture, recorded: tuple[common.Commands, common.Commands]
) -> None:
    setup, commands = recorded

    def fresh() -> tuple[tuple[Engine, common.Commands], dict[str, object]]:
        engine = Engine()
        start = setup.copy()
        start["sequence"] = np.arange(1, len(start) + 1)
        engine.skim(start)
        batch = commands[:1000].copy()
        batch["sequence"] = engine.sequence + np.arange(1, 1001)
        return (engine, batch), {}

    benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda engine, batch: engine.skim(batch), setup=fresh, rounds=20
    )
