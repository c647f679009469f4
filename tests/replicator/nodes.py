"""Two ends of a link for the tests, in this process or another.

Run as a program it is the other end: it sends every message back that it receives, until killed.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lmax.ringbuffer.agent import AgentBase
from replicator.aeron import AeronChannel, AeronClient, MediaDriver
from replicator.channel import ChannelBase

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 60.0


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def udp(port: int) -> str:
    return f"aeron:udp?endpoint=127.0.0.1:{port}"


class End:
    """A client and a channel, with a driver of their own unless they use that in `directory`."""

    def __init__(self, directory, out, into, *, driver=True, driver_timeout=5.0, **options):
        with ExitStack() as stack:
            self.agents: list[AgentBase] = []
            self.driver = None
            if driver:
                self.driver = stack.enter_context(MediaDriver(directory, **options))
                self.agents.append(self.driver)
            self.client = stack.enter_context(
                AeronClient(self.driver or directory, driver_timeout=driver_timeout)
            )
            self.agents.append(self.client)
            self.channel = stack.enter_context(AeronChannel(self.client, *out, *into))
            self._closing = stack.pop_all()

    def pump(self):
        for agent in self.agents:
            agent.do_work()

    def close(self):
        self._closing.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()


def until(condition, *ends: End, seconds=DEADLINE) -> Any:
    """Calls the ends' agents until the condition holds; what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        for end in ends:
            end.pump()
        if time.monotonic() > deadline:
            told = [(end.client.error, end.channel.error) for end in ends]
            raise TimeoutError(f"{condition} did not come true in {seconds} s: {told}")
    return found


def send(channel: ChannelBase, message: bytes, *ends: End):
    until(lambda: channel.send(message) == len(message), *ends)


def receive(channel: ChannelBase, *ends: End) -> bytes:
    return until(channel.receive, *ends)


def start_peer(directory, out, into, **options) -> subprocess.Popen[bytes]:
    """The other end in another process; it is there when it first answers."""
    arguments = json.dumps([str(directory), out, into, options])
    return subprocess.Popen([sys.executable, "-m", "tests.replicator.nodes", arguments], cwd=ROOT)


def echo(end: End):
    while True:
        end.pump()
        if message := end.channel.receive():
            send(end.channel, message, end)


if __name__ == "__main__":
    directory, out, into, options = json.loads(sys.argv[1])
    with End(directory, out, into, **options) as here:
        echo(here)
