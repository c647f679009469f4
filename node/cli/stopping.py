"""Ctrl-C and SIGTERM: the first asks to finish, a second one ends at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

from node.cli.exits import Exit

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TWICE_S = 0.3
"""`timeout` and some shells send one request twice in quick succession; that is one."""

SHOW_CURSOR_AND_SHELL = b"\x1b[?25h\x1b[?1049l"


class Stop:
    """Whether somebody asked us to stop. Made in the main thread.

    screen: whether a view has taken the terminal over, which an end at once must give back.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._asked_at = 0.0
        self.screen = False
        for number in SIGNALS:
            signal.signal(number, self._on_signal)

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        """As Ctrl-C does."""
        self._asked_at = time.monotonic()
        self._asked.set()

    def wait(self, seconds: float) -> bool:
        """Sleep, at most until somebody asks; whether somebody did."""
        return self._asked.wait(seconds)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self.asked:
            self.ask()
        elif time.monotonic() - self._asked_at > TWICE_S:
            # No clean-up of ours: what is synced is safe, and the database ends with us.
            if self.screen:
                os.write(1, SHOW_CURSOR_AND_SHELL)
            os.write(2, b"\nlmax: ended at once; the next start goes on from the journal\n")
            os._exit(Exit.INTERRUPTED)
