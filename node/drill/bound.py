"""`python -m node.drill.bound PARENT ARGUMENTS`: that Python, killed as soon as its parent is gone.

A drill that is killed cannot end its nodes, and one that stands still could not even be asked to.
Linux ends a process with the *thread* that started it, so this is for what a main thread starts.
Elsewhere nothing is bound to anything.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG; what is set stays set for the program that comes in our place."""


def main() -> None:
    parent, arguments = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it was quicker
            sys.exit(1)
    os.execv(sys.executable, [sys.executable, *arguments])


if __name__ == "__main__":
    main()
