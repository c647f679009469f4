"""A terminal of a given size with `python -m lmax` in its foreground."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.cli.driving import COMMAND, ROOT, environment

CTRL_C = b"\x03"
TO_SCREEN, TO_SHELL = "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """What was written to it so far, and its keyboard."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self.process = process
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while chunk := os.read(self._master, 65_536):
                self._seen += chunk

    @property
    def text(self) -> str:
        return self._seen.decode("utf-8", "replace")

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def until(self, holds: Callable[[str], bool], timeout: float = 60.0) -> None:
        deadline = time.monotonic() + timeout
        while not holds(self.text):
            assert time.monotonic() < deadline, f"it was never shown:\n{self.text[-3000:]}"
            assert self.process.poll() is None, f"it ended too early:\n{self.text[-3000:]}"
            time.sleep(0.05)

    def ended(self, timeout: float = 40.0) -> int:
        code = self.process.wait(timeout)
        self._reader.join(5)
        return code


@contextmanager
def terminal(*arguments: object, width: int = 80, height: int = 24) -> Iterator[Terminal]:
    """Start it as a shell does: in a session whose terminal this is."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    variables = environment() | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    variables.pop("COLUMNS")
    variables.pop("LINES", None)
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=variables,
        cwd=ROOT,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)
