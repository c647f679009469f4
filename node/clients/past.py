"""Looking for a command further back than anybody remembers: in the journal itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from journal.beginning import begin
from journal.history import History
from journal.keys import Keys
from journal.reader import Reader
from lmax.schema import EventType, Reason
from node.clients.answers import Answer
from node.clients.keys import Key, Records, keys_of


def search(
    directory: Path, keys: Keys | None, wanted: Key, after: int, until: int
) -> Answer | None:
    """The newest answer to a command of that key behind `after` and not behind `until`.

    Reads the whole journal that is there, so it takes a second for some millions of commands.
    Raises JournalError.
    """
    for sequence, command in reversed(_candidates(directory, keys, wanted, after, until)):
        history = History(directory, keys)
        try:
            events = history.events_after(sequence - 1, sequence)
        finally:
            history.close()
        if len(events) and not _is_double(events):
            return Answer(sequence, command, events)
    return None


def _candidates(
    directory: Path, keys: Keys | None, wanted: Key, after: int, until: int
) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    account, kind = wanted[1] >> 8, wanted[1] & 255
    with Reader(directory, keys=keys) as reader:
        begin(reader)
        for commands in reader.batches(until):
            if int(commands[-1]["sequence"]) <= after:
                continue
            near = commands[(commands["account"] == account) & (commands["type"] == kind)]
            for at in _same(near, wanted):
                sequence = int(near[at]["sequence"])
                if after < sequence <= until:
                    found.append((sequence, near[at].tobytes()))
    return found


def _same(commands: Records, wanted: Key) -> list[int]:
    return [at for at, found in enumerate(keys_of(commands)) if found == wanted]


def _is_double(events: Records) -> bool:
    first = events[0]
    return bool(
        first["type"] == EventType.REJECTED
        and np.uint8(first["reason"]) == Reason.DUPLICATE_CLIENT_ORDER_ID
    )
