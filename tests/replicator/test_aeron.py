"""Real Aeron between two ends in this process: messages come whole, in order, and only so many."""

import random
import time
import uuid
from pathlib import Path

import pytest

from lmax.ringbuffer.agent import AgentRunner
from replicator.aeron import AeronChannel, AeronClient, AeronError, MediaDriver
from replicator.channel import LONGEST
from tests.replicator.nodes import End, free_port, receive, send, udp, until

SIZES = [1, 2, 31, 1_375, 1_376, 1_377, 4_096, 65_536 + 128, LONGEST - 1, LONGEST]


@pytest.fixture
def folder():
    """A name for drivers' directories in shared memory, which is all gone afterwards."""
    prefix = f"lmax-test-{uuid.uuid4().hex[:12]}"
    yield Path("/dev/shm", prefix)
    assert list(Path("/dev/shm").glob(f"{prefix}*")) == []


@pytest.fixture
def pair(request, folder):
    """Two ends over UDP, connected. A parameter names the drivers' options."""
    a, b = free_port(), free_port()
    options = getattr(request, "param", {})
    out, back = (udp(b), 1018), (udp(a), 1033)
    with (
        End(f"{folder}-a", out, back, **options) as first,
        End(f"{folder}-b", back, out, **options) as second,
    ):
        until(lambda: first.channel.connected and second.channel.connected, first, second)
        yield first, second


def different(generator, size):
    return generator.randbytes(size)


@pytest.mark.parametrize(
    "pair", [{}, {"mtu": 8_192}, {"mtu": 65_504}, {"mode": "thread"}], indirect=True, ids=str
)
def test_messages_of_all_sizes_come_whole_both_ways_and_in_order(pair):
    first, second = pair
    generator = random.Random(1)
    for size in SIZES:
        for sender, receiver in [(first, second), (second, first)]:
            messages = [different(generator, size), different(generator, 7)]
            for message in messages:
                send(sender.channel, message, *pair)
            assert [receive(receiver.channel, *pair) for _ in messages] == messages
    assert first.channel.receive() is None
    assert first.channel.dropped == second.channel.dropped == 0


def test_what_is_not_taken_under_back_pressure_is_told_and_the_rest_comes_whole(pair):
    first, second = pair
    generator = random.Random(2)
    taken: list[bytes] = []
    got: list[bytes] = []
    refused = 0
    while len(taken) < 120:
        message = different(generator, generator.choice(SIZES))
        sent = first.channel.send(message)
        assert sent in (0, len(message))
        if sent:
            taken.append(message)
            continue
        refused += 1
        first.pump()
        second.pump()
        if generator.random() < 0.5 and (message := second.channel.receive()):
            got.append(message)
    got += [receive(second.channel, *pair) for _ in range(len(taken) - len(got))]
    assert got == taken
    assert refused > 0


@pytest.mark.parametrize("size", [0, LONGEST + 1])
def test_a_message_that_is_empty_or_too_long_is_refused(pair, size):
    with pytest.raises(ValueError, match=f"1 to {LONGEST} bytes, not {size}"):
        pair[0].channel.send(bytes(size))


def test_a_runner_calls_driver_and_client_on_a_thread_of_its_own(pair):
    runners = [AgentRunner(end.agents, name="link").start() for end in pair]
    first, second = pair
    try:
        for number in range(200):
            message = str(number).encode() * 50
            send(first.channel, message)
            assert receive(second.channel) == message
        # Whatever is closed while its runner goes on: the runner finds nothing to do.
        first.channel.close()
        until(lambda: not second.channel.connected)
        second.driver.close()
        second.client.close()
        assert all(runner.running for runner in runners)
    finally:
        for runner in runners:
            runner.stop()
            runner.join(60)


@pytest.mark.parametrize("order", ["dkc", "dck", "kdc", "kcd", "cdk", "ckd"])
def test_driver_client_and_channel_close_in_any_order_and_twice(folder, order):
    port = free_port()
    end = End(folder, (udp(port), 1), (udp(port), 1))
    until(lambda: end.channel.connected, end)
    send(end.channel, b"to itself", end)
    assert end.driver is not None
    parts = {"d": end.driver, "k": end.client, "c": end.channel}
    for letter in order * 2:
        parts[letter].close()  # type: ignore[attr-defined]
        end.pump()
    assert end.channel.send(b"nobody there") == -1
    assert end.channel.receive() is None
    assert not end.channel.connected
    assert end.driver.closed
    assert end.client.closed
    with pytest.raises(ValueError, match="the client is closed"):
        AeronChannel(end.client, udp(port), 1, udp(port), 1)


def test_a_channel_closed_before_it_was_complete_gives_its_port_back(folder):
    port = free_port()
    with MediaDriver(folder) as driver, AeronClient(driver) as client:
        for pumps in range(4):
            channel = AeronChannel(client, udp(port), 1, udp(port), 1)
            for _ in range(pumps):
                driver.do_work()
                client.do_work()
            channel.close()
        with End(folder, (udp(port), 1), (udp(port), 1), driver=False) as end:
            end.agents.extend([driver, client])
            until(lambda: end.channel.connected, end)


def test_a_port_in_use_is_told_and_tried_again_until_it_is_free(folder):
    port, other = free_port(), free_port()
    with End(f"{folder}-a", (udp(other), 1), (udp(port), 1)) as first:
        until(lambda: first.channel.error is None, first)
        with End(f"{folder}-b", (udp(port), 2), (udp(port), 2)) as second:
            until(lambda: second.channel.error or second.channel.connected, first, second)
            assert "Address already in use" in second.channel.error
            first.close()
            until(lambda: second.channel.connected, second)


def test_a_client_whose_driver_is_replaced_begins_anew_and_so_does_its_channel(folder):
    """As after standing still for too long, or when a driver of its own process was killed."""
    port = free_port()
    driver = MediaDriver(folder)
    with AeronClient(driver, driver_timeout=0.3) as client:
        channel = AeronChannel(client, udp(port), 1, udp(port), 1)
        agents = [driver, client]

        def connected(is_connected):
            for agent in agents:
                agent.do_work()
            return channel.connected is is_connected

        until(lambda: connected(True))
        driver.close()
        until(lambda: connected(False))
        until(lambda: client.do_work() or not client.connected)
        assert channel.send(b"nobody there") == -1
        with MediaDriver(folder) as driver:
            agents[0] = driver
            until(lambda: connected(True))
            assert client.replaced == 1
            assert channel.send(b"again") == 5
            assert until(lambda: connected(True) and channel.receive()) == b"again"


def test_ends_that_stood_still_for_longer_than_all_timeouts_are_connected_again(folder):
    """A process that was stopped, or a machine that was."""
    a, b = free_port(), free_port()
    out, back = (udp(b), 1018), (udp(a), 1033)
    options = {"driver_timeout": 0.2, "client_timeout": 0.2, "peer_timeout": 0.2}
    with (
        End(f"{folder}-a", out, back, **options) as first,
        End(f"{folder}-b", back, out, **options) as second,
    ):
        until(lambda: first.channel.connected and second.channel.connected, first, second)
        time.sleep(1.0)
        until(lambda: first.client.replaced and second.client.replaced, first, second)
        until(lambda: first.channel.connected and second.channel.connected, first, second)
        send(first.channel, b"awake", first, second)
        assert receive(second.channel, first, second) == b"awake"


def test_a_directory_has_one_driver(folder):
    with MediaDriver(folder), pytest.raises(RuntimeError, match="in use by another media driver"):
        MediaDriver(folder)


def test_a_driver_deletes_nobody_elses_files(tmp_path):
    (tmp_path / "precious").write_text("kept")
    with pytest.raises(ValueError, match="holds other files than a media driver's"):
        MediaDriver(tmp_path)
    assert (tmp_path / "precious").read_text() == "kept"


def test_only_its_user_may_look_into_a_drivers_directory(folder):
    with MediaDriver(folder) as driver:
        assert Path(driver.directory).stat().st_mode & 0o777 == 0o700


def test_options_that_aeron_refuses_are_named(folder):
    with pytest.raises(AeronError, match="cannot begin"):
        MediaDriver(folder, term_bytes=1_000)
    with pytest.raises(AeronError, match="mtuLength"):
        MediaDriver(folder, mtu=1 << 20)
    with pytest.raises(ValueError, match="mode is invoker or thread, not fibre"):
        MediaDriver(folder, mode="fibre")


def test_no_driver_is_an_error_of_the_client(folder):
    with pytest.raises(AeronError, match=f"no media driver answers in {folder}"):
        AeronClient(folder, driver_timeout=0.05)
