"""The processes of a drill: two nodes and their witness, in a folder of their own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any

from node.cluster_config import NodeConfig, load_config
from node.cluster_files import PORTS_EACH, make_cluster
from node.control_client import NobodyAnswers, ask
from node.control_loop import Refusal
from replicator.identity import make_identity

NAMES = ("a", "b")
ROOT = Path(__file__).resolve().parent.parent.parent
LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z lmax node=\S+ role=\S+ epoch=\d+ (.*)")


class DrillError(Exception):
    """The drill cannot be held, or something did not happen in time."""


class Machine:
    """Nodes of one cluster. lease_ms: of its primary; timing follows from it.

    witness: its address, "" for a file in the folder; settings: other lines of every node's file,
    as TOML has them (`{"without_standby": '"halt"'}`).
    """

    def __init__(
        self,
        folder: Path,
        *,
        lease_ms: int,
        commit: str = "replicated",
        names: Sequence[str] = NAMES,
        witness: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        made = make_cluster(
            folder,
            names,
            base_port=free_ports(len(names) * PORTS_EACH),
            witness=witness,
            make_identity=lambda file: make_identity(file).text,
        )
        self.folder = folder
        self.files = {node.name: node.config for node in made}
        self.clients = [node.clients for node in made]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        lines = {"snapshot_every": "0", "commit": f'"{commit}"', **timing_of(lease_ms)}
        for file in self.files.values():
            text = file.read_text()
            for key, value in {**lines, **(settings or {})}.items():
                text = re.sub(rf"(?m)^{key} = .*", f"{key} = {value}", text)
            file.write_text(text)

    def config(self, name: str) -> NodeConfig:
        return load_config(self.files[name])

    def journal(self, name: str) -> Path:
        return self.config(name).node.data / "journal"

    def start(self, name: str, program: Sequence[str] = ("-m", "lmax", "node")) -> None:
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *program, str(self.files[name])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def signal(self, name: str, number: int) -> None:
        self.processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        self.signal(name, signal.SIGKILL)
        self.processes.pop(name).wait()

    def status(self, name: str) -> dict[str, Any]:
        """What its control port says; {} while nobody answers."""
        try:
            return ask(self.config(name).me.control, "/status")
        except (NobodyAnswers, Refusal):
            return {}

    def demote(self, name: str) -> None:
        """Raises Refusal, NobodyAnswers."""
        ask(self.config(name).me.control, "/demote", post=True, timeout=30)

    def roles(self) -> dict[str, str]:
        return {name: self.status(name).get("role", "") for name in self.processes}

    def until(self, what: str, holds: Callable[[], bool], seconds: float) -> None:
        """Wait for that. DrillError if it does not come, or a node ends meanwhile."""
        deadline = time.monotonic() + seconds
        while not holds():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise DrillError(f"node {name} ended by itself: {self.last_words(name)}")
            if time.monotonic() > deadline:
                raise DrillError(
                    f"{what}: not within {seconds:g} s; {self.last_words(*self.files)}"
                )
            time.sleep(0.02)

    def in_sync(self) -> bool:
        """Whether one leads, and every other one could take over."""
        roles = sorted(self.roles().values())
        return roles == [*["IN_SYNC"] * (len(self.files) - 1), "PRIMARY"]

    def primary(self) -> str:
        found = [name for name, role in self.roles().items() if role == "PRIMARY"]
        if len(found) != 1:
            raise DrillError(f"there is no primary: {self.roles()}")
        return found[0]

    def last_words(self, *names: str) -> str:
        found = [self.log(name) for name in names if self.log(name).exists()]
        return " | ".join(log.read_text(errors="replace")[-300:].strip() for log in found)

    def told(self, name: str, words: str, since: float) -> float | None:
        """When that node's log said this first after `since` (seconds since 1970)."""
        for line in self.log(name).read_text(errors="replace").splitlines():
            match = LINE.fullmatch(line)
            if match and words in match[2]:
                when = datetime.fromisoformat(match[1]).replace(tzinfo=UTC).timestamp()
                if when >= since - 0.001:
                    return when
        return None

    def end(self) -> None:
        """All processes, whatever state they are in."""
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()


def timing_of(lease_ms: int) -> dict[str, object]:
    """Heartbeats and silence that go with a lease; see replicator.common.Timing."""
    silence = max(50, lease_ms * 2 // 3)
    return {
        "lease_ms": lease_ms,
        "heartbeat_ms": max(5, silence // 10),
        "silence_ms": silence,
    }


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody uses, for TCP and UDP."""
    random = SystemRandom()
    for _ in range(1000):
        base = random.randrange(15_000, 32_000 - count)
        if all(is_free(port) for port in range(base, base + count)):
            return base
    raise DrillError(f"no {count} free ports in a row")


def is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
