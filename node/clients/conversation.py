"""The thread of a session: finds the primary, receives answers, sends again what was lost."""

from __future__ import annotations

import threading
import time
from collections import deque
from weakref import WeakSet

import numpy as np

from lmax.records import joined
from lmax.schema import EventFlag
from marketdata.views import Depth
from node.clients.finding import Finder
from node.clients.keys import Records
from node.clients.link import Link, LinkLost
from node.clients.outbox import Outbox, Question, Sent
from node.clients.protocol import (
    Code,
    Flag,
    Frame,
    Kind,
    ProtocolError,
    Refused,
    Welcome,
    decode_depth,
    decode_events,
)
from node.clients.tickets import SessionClosed, State, Ticket

LOOK_S = 0.05
PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.25
SLOWER = 1.25
"""Somebody is about to lead: with pauses that double, clients would find out that much later."""
OTHERS_AFTER_S, OTHERS_EVERY_S = 0.5, 0.25
INBOX = 100_000
NOT_TAKEN = (Code.RING_FULL, Code.NO_ROOM, Code.BUSY)


class Inbox:
    """Answers for one iterator of events."""

    def __init__(self) -> None:
        self.waiting: deque[Records] = deque()
        self.overflow = False

    def put(self, events: Records) -> None:
        if len(self.waiting) >= INBOX:
            self.overflow = True
        else:
            self.waiting.append(events)


class Conversation:
    """What a session shares with its thread.

    changed: guards everything here and says that something was answered; link: to the primary,
    None while there is none; seen: the newest sequence known to be committed.
    """

    def __init__(self, finder: Finder, answer_within: float) -> None:
        self.finder = finder
        self.outbox = Outbox()
        self.changed = threading.Condition()
        self.link: Link | None = None
        self.seen = 0
        self.closed = False
        self._answer_within = answer_within
        self._inboxes: WeakSet[Inbox] = WeakSet()  # a forgotten iterator ends its own
        self._thread = threading.Thread(target=self._main, name="lmax-session", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def trouble(self) -> str:
        return "the node has not answered yet" if self.link else self.finder.trouble()

    def check_open(self) -> None:
        if self.closed:
            raise SessionClosed("the session was closed")

    def close(self) -> None:
        with self.changed:
            self.closed = True
            if self.link is not None:
                self.link.shut()
            self.changed.notify_all()
        self.finder.wake()
        self._thread.join()
        with self.changed:
            for request in self.outbox.everything():
                self._end(request, request.open_places(), State.UNKNOWN, "the session was closed")
            self.changed.notify_all()

    # -- from the callers' threads

    def send(self, link: Link | None, data: bytes) -> None:
        """Without a connection nothing: what is in the outbox goes out with the next one."""
        if link is None:
            return
        try:
            with link.sending:
                link.send(data)
        except LinkLost:
            link.shut()

    def ask(self, question: Question, deadline: float) -> object:
        """Raises TimeoutError, SessionClosed."""
        with self.changed:
            self.check_open()
            link, data = self.link, self.outbox.number(question, time.monotonic())
        self.send(link, data)
        with self.changed:
            self.changed.wait_for(
                lambda: question.answer is not None or self.closed,
                max(0.0, deadline - time.monotonic()),
            )
            self.outbox.questions.pop(question.number, None)
            if question.answer is None:
                self.check_open()
                raise TimeoutError(f"no answer in time: {self.trouble}")
            return question.answer

    def subscribe(self) -> Inbox:
        with self.changed:
            inbox = Inbox()
            self._inboxes.add(inbox)
            return inbox

    def next_events(self, inbox: Inbox, timeout: float | None) -> Records | None:
        with self.changed:
            self.changed.wait_for(lambda: inbox.waiting or inbox.overflow or self.closed, timeout)
            if inbox.waiting:
                return inbox.waiting.popleft()
            if inbox.overflow:
                raise OverflowError("events were not taken for too long, and some are left out")
            return None

    # -- the thread

    def _main(self) -> None:
        try:
            self._run()
        finally:  # nobody waits for a thread that has ended, for whatever reason
            with self.changed:
                self.closed = True
                self.changed.notify_all()
            self.finder.close()

    def _run(self) -> None:
        pause = PAUSE_S
        while not self.closed:
            link = self.finder.find()
            if link is None:
                with self.changed:
                    self._expire(time.monotonic())
                self.finder.wait(pause, self._is_closed)
                pause = min(LONGEST_PAUSE_S, pause * SLOWER)
                continue
            began = time.monotonic()
            try:
                self._begin(link)
                self._converse(link)
            except (LinkLost, ProtocolError) as error:
                self._note(link, error)
            finally:
                self._end_link(link)
            if time.monotonic() - began > LONGEST_PAUSE_S:
                pause = PAUSE_S
                continue
            # A node that takes us in and throws us out at once is not asked again at once.
            pause = min(LONGEST_PAUSE_S, pause * 2)
            self.finder.wait(pause, self._is_closed)

    def _is_closed(self) -> bool:
        return self.closed

    def _note(self, link: Link, error: Exception) -> None:
        self.finder.problems[link.address] = str(error)
        if isinstance(error, LinkLost):
            self.finder.hint = error.primary

    def _end_link(self, link: Link) -> None:
        with self.changed:
            self.link = None
        link.shut()
        with link.sending:  # a caller may be at it; what it waits for has just ended
            link.close()

    def _begin(self, link: Link) -> None:
        """Send everything that is open; nothing new overtakes it."""
        now = time.monotonic()
        with link.sending:
            with self.changed:
                if self.closed:
                    return
                frames = self._open_frames(link.welcome.sequence, now)
                self.link = link
                self.changed.notify_all()
            for data in frames:
                link.send(data)

    def _open_frames(self, sequence: int, now: float) -> list[bytes]:
        requests = self.outbox.everything()
        questions = list(self.outbox.questions.values())
        self.outbox.questions.clear()
        # The new primary's log may be shorter than what was seen of the old one's.
        self.seen = sequence
        frames = []
        for request in requests:
            request.after = min(request.after, sequence)
            if request.resent:
                request = self._without_lost(request)
            if request.tickets:
                frames.append(self.outbox.number(request, now))
        for question in questions:
            question.parts.clear()
            frames.append(self.outbox.number(question, now))
        return frames

    def _without_lost(self, request: Sent) -> Sent:
        """Those that are not to be sent twice become UNKNOWN."""
        lost = [at for at, ticket in enumerate(request.tickets) if not ticket.resendable]
        if not lost:
            return request
        kept = [at for at, ticket in enumerate(request.tickets) if ticket.resendable]
        text = "the connection broke, and the command has no client order id to ask for it by"
        self._end(request, lost, State.UNKNOWN, text)
        return request.part(kept)

    def _converse(self, link: Link) -> None:
        """Until the connection is of no use any more: LinkLost, ProtocolError.

        While the node is silent, the others are asked whether one of them leads by now. It is not
        given up for that before one does, or before its time is over.
        """
        ask_others = 0.0
        while not self.closed:
            frames = link.receive(LOOK_S)
            now = time.monotonic()
            with self.changed:
                try:
                    for frame in frames:
                        self._take(frame, now)
                finally:
                    if frames:
                        self.changed.notify_all()
                self._expire(now)
                again = [self.outbox.number(request, now) for request in self.outbox.due(now)]
                oldest = self.outbox.oldest_sent()
            silent = now - oldest if oldest is not None and not frames else 0.0
            if silent > self._answer_within:
                raise LinkLost(f"{link.address} did not answer within {self._answer_within} s")
            if silent > OTHERS_AFTER_S and now >= ask_others:
                self.finder.look(but=link.address)
                ask_others = now + OTHERS_EVERY_S
            if self.finder.heard():
                raise LinkLost(f"another node than {link.address} leads by now")
            for data in again:
                self.send(link, data)

    def _expire(self, now: float) -> None:
        for request in self.outbox.overdue(now):
            self.outbox.drop(request)
            self._end(request, request.open_places(), State.UNKNOWN, self.trouble)
            self.changed.notify_all()

    def _end(self, request: Sent, places: list[int], state: State, text: str) -> None:
        for place in places:
            ticket = request.tickets[place]
            if not ticket.done:
                ticket.end(state, text)
                self.outbox.ended(ticket)
        self.outbox.forget_if_done(request)

    # -- answers

    def _take(self, frame: Frame, now: float) -> None:
        request = self.outbox.requests.get(frame.request)
        question = self.outbox.questions.get(frame.request)
        match frame.kind:
            case Kind.EVENTS:
                epoch, position, count, events = decode_events(frame.body)
                self._check_epoch(epoch)
                self.seen = max(self.seen, int(events[-1]["sequence"]))
                if request is not None:
                    original = bool(frame.flags & Flag.ORIGINAL)
                    self._give(request, position, count, events, epoch, original)
                elif question is not None:
                    _give_question(question, events)
            case Kind.REFUSED:
                self._refused(Refused.decode(frame.body), request, question, now)
            case Kind.WELCOME if question is not None:
                question.answer = Welcome.decode(frame.body)
            case Kind.DEPTH if question is not None:
                epoch, _, bids, asks = decode_depth(frame.body)
                self._check_epoch(epoch)
                question.answer = Depth(bids, asks)
            case Kind.WELCOME | Kind.DEPTH:
                return
            case _:
                raise ProtocolError(f"a frame of kind {frame.kind}, which nodes do not send")

    def _check_epoch(self, epoch: int) -> None:
        if epoch < self.finder.epoch:
            self.finder.refused_epochs += 1
            raise LinkLost(f"an answer of epoch {epoch}; {self.finder.epoch} was seen")
        self.finder.epoch = epoch

    def _give(
        self,
        request: Sent,
        position: int,
        count: int,
        events: Records,
        epoch: int,
        original: bool,
    ) -> None:
        ends = (np.flatnonzero(events["flags"] & EventFlag.LAST) + 1).tolist()
        stops = ends if ends and ends[-1] == len(events) else [*ends, len(events)]
        if len(stops) != count or position + count > len(request.tickets):
            raise ProtocolError("events that do not fit their request")
        start = 0
        for place, stop in enumerate(stops, position):
            ticket = request.tickets[place]
            if ticket.done:
                raise ProtocolError("a second answer to one command")
            part, start = events[start:stop], stop
            last = bool(part[-1]["flags"] & EventFlag.LAST)
            ticket.add(part, epoch, original, last)
            if last:
                self._answered(ticket)
        self.outbox.forget_if_done(request)

    def _answered(self, ticket: Ticket) -> None:
        self.outbox.ended(ticket)
        for inbox in self._inboxes:
            inbox.put(ticket.events)

    def _refused(
        self, refused: Refused, request: Sent | None, question: Question | None, now: float
    ) -> None:
        if refused.code in (Code.NOT_PRIMARY, Code.UNAVAILABLE):
            if refused.code == Code.NOT_PRIMARY and request is not None and not request.resent:
                request.sent = 0.0  # nothing of it was taken
            raise LinkLost(refused.text, refused.code, refused.primary)
        if question is not None:
            question.answer = refused
            return
        if request is None:
            return
        end = refused.position + refused.count if refused.count else None
        places = request.open_places(refused.position, end)
        if refused.code in NOT_TAKEN:
            self.outbox.retry(request, places, now)
        elif refused.code == Code.CONFLICT:
            self._end(request, places, State.CONFLICT, refused.text)
        elif refused.code == Code.FORGOTTEN:
            self._end(request, places, State.UNKNOWN, refused.text)
        else:
            self._end(request, places, State.REFUSED, refused.text)


def _give_question(question: Question, events: Records) -> None:
    question.parts.append(events)
    if events[-1]["flags"] & EventFlag.LAST:
        question.answer = joined(question.parts)
