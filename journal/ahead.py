"""Reading a journal on one core while another uses what was read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import numpy as np

from journal.folder import Bytes
from journal.reader import NO_LIMIT, READ_BYTES, Commands, Reader

BUFFERS = 3
"""One that is used, one that is ready, one that is being filled."""

Found = Commands | BaseException


def read_ahead(reader: Reader, last: int = NO_LIMIT) -> Iterator[Commands]:
    """What `reader.batches(last)` gives, read, decrypted and checked by a thread meanwhile.

    Each array is valid until the next one. While this goes on `reader` stands where the thread
    is; at the end, and where an exception comes out, where the last array ended. Raises as `read`
    does, behind the commands that were good.
    """
    free: SimpleQueue[Bytes | None] = SimpleQueue()
    found: SimpleQueue[tuple[Bytes, Found]] = SimpleQueue()
    for _ in range(BUFFERS):
        free.put(np.empty(READ_BYTES, np.uint8))
    ended = threading.Event()
    thread = threading.Thread(
        target=_read, args=(reader, last, free, found, ended), name="read ahead"
    )
    thread.start()
    try:
        while True:
            buffer, commands = found.get()
            if isinstance(commands, BaseException):
                raise commands
            if not len(commands):
                return
            yield commands
            free.put(buffer)
    finally:
        ended.set()
        free.put(None)
        thread.join()


def _read(
    reader: Reader,
    last: int,
    free: SimpleQueue[Bytes | None],
    found: SimpleQueue[tuple[Bytes, Found]],
    ended: threading.Event,
) -> None:
    """The thread: until the end, an error, or until nobody wants more."""
    while (buffer := free.get()) is not None and not ended.is_set():
        try:
            commands = reader.read(last, buffer)
        except BaseException as error:
            found.put((buffer, error))
            return
        found.put((buffer, commands))
        if not len(commands):
            return
