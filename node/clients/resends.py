"""Commands that may have been sent before: the original answer, or else they are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmax.schema import EventType, Reason
from node.clients.answers import Answer
from node.clients.connection import Connection
from node.clients.flights import Landing
from node.clients.keys import GUARDED, Key, Records, keys_of
from node.clients.protocol import Code, Flag, Refused
from node.clients.questions import Found

if TYPE_CHECKING:
    from node.clients.desk import Desk


class Resends:
    """after: what the client had seen when it first sent the commands; nothing older is them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def take(self, connection: Connection, request: int, after: int, commands: Records) -> None:
        """Everything published before this can be read by now."""
        refused = self._desk.refusal(len(commands), connection)
        if refused is not None:
            connection.refuse(request, refused)
            return
        answers = self._desk.answers
        assert answers is not None
        missing: list[int] = []
        for at, key in enumerate(keys_of(commands)):
            found = answers.find(key, after)
            if found is not None:
                self._give(connection, request, at, commands[at : at + 1], found)
            elif key[0] and not answers.covers(after) and commands[at]["type"] not in GUARDED:
                self._search_first(connection, request, at, commands[at : at + 1], key, after)
            else:
                missing.append(at)
        if missing:
            self._publish(connection, request, after, commands, missing)

    def _give(
        self, connection: Connection, request: int, at: int, command: Records, found: Answer
    ) -> None:
        desk = self._desk
        if found.is_for(command.tobytes()):
            desk.counters["original answers"] += 1
            desk.flights.send(connection, request, at, 1, found.events, Flag.ORIGINAL)
            return
        desk.counters["conflicts"] += 1
        text = "the client order id was used before for something else"
        refused = Refused(Code.CONFLICT, text, desk.node.epoch(), "", at, 1)
        connection.refuse(request, refused)

    def _give_found(
        self,
        connection: Connection,
        request: int,
        at: int,
        command: Records,
        found: Answer | BaseException,
    ) -> None:
        if isinstance(found, Answer):
            self._give(connection, request, at, command, found)
            return
        refused = Refused(Code.FORGOTTEN, str(found), self._desk.node.epoch(), "", at, 1)
        connection.refuse(request, refused)

    def _publish(
        self, connection: Connection, request: int, after: int, commands: Records, at: list[int]
    ) -> None:
        """Those that were not found, as one run; runs of positions are refused one by one."""
        desk = self._desk
        run = np.ascontiguousarray(commands[at])
        if len(at) == len(commands) or at[-1] - at[0] == len(at) - 1:
            first = desk.publish(connection, request, run, at[0])
        else:
            first = 0
            for place in at:
                if desk.publish(connection, request, commands[place : place + 1], place):
                    self._watch(connection, request, after, commands, [place])
        if first:
            self._watch(connection, request, after, commands, at)

    def _watch(
        self, connection: Connection, request: int, after: int, commands: Records, at: list[int]
    ) -> None:
        """A refusal may be about what had become of the command before: see to that first."""
        keys = keys_of(commands[at])
        landings: list[Landing | None] = [
            self._landing(connection, request, place, commands[place : place + 1], key, after)
            if key[0]
            else None
            for place, key in zip(at, keys, strict=True)
        ]
        self._desk.flights.split_last(landings, at)

    def _landing(
        self,
        connection: Connection,
        request: int,
        at: int,
        command: Records,
        key: Key,
        after: int,
    ) -> Landing:
        desk = self._desk

        def landed(events: Records) -> bool:
            answers = desk.answers
            assert answers is not None
            head = events[0]
            if head["type"] != EventType.REJECTED:
                return False
            double = head["reason"] == Reason.DUPLICATE_CLIENT_ORDER_ID
            if double and (found := answers.find(key)) is not None:
                self._give(connection, request, at, command, found)
                return True
            if answers.covers(0 if double else after):
                return False

            def then(found: Found) -> None:
                if isinstance(found, Answer):
                    self._give(connection, request, at, command, found)
                else:
                    desk.flights.send(connection, request, at, 1, events)

            behind = 0 if double else after
            return desk.questions.search(key, behind, int(head["sequence"]) - 1, then)

        return landed

    def _search_first(
        self,
        connection: Connection,
        request: int,
        at: int,
        command: Records,
        key: Key,
        after: int,
    ) -> None:
        """The engine would do it a second time, so it is looked for in the whole journal."""
        desk = self._desk

        def then(found: Found) -> None:
            if connection.closed:
                return
            if found is None:
                desk.publish(connection, request, command, at)
            else:
                self._give_found(connection, request, at, command, found)

        assert desk.answers is not None
        # All that was published before is among what was fed, and nothing of that is uncertain.
        if not desk.questions.search(key, after, desk.answers.position, then):
            text = "too many searches of the journal wait; try again"
            connection.refuse(request, Refused(Code.BUSY, text, desk.node.epoch(), "", at, 1))
