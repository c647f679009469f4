"""Servers that tests talk to and that no Python wheel brings, built once into `build/servers`.

``python -m tests.servers`` builds what is missing; ``make test`` does so before the first test.
What cannot be built is no failure here: tests that need it are left out, by name and with why.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.debian import DebianPackages

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "servers"
BUILD_SECONDS = 1200


@dataclass(frozen=True)
class GoServer:
    """A program of the Go module proxy, at one version.

    package: of its main function; the program's name is the last part.
    """

    package: str
    version: str

    @property
    def name(self) -> str:
        return self.package.rpartition("/")[2]

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}-{self.version}" / self.name

    def build(self) -> None:
        """Build it where it is missing. RuntimeError says why that cannot be done."""
        go = shutil.which("go")
        if go is None:
            raise RuntimeError(f"{self.name} is built with Go, which is not on PATH")
        made = FOLDER / f".{self.name}-{os.getpid()}"
        command = [go, "install", "-trimpath", "-ldflags=-s -w", f"{self.package}@{self.version}"]
        try:
            done = subprocess.run(
                command,
                cwd=FOLDER,
                env=os.environ | {"GOBIN": str(made), "CGO_ENABLED": "0"},
                capture_output=True,
                text=True,
                timeout=BUILD_SECONDS,
                check=False,
            )
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
                raise RuntimeError(f"{self.name} {self.version} cannot be built: {reason}")
            made.rename(self.path.parent)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{self.name} was not built in {BUILD_SECONDS} s") from None
        finally:
            shutil.rmtree(made, ignore_errors=True)


S3 = GoServer("github.com/versity/versitygw/cmd/versitygw", "v1.8.0")
"""S3 with versions, object lock and conditional writes, over a folder."""

SOFTHSM = DebianPackages(
    name="softhsm2",
    version="2.",
    packages=("softhsm2", "libsofthsm2"),
    folder=FOLDER / "softhsm2",
    program="usr/bin/softhsm2-util",
    library="usr/lib/softhsm/libsofthsm2.so",
    places=("/usr/lib/softhsm", "/usr/local/lib/softhsm", "/usr/lib64/pkcs11", "/usr/lib64"),
)
"""A token in software, spoken to over PKCS#11."""

ETCD = DebianPackages(
    name="etcd",
    version="3.",
    packages=("etcd-server",),
    folder=FOLDER / "etcd",
    program="usr/bin/etcd",
)
"""The witness of nodes on several machines."""

Server = GoServer | DebianPackages
SERVERS: list[Server] = [S3, SOFTHSM, ETCD]


def built(server: Server) -> Path:
    """The program, built if need be, by one process at a time. RuntimeError if that fails."""
    if not server.path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with (FOLDER / f".{server.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not server.path.exists():
                server.build()
    return server.path


def needed(server: Server) -> Path:
    """The program, or the test is left out."""
    try:
        return built(server)
    except RuntimeError as error:
        pytest.skip(str(error))


def free_port() -> int:
    """A port of this machine that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    command: list[str], port: int, log: Path, variables: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that listens on that port of 127.0.0.1, killed at the end."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=os.environ | variables, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 30
        while not listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> int:
    """Build what is missing and say what cannot be; 0 also then: its tests are left out."""
    for server in SERVERS:
        if not server.path.exists():
            print(f"Building {server.name} {server.version} for the tests", flush=True)
        try:
            built(server)
        except RuntimeError as error:
            print(f"  {error}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
