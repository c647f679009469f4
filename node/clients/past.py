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


class Pruned(LookupError):
    """What is asked for may be in a part of the journal that is not here any more."""


def search(
    directory: Path, keys: Keys | None, wanted: Key, after: int, until: int
) -> Answer | None:
    """The newest answer to a command of that key behind `after` and not behind `until`.

    Reads the whole journal that is there, so it takes a second for some millions of commands.
    Raises Pruned where it is not among those but may have been among older ones; JournalError.
    """
    found, begun = _candidates(directory, keys, wanted, after, until)
    for sequence, command in reversed(found):
        history = History(directory, keys)
        try:
            events = history.events_after(sequence - 1, sequence)
        finally:
            history.close()
        if len(events) and not _is_double(events):
            return Answer(sequence, command, events)
    if begun > after:
        raise Pruned(f"the journal here begins behind command {begun}; older ones are elsewhere")
    return None


def _candidates(
    directory: Path, keys: Keys | None, wanted: Key, after: int, until: int
) -> tuple[list[tuple[int, bytes]], int]:
    """Sequence and bytes of each, and behind which command the journal begins."""
    found: list[tuple[int, bytes]] = []
    account, kind = wanted[1] >> 8, wanted[1] & 255
    with Reader(directory, keys=keys) as reader:
        place = begin(reader)
        for commands in reader.batches(until):
            if int(commands[-1]["sequence"]) <= after:
                continue
            near = commands[(commands["account"] == account) & (commands["type"] == kind)]
            for at in _same(near, wanted):
                sequence = int(near[at]["sequence"])
                if after < sequence <= until:
                    found.append((sequence, near[at].tobytes()))
    return found, place[0] if place else 0


def _same(commands: Records, wanted: Key) -> list[int]:
    return [at for at, found in enumerate(keys_of(commands)) if found == wanted]


def _is_double(events: Records) -> bool:
    first = events[0]
    return bool(
        first["type"] == EventType.REJECTED
        and np.uint8(first["reason"]) == Reason.DUPLICATE_CLIENT_ORDER_ID
    )
