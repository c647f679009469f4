"""A command that must never be applied, because the logic stops at it: left out by an operator.

It is in the journal and stays there. Behind it, at the journal's end, a new segment begins whose
header names it and whose first batch is one record: a command of the type 0, which no command has,
with the number of the other as `orig_client_order_id` and the reason in its body. The header is
there to be seen ahead of time; the record is in the chain of hashes. Who reads the journal gets
both as commands of type 0, and the logic refuses either with UNKNOWN_COMMAND.
"""

from __future__ import annotations

import time

import numpy as np

from journal.beginning import begin
from journal.errors import JournalError
from journal.files import Journal
from journal.reader import NO_TYPE, Commands
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND

REASON_BYTES = 64
TRIES = 1000


def write_skip(journal: Journal, sequence: int, reason: str) -> int:
    """Say in a journal that one of its commands is never applied; the sequence of the record.

    journal: just opened, with nobody else on it. When this returns it is safe. Raises
    JournalError, JournalCorrupt.
    """
    begin(journal.reader)
    last = np.zeros(1, COMMAND)
    for commands in journal.replay():
        last = commands[-1:].copy()
    if not 0 < sequence <= journal.sequence:
        raise JournalError(
            f"{journal.directory} has no command {sequence}: it ends with {journal.sequence}."
        )
    if sequence in journal.skipped:
        raise JournalError(f"command {sequence} is left out already")
    ring = RingBuffer(2, dtype=COMMAND, last=journal.sequence)
    position = RingSequence()
    ring.add_gate(position)
    journaler = journal.journaler(ring, position, start=False, skips=sequence)
    ring.publish_array(record(journal.sequence + 1, sequence, reason, int(last["timestamp"][0])))
    for _ in range(TRIES):
        journal.make_segment()
        if journal.problem or journaler.do_work() < 0:
            raise JournalError(f"nothing was written: {journal.problem or journaler.error}")
        if position.value == ring.cursor:
            return int(position.value)
    raise JournalError("nothing was written: the disk does not answer")


def record(number: int, skipped: int, reason: str, after: int) -> Commands:
    """The record itself. after: time of the command before, in ns."""
    command = np.zeros(1, COMMAND)
    command["sequence"] = number
    command["timestamp"] = max(time.time_ns(), after)
    command["type"] = NO_TYPE
    command["orig_client_order_id"] = skipped
    text = reason.encode("ascii", "replace")[:REASON_BYTES]
    command.view(np.uint8)[-REASON_BYTES : len(text) - REASON_BYTES or None] = list(text)
    return command


def reason_of(command: np.void) -> str:
    """What was said when a skip was written."""
    return command.tobytes()[-REASON_BYTES:].rstrip(b"\0").decode("ascii", "replace")
