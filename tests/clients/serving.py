"""A node with a client port until it is killed: python -m tests.clients.serving FOLDER PORT.

It says where it listens, and with `--crash N` kills itself as soon as command N is synced: then
whoever sent it has no answer.
"""

import os
import signal
import sys
import time
from pathlib import Path

from node.clients.node import LoneNode
from node.clients.server import Server
from node.core import Core
from tests.clients.nodes import SEGMENT


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    crash = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    core = Core(folder, segment_bytes=SEGMENT).start()
    server = Server(LoneNode(core), ("127.0.0.1", port)).start()
    print(server.address, flush=True)
    while True:
        if crash and core.synced.value >= crash:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.0001 if crash else 0.05)


if __name__ == "__main__":
    main()
