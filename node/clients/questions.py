"""What became of a command that somebody asks about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from lmax.schema import CommandType
from node.clients.answers import Answer
from node.clients.connection import Connection
from node.clients.keys import Key, key
from node.clients.past import search
from node.clients.protocol import Ask, Code, Flag, Refused

if TYPE_CHECKING:
    from node.clients.desk import Desk


Found = Answer | None | BaseException
"""What a search came to; an exception if the journal could not be read."""


class Questions:
    """Answers from memory, else from the journal, one search at a time in a thread of its own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._searching = ThreadPoolExecutor(1, "client-search")
        self._searches = 0

    def ask(self, connection: Connection, request: int, ask: Ask) -> None:
        desk = self._desk
        refused = desk.refusal(1, connection)
        if refused is None and not ask.client_order_id:
            refused = Refused(Code.BAD_REQUEST, "client order ids start at 1", desk.node.epoch())
        if refused is not None:
            connection.refuse(request, refused)
            return
        connection.outstanding += 1
        open_ = [True]

        def close() -> bool:
            """Whether it was still open."""
            was, open_[0] = open_[0], False
            connection.outstanding -= was
            return was

        def pending() -> None:
            if close():
                text = "what was published before is not decided yet; ask again"
                connection.refuse(request, Refused(Code.PENDING, text, desk.node.epoch()))

        def known() -> None:
            if close():
                self._answer(connection, request, ask)

        desk.wait(connection, known)
        if open_[0]:
            desk.later(desk.limits.pending_s, pending)

    def _answer(self, connection: Connection, request: int, ask: Ask) -> None:
        refused = self._desk.refusal(0, connection)
        if refused is not None:
            connection.refuse(request, refused)
            return
        answers = self._desk.answers
        assert answers is not None
        for wanted in _keys(ask):
            found = answers.find(wanted, ask.after)
            if found is not None:
                self._tell(connection, request, found)
                return
        if answers.covers(ask.after):
            self._tell(connection, request, None)
            return
        self._search_all(connection, request, _keys(ask), ask.after, answers.since)

    def _search_all(
        self, connection: Connection, request: int, keys: list[Key], after: int, until: int
    ) -> None:
        def then(found: Found) -> None:
            if found is not None or len(keys) == 1:
                self._tell(connection, request, found)
            else:
                self._search_all(connection, request, keys[1:], after, until)

        if not self.search(keys[0], after, until, then):
            text = "too many searches of the journal wait; try again"
            connection.refuse(request, Refused(Code.BUSY, text, self._desk.node.epoch()))

    def _tell(self, connection: Connection, request: int, found: Found) -> None:
        desk = self._desk
        if isinstance(found, BaseException):
            refused = Refused(Code.FORGOTTEN, str(found), desk.node.epoch())
            connection.refuse(request, refused)
            return
        if found is not None:
            desk.flights.send(connection, request, 0, 1, found.events, Flag.ORIGINAL)
            return
        text = "no such command was taken"
        connection.refuse(request, Refused(Code.NOT_KNOWN, text, desk.node.epoch()))

    def search(self, wanted: Key, after: int, until: int, then: Callable[[Found], None]) -> bool:
        """Look in the journal and call `then`; False if too many searches wait."""
        desk = self._desk
        if self._searches >= desk.limits.searches:
            return False
        self._searches += 1
        desk.counters["journal searches"] += 1
        journal = desk.node.core.journal
        loop = asyncio.get_running_loop()

        def done(future: Future[Answer | None]) -> None:
            self._searches -= 1
            then(future.exception() or future.result())

        job = self._searching.submit(search, journal.directory, journal.keys, wanted, after, until)
        job.add_done_callback(
            lambda future: None if loop.is_closed() else _soon(loop, done, future)
        )
        return True

    def stop(self) -> None:
        self._searching.shutdown(wait=True, cancel_futures=True)


def _soon(
    loop: asyncio.AbstractEventLoop,
    done: Callable[[Future[Answer | None]], None],
    future: Future[Answer | None],
) -> None:
    if not future.cancelled():
        loop.call_soon_threadsafe(done, future)


def _keys(ask: Ask) -> list[Key]:
    kinds = [ask.type] if ask.type else [CommandType.NEW_ORDER, CommandType.REPLACE]
    return [key(ask.account, ask.client_order_id, kind) for kind in kinds]
