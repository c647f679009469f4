"""A channel in Python is reached through the same two C functions as a real one."""

from collections import deque

import pytest

from replicator.channel import LONGEST, ChannelBase, ForeignChannel


class Loop:
    """Brings back what it took, while it has room for it."""

    def __init__(self, room=3):
        self.room = room
        self.connected = True
        self.held: deque[bytes] = deque()
        self.closed = False

    def send(self, message):
        if len(self.held) == self.room:
            return 0
        self.held.append(message)
        return len(message)

    def receive(self):
        return self.held.popleft() if self.held else None

    def close(self):
        self.closed = True


def test_messages_come_back_whole_and_in_order():
    channel = ForeignChannel(Loop())
    messages = [b"\x00", b"two", bytes(range(256)) * (LONGEST // 256)]
    assert [channel.send(message) for message in messages] == [1, 3, LONGEST]
    assert channel.send(b"more") == 0
    assert [channel.receive() for _ in range(4)] == [*messages, None]
    assert channel.connected
    assert channel.failure is None


@pytest.mark.parametrize("size", [0, LONGEST + 1])
def test_no_message_is_empty_or_longer_than_the_longest(size):
    loop = Loop()
    with pytest.raises(ValueError, match=f"1 to {LONGEST} bytes, not {size}"):
        ForeignChannel(loop).send(bytes(size))
    assert not loop.held
    loop.held.append(bytes(size))
    channel = ForeignChannel(loop)
    assert channel.receive() is None
    assert "bytes" in str(channel.failure)


def test_what_the_target_raises_is_kept_and_counts_as_nobody_there():
    class Broken:
        def send(self, message):
            raise RuntimeError("no way out")

        def receive(self):
            raise RuntimeError("no way in")

    channel = ForeignChannel(Broken())
    assert channel.send(b"lost") == -1
    assert str(channel.failure) == "no way out"
    assert channel.receive() is None
    assert str(channel.failure) == "no way in"


def test_a_target_that_took_part_of_a_message_is_wrong():
    class Partly(Loop):
        def send(self, message):
            return len(message) - 1

    channel = ForeignChannel(Partly())
    assert channel.send(b"whole") == -1
    assert "send of 5 bytes returned 4" in str(channel.failure)


def test_connected_and_close_are_those_of_the_target():
    loop = Loop()
    loop.connected = False
    channel = ForeignChannel(loop)
    assert not channel.connected
    channel.close()
    assert loop.closed


def test_a_channel_without_functions_says_so():
    with pytest.raises(TypeError, match=r"sets no channel\.send"):
        ChannelBase().send(b"x")
    with pytest.raises(TypeError, match=r"sets no channel\.receive"):
        ChannelBase().receive()
