"""Real Aeron to another process, which is killed and comes back."""

import contextlib
import shutil
import uuid
from pathlib import Path

import pytest

from replicator.aeron import MediaDriver
from tests.replicator.nodes import End, free_port, receive, send, start_peer, udp, until


@pytest.fixture
def folder():
    prefix = f"lmax-test-{uuid.uuid4().hex[:12]}"
    yield Path("/dev/shm", prefix)
    for left in Path("/dev/shm").glob(f"{prefix}*"):  # of killed processes
        with contextlib.suppress(NotADirectoryError):
            shutil.rmtree(left)
        left.unlink(missing_ok=True)


@pytest.fixture
def peers():
    """Starts processes, and kills those that are left."""
    started = []

    def start(*arguments, **options):
        started.append(start_peer(*arguments, **options))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def answers(end, message):
    """Sends, again if it was lost, until the other process has sent that back."""

    def answered():
        end.channel.send(message)
        return end.channel.receive() == message

    until(answered, end)


def test_a_peer_that_is_killed_and_comes_back_is_connected_to_the_same_channel(folder, peers):
    here, there = free_port(), free_port()
    out, back = (udp(there), 1018), (udp(here), 1033)
    with End(f"{folder}-a", out, back) as end:
        for life in range(3):
            peer = peers(f"{folder}-b", back, out)
            answers(end, f"life {life}".encode() * 10_000)
            peer.kill()
            peer.wait()
            if life == 1:
                until(lambda: not end.channel.connected, end)
                assert end.channel.send(b"nobody there") == -1
        assert end.client.replaced == 0


def test_a_peer_that_is_killed_with_messages_on_their_way_is_seen_to_be_gone(folder, peers):
    """Its closed port refuses datagrams; the sender looks at the time all the same."""
    here, there = free_port(), free_port()
    out, back = (udp(there), 1018), (udp(here), 1033)
    with End(f"{folder}-a", out, back) as end:
        peer = peers(f"{folder}-b", back, out)
        answers(end, b"there")
        peer.kill()
        peer.wait()
        for _ in range(100):
            end.channel.send(bytes(1_300))
        until(lambda: not end.channel.connected, end)


def test_two_processes_share_a_drivers_directory(folder, peers):
    """Over IPC, also after the one that does not own the driver was killed."""
    out, back = ("aeron:ipc", 1018), ("aeron:ipc", 1033)
    with End(folder, out, back, client_timeout=0.5) as end:
        for life in range(2):
            peer = peers(folder, back, out, driver=False)
            answers(end, f"life {life}".encode() * 10_000)
            peer.kill()
            peer.wait()
            until(lambda: not end.channel.connected, end)


def test_a_client_outlives_the_process_with_the_driver(folder, peers):
    out, back = ("aeron:ipc", 1018), ("aeron:ipc", 1033)
    peer = peers(folder, back, out)
    until(lambda: (folder / "cnc.dat").exists())
    with End(folder, out, back, driver=False, driver_timeout=1.0) as end:
        answers(end, b"first life")
        peer.kill()
        peer.wait()
        peers(folder, back, out)
        answers(end, b"second life")
        assert end.client.replaced == 1


def test_what_a_killed_driver_left_is_deleted_when_it_comes_back(folder, peers):
    port = free_port()
    peer = peers(folder, (udp(port), 1), (udp(port), 1))
    until(lambda: list(folder.glob("publications/*")))
    peer.kill()
    peer.wait()
    left = list(folder.glob("publications/*"))
    assert left
    with MediaDriver(folder):
        assert [path for path in left if path.exists()] == []


def test_messages_to_another_process_come_back_in_order(folder, peers):
    here, there = free_port(), free_port()
    out, back = (udp(there), 1018), (udp(here), 1033)
    with End(f"{folder}-a", out, back, mtu=8192) as end:
        peers(f"{folder}-b", back, out, mtu=8192)
        answers(end, b"there")
        until(lambda: end.channel.receive() is None, end)
        for number in range(300):
            send(end.channel, number.to_bytes(4, "little") * (1 + number * 13), end)
            message = receive(end.channel, end)
            while message == b"there":
                message = receive(end.channel, end)
            assert message == number.to_bytes(4, "little") * (1 + number * 13)
