"""Between control logic that never waits and a witness that may take seconds to answer.

    keeper.request("renew", mine)
    …
    for answer in keeper.poll():   # answer.action, answer.sent_ns, answer.result

A lease counts from before the request left, so the answer says when that was.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from replicator.witness import Lost, Record, Unavailable, Witness

Clock = Callable[[], int]
"""Monotonic nanoseconds, the same that the leases are reckoned by."""

ACTIONS = frozenset({"read", "take", "renew", "set_in_sync", "release"})


@dataclass(frozen=True)
class Answer:
    """What became of a request. sent_ns: the time before the witness was asked."""

    action: str
    sent_ns: int
    result: Record | Lost | Unavailable


class Keeper(Protocol):
    """Requests are answered one by one, in order."""

    def request(self, action: str, *args: Any) -> None:
        """`read`, `take`, `renew`, `set_in_sync` or `release`, with what Witness wants."""

    def poll(self) -> list[Answer]:
        """What was answered since the last call. Raises what the witness raised against its
        promises: then something is wrong with the program, not with the witness."""


def ask(witness: Witness, action: str, args: tuple[Any, ...], clock: Clock) -> Answer:
    sent = clock()
    result: Record | Lost | Unavailable
    try:
        result = getattr(witness, action)(*args)
    except (Lost, Unavailable) as problem:
        result = problem
    return Answer(action, sent, result)


class ThreadKeeper:
    """Asks on a thread of its own, which `close` ends, with the witness."""

    def __init__(self, witness: Witness, clock: Clock = time.monotonic_ns) -> None:
        self._witness = witness
        self._clock = clock
        self._requests: queue.SimpleQueue[tuple[str, tuple[Any, ...]] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self._thread.start()

    def request(self, action: str, *args: Any) -> None:
        check(action)
        if self._closing:
            raise RuntimeError("the keeper of the witness is closed")
        self._requests.put((action, args))

    def poll(self) -> list[Answer]:
        answers = []
        while not self._answers.empty():
            answer = self._answers.get_nowait()
            if isinstance(answer, Exception):
                raise answer
            answers.append(answer)
        return answers

    def close(self, seconds: float = 10.0) -> None:
        """What has not been asked yet is not asked any more. The thread is waited for that long."""
        self._closing = True
        self._requests.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (request := self._requests.get()) is not None and not self._closing:
            try:
                self._answers.put(ask(self._witness, *request, self._clock))
            except Exception as error:
                self._answers.put(error)
        self._witness.close()


class InlineKeeper:
    """The same without a thread, for simulations: everything happens in `poll`.

    way_there, way_back: nanoseconds that a request and its answer are under way, asked for each.
    A request is sent when it is made, as if the thread were always free.
    """

    def __init__(
        self,
        witness: Witness,
        clock: Clock,
        way_there: Callable[[], int] = lambda: 0,
        way_back: Callable[[], int] = lambda: 0,
    ) -> None:
        self._witness = witness
        self._clock = clock
        self._way_there = way_there
        self._way_back = way_back
        self._requests: list[tuple[int, int, str, tuple[Any, ...]]] = []
        self._answers: list[tuple[int, Answer]] = []

    def request(self, action: str, *args: Any) -> None:
        check(action)
        sent = self._clock()
        self._requests.append((sent + self._way_there(), sent, action, args))

    def poll(self) -> list[Answer]:
        now = self._clock()
        arrived = [request for request in self._requests if request[0] <= now]
        self._requests = [request for request in self._requests if request[0] > now]
        for _, sent, action, args in arrived:
            answer = Answer(action, sent, ask(self._witness, action, args, self._clock).result)
            self._answers.append((now + self._way_back(), answer))
        ready = [answer for when, answer in self._answers if when <= now]
        self._answers = [item for item in self._answers if item[0] > now]
        return ready

    def close(self) -> None:
        self._witness.close()


def check(action: str) -> None:
    if action not in ACTIONS:
        raise ValueError(f"a witness is not asked for {action!r}; {', '.join(sorted(ACTIONS))}")
