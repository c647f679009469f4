"""The processes of a drill: two nodes and their witness, in a folder of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any

from node.cluster_config import NodeConfig, load_config
from node.cluster_files import PORTS_EACH, make_cluster
from node.control_client import LOOK_S, NobodyAnswers, ask
from node.control_loop import Refusal
from node.real_member import aeron_folder
from replicator.identity import make_identity

NAMES = ("a", "b")
ROOT = Path(__file__).resolve().parent.parent.parent
LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z lmax node=\S+ role=\S+ epoch=\d+ (.*)")


class DrillError(Exception):
    """The drill cannot be held, or something did not happen in time."""


class Machine:
    """Nodes of one cluster. lease_ms: of its primary; timing follows from it.

    witness: its address, "" for a file in a folder of its own; settings: other lines of every
    node's file, as TOML has them (`{"without_standby": '"halt"'}`); base_port: 0 for
    ports that nobody uses. token: what the nodes' ports want to be shown; seen: the last role of
    each that was seen, "" of who did not answer.
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
        base_port: int = 0,
    ) -> None:
        self.folder = folder
        self.token = ""
        self.witness = folder.absolute() / "witness"
        self.witness.mkdir(parents=True, exist_ok=True)
        made = make_cluster(
            folder,
            names,
            base_port=base_port or free_ports(len(names) * PORTS_EACH),
            witness=witness or f"file:{self.witness / 'record'}",
            make_identity=lambda file: make_identity(file).text,
        )
        self.files = {node.name: node.config for node in made}
        self.clients = [node.clients for node in made]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.seen: dict[str, str] = {}
        lines = {"snapshot_every": "0", "commit": f'"{commit}"', **timing_of(lease_ms)}
        for file in self.files.values():
            text = file.read_text()
            for key, value in {**lines, **(settings or {})}.items():
                text = re.sub(rf"(?m)^{key} = .*", f"{key} = {value}", text)
            file.write_text(text)

    def feeds(self, dsn: str) -> None:
        """The ledger of all nodes; before they are started."""
        for file in self.files.values():
            line = f"ledger = {json.dumps(dsn)}\n"
            file.write_text(file.read_text().replace("[node]\n", f"[node]\n{line}", 1))

    def config(self, name: str) -> NodeConfig:
        return load_config(self.files[name])

    def journal(self, name: str) -> Path:
        return self.config(name).node.data / "journal"

    def start(self, name: str, program: Sequence[str] = ("-m", "lmax", "node")) -> None:
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*self._enter(name), *python(), *program, str(self.files[name])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            )

    def _enter(self, name: str) -> list[str]:
        """What the command of that node begins with."""
        return []

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def signal(self, name: str, number: int) -> None:
        self.processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        self.signal(name, signal.SIGKILL)
        self.processes.pop(name).wait()

    def ended(self, name: str, seconds: float) -> int:
        """The exit code of a node that ends by itself. DrillError if it does not."""
        try:
            code = self.processes[name].wait(seconds)
        except subprocess.TimeoutExpired:
            raise DrillError(
                f"node {name} does not end within {seconds:g} s: {self.last_words(name)}"
            ) from None
        del self.processes[name]
        return code

    def ask(self, name: str, path: str, **options: Any) -> dict[str, Any]:
        """What the control port of that node answers. Raises Refusal, NobodyAnswers."""
        return ask(self.config(name).me.control, path, token=self.token, **options)

    def status(self, name: str, timeout: float = LOOK_S) -> dict[str, Any]:
        """What its control port says; {} while nobody answers."""
        try:
            found = self.ask(name, "/status", timeout=timeout)
        except (NobodyAnswers, Refusal):
            found = {}
        self.seen[name] = str(found.get("role", ""))
        return found

    def state_hash(self, name: str) -> tuple[int, str]:
        """(sequence, state hash) of its last checkpoint; (0, "") while nobody answers."""
        try:
            found = self.ask(name, "/hash")
        except (NobodyAnswers, Refusal):
            return 0, ""
        return int(found["sequence"]), str(found["hash"])

    def demote(self, name: str) -> None:
        """Raises Refusal, NobodyAnswers."""
        self.ask(name, "/demote", post=True, timeout=30)

    def roles(self) -> dict[str, str]:
        return {name: self.status(name).get("role", "") for name in list(self.processes)}

    def reigns(self) -> dict[int, list[str]]:
        """Who led in each epoch, as the nodes' logs have it: one each, if all is well."""
        found: dict[int, list[str]] = {}
        for name in self.files:
            text = self.log(name).read_text(errors="replace") if self.log(name).exists() else ""
            for epoch in re.findall(r"is primary of epoch (\d+),", text):
                found.setdefault(int(epoch), []).append(name)
        return found

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
        self.end_nodes()

    def end_nodes(self) -> None:
        """An interruption ends them at once."""
        try:
            for process in self.processes.values():
                process.send_signal(signal.SIGCONT)
                process.terminate()
            deadline = time.monotonic() + 20
            for process in self.processes.values():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, deadline - time.monotonic()))
        finally:
            for process in self.processes.values():
                process.kill()
                process.wait()
            self.processes.clear()
            self._clear_memory()

    def _clear_memory(self) -> None:
        """Those that were killed have left Aeron's buffers: in memory, where there is little."""
        for name in self.files:
            folder = aeron_folder(self.config(name).node.data)
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_name(f"{folder.name}.lock").unlink(missing_ok=True)


def python() -> list[str]:
    """That of a node, which does not outlive us; see node.drill.bound."""
    if threading.current_thread() is not threading.main_thread():
        return [sys.executable]
    return [sys.executable, "-S", "-m", "node.drill.bound", str(os.getpid())]


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
