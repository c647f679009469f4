"""The load of a drill: orders at a rate, and when each was answered."""

from __future__ import annotations

import bisect
import math
import threading
import time
from collections import deque

import numpy as np

from flow.commands import CASH, define_instrument, deposits, open_accounts
from lmax.records import joined
from lmax.schema import COMMAND, CommandType, OrderType, TimeInForce
from node.clients.session import Session
from node.clients.tickets import Ticket
from node.drill.machine import DrillError

ACCOUNTS = np.arange(1, 9)
INSTRUMENTS = (1, 2)
PER_SECOND = 200
"""Requests a second; each is of as many orders as the rate asks for."""

PATIENCE_S = 60.0


def setup() -> np.ndarray:
    """Each command has an id, so that it can be sent again when a connection breaks."""
    commands = joined(
        [
            *(define_instrument(number, f"S{number}") for number in INSTRUMENTS),
            open_accounts(ACCOUNTS),
            deposits(ACCOUNTS, CASH, 10**14),
            *(deposits(ACCOUNTS, number, 10**9) for number in INSTRUMENTS),
        ]
    )
    commands["client_order_id"] = 10**15 + np.arange(len(commands))
    return commands


class Load:
    """Sends until `stop`, then waits for every answer.

    acknowledged: bytes of all events of a command, by its sequence; answered: when answers came,
    seconds since 1970, in order; epochs: in which each was given; unknown: commands whose fate
    could not be found out. token: see Session.
    """

    def __init__(
        self,
        addresses: list[str],
        rate: float,
        *,
        answer_within: float = 5.0,
        first_id: int = 1,
        token: str = "",
    ) -> None:
        self.session = Session(
            addresses, token=token or None, patience=PATIENCE_S, answer_within=answer_within
        )
        self.sent = 0
        self.acknowledged: dict[int, bytes] = {}
        self.answered: list[float] = []
        self.epochs: list[int] = []
        self.unknown: list[str] = []
        self.error: BaseException | None = None
        self._size = max(1, round(rate / PER_SECOND))
        self._pause = self._size / rate
        self._next_id = first_id
        self._random = np.random.default_rng(first_id)
        self._waiting: deque[Ticket] = deque()
        self._stopping = threading.Event()
        self._sender = threading.Thread(target=self._guarded, args=(self._send,), daemon=True)
        self._reader = threading.Thread(target=self._guarded, args=(self._read,), daemon=True)

    def begin(self) -> None:
        """What an operator sends first, once for a cluster."""
        for ticket in self.session.submit(setup()):
            self.session.result(ticket, PATIENCE_S)

    def start(self) -> Load:
        self._sender.start()
        self._reader.start()
        return self

    def check(self) -> None:
        """Raises DrillError if the load ended by itself."""
        if self.error is not None:
            error = self.error
            raise DrillError(f"the load ended by itself: {type(error).__name__}: {error}")

    @property
    def epoch(self) -> int:
        """Of the last answer."""
        return self.epochs[-1] if self.epochs else 0

    def stop(self) -> None:
        """No more orders; returns when all are answered, or known to be unknown."""
        self._stopping.set()
        self._sender.join(PATIENCE_S)
        self._reader.join(2 * PATIENCE_S)
        self.session.close()
        self.check()
        told = len(self.acknowledged) + len(self.unknown)
        if self._reader.is_alive() or told != self.sent:
            raise DrillError(f"of {self.sent} orders {told} came to an end: the session is broken")

    def _guarded(self, work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:
            self.error = error
            self._stopping.set()

    def _send(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            self._waiting.extend(self.session.submit(self._orders(), timeout=PATIENCE_S))
            self.sent += self._size
            due = max(due + self._pause, time.monotonic() - 0.1)
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def _orders(self) -> np.ndarray:
        random, size = self._random, self._size
        orders = np.zeros(size, COMMAND)
        orders["type"] = CommandType.NEW_ORDER
        orders["account"] = random.choice(ACCOUNTS, size)
        orders["client_order_id"] = np.arange(self._next_id, self._next_id + size)
        orders["instrument"] = random.choice(INSTRUMENTS, size)
        orders["side"] = random.integers(0, 2, size)
        orders["order_type"] = OrderType.LIMIT
        orders["price"] = random.integers(95, 106, size) * 100
        orders["quantity"] = random.integers(1, 20, size)
        orders["time_in_force"] = TimeInForce.DAY
        self._next_id += size
        return orders

    def _read(self) -> None:
        """In the order in which they were sent."""
        while self._waiting or self._sender.is_alive():
            if not self._waiting:
                time.sleep(0.0005)
                continue
            ticket = self._waiting.popleft()
            try:
                events = self.session.result(ticket, 2 * PATIENCE_S)
            except Exception as error:
                self.unknown.append(str(error))
                continue
            sequence = int(events[0]["sequence"])
            if sequence in self.acknowledged:
                self.unknown.append(f"two answers with the sequence {sequence}")
                continue
            self.epochs.append(ticket.epoch)
            self.answered.append(time.time())
            self.acknowledged[sequence] = events.tobytes()

    def outage(self, since: float, until: float = math.inf) -> float:
        """Seconds without an answer: the longest such time that began before `until`, and was not
        over at `since`."""
        times = np.array(self.answered)
        first = max(0, int(np.searchsorted(times, since, "right")) - 1)
        last = int(np.searchsorted(times, until, "right"))
        near = times[first : last + 1]
        return float(np.diff(near).max()) if len(near) > 1 else 0.0

    def handover(self, epoch: int, since: float) -> float:
        """Seconds from the last answer of that epoch, or of an earlier one, to the first of a later
        one that came after `since`; 0 if there was none."""
        for at in range(bisect.bisect_right(self.answered, since), len(self.epochs)):
            if self.epochs[at] > epoch:
                return self.answered[at] - self.answered[at - 1] if at else 0.0
        return 0.0

    def first_answer(self, epoch: int, since: float) -> float:
        """Seconds from `since` to the first answer of a later epoch; 0 if there was none."""
        first = bisect.bisect_right(self.answered, since)
        answers = zip(self.answered[first:], self.epochs[first:], strict=False)
        return next((when - since for when, there in answers if there > epoch), 0.0)
