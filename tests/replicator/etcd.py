"""A real etcd, of one member or several, over a folder: killed, stopped and started again."""

import contextlib
import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.servers import ETCD, free_port, needed, running

DEADLINE = 60


class Member:
    """One server. `up` runs it until the end of the block, or until it is killed."""

    def __init__(self, folder: Path, name: str = "one", options: tuple[str, ...] = ()) -> None:
        self.folder, self.name, self.options = folder, name, options
        self.port, self.peer_port = free_port(), free_port()
        self.scheme = "https" if "--cert-file" in options else "http"
        self.peers: list[Member] = [self]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def peer_url(self) -> str:
        return f"http://127.0.0.1:{self.peer_port}"

    def command(self) -> list[str]:
        cluster = ",".join(f"{peer.name}={peer.peer_url}" for peer in self.peers)
        client = f"{self.scheme}://{self.host}"
        return [
            *[str(needed(ETCD)), "--name", self.name, "--data-dir", str(self.folder / self.name)],
            *["--listen-client-urls", client, "--advertise-client-urls", client],
            *["--listen-peer-urls", self.peer_url, "--initial-advertise-peer-urls", self.peer_url],
            *["--initial-cluster", cluster, "--initial-cluster-token", self.folder.name],
            *self.options,
        ]

    @contextlib.contextmanager
    def up(self, *, ready: bool = True) -> Iterator[None]:
        """ready: wait until it answers reads, by a majority."""
        log = self.folder / f"{self.name}.log"
        with running(self.command(), self.port, log, {}) as process:
            self.process = process
            if ready and self.scheme == "http":
                self.wait_until_ready()
            yield

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while True:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"http://{self.host}/health", timeout=5) as answer,
            ):
                if json.load(answer)["health"] == "true":
                    return
            assert time.monotonic() < deadline, (self.folder / f"{self.name}.log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def post(self, path: str, question: dict[str, object]) -> dict[str, object]:
        request = urllib.request.Request(
            f"http://{self.host}{path}", json.dumps(question).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return json.load(answer)


def members(folder: Path, names: tuple[str, ...]) -> list[Member]:
    """Of one cluster."""
    made = [Member(folder, name) for name in names]
    for member in made:
        member.peers = made
    return made
