"""The thread that steps a member, tells of every change, and does what the control port asks.

Only this thread touches the member. Others read `seen`, which is replaced as a whole, and put in
requests, which are done between two steps.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from node.observing import LedgerSeen, MemberLike, Observed, observe
from node.refusals import SwitchUnderWay
from node.replaying import Replaying

IDLE_S = 0.001
LOOK_NS = 50_000_000
PATIENCE_S = 10.0
"""How long a planned switch may take."""

SUCCESSOR_S = 3.0
"""How long who has handed over waits to be able to say to whom."""

Tell = Callable[[Observed, str], None]
"""Called with what was seen and what happened, on this thread."""

Request = Callable[[MemberLike], None]
Answer = queue.SimpleQueue[BaseException | None]


class Refusal(Exception):
    """A request that cannot be done now. kind: for programs; the message: for people."""

    def __init__(self, kind: str, why: str) -> None:
        self.kind = kind
        super().__init__(why)


class Port(Protocol):
    """The client port, as far as it is looked after here."""

    def changed(self) -> None:
        """Role, epoch or core of the member may be other ones now."""

    def close(self) -> None: ...


class LedgerPort(Protocol):
    """The ledger, as the control thread looks after it."""

    def changed(self) -> None:
        """Role, epoch or core of the member may be other ones now."""

    def seen(self) -> LedgerSeen | None:
        """How it stands; None where there is none."""

    def close(self) -> None: ...


class NoLedger:
    """That of a node without one."""

    def changed(self) -> None:
        pass

    def seen(self) -> LedgerSeen | None:
        return None

    def close(self) -> None:
        pass


class ControlLoop(threading.Thread):
    """Opens the member, steps it until `end` or until it fails; `error` is then why.

    open_member: makes the member, which may take as long as its journal is; it gets a function
    that takes lines about what it does, and says how far it has come. serve: opens the member's
    client port; feed: its ledger.
    """

    def __init__(
        self,
        name: str,
        cluster: str,
        open_member: Callable[[Callable[[str], None], Replaying], MemberLike],
        *,
        serve: Callable[[MemberLike], Port] | None = None,
        feed: Callable[[MemberLike, Callable[[str], None]], LedgerPort] | None = None,
        tell: Tell = lambda seen, line: None,
    ) -> None:
        super().__init__(name="control", daemon=True)
        self.seen = Observed(name, cluster)
        self.error: BaseException | None = None
        self.promotions = 0
        self.opened = threading.Event()
        self.replaying = Replaying()
        self.member: MemberLike | None = None
        self._open = open_member
        self._serve_clients = serve
        self._port: Port | None = None
        self._feed = feed
        self._ledger: LedgerPort = NoLedger()
        self._tell = tell
        self._ending = threading.Event()
        self._changed = threading.Condition()
        self._requests: queue.SimpleQueue[tuple[Request, Answer]] = queue.SimpleQueue()

    # ---- this thread

    def run(self) -> None:
        try:
            self.member = self._open(self._say, self.replaying)
            if not self._ending.is_set():
                if self._serve_clients is not None:
                    self._port = self._serve_clients(self.member)
                if self._feed is not None:
                    self._ledger = self._feed(self.member, self._say)
                self._look()
                self.opened.set()
                self._step_until_end(self.member)
        except BaseException as error:
            self.error = error
        finally:
            self._close()

    def _step_until_end(self, member: MemberLike) -> None:
        while not self._ending.is_set():
            done = member.step()
            self._serve(member)
            due = time.monotonic_ns() - self.seen.seen_ns > LOOK_NS
            if due or member.role.name != self.seen.role:
                self._look()
            if not done:
                time.sleep(IDLE_S)

    def _look(self) -> None:
        assert self.member is not None
        before, now = self.seen, observe(self.seen.name, self.seen.cluster, self.member)
        now = replace(now, ledger=self._ledger.seen())
        if now.role == "PRIMARY" and before.role != "PRIMARY":
            self.promotions += 1
        with self._changed:
            self.seen = now
            self._changed.notify_all()
        if self._port is not None:
            self._port.changed()
        self._ledger.changed()
        for line in changes(before, now):
            self._say(line)

    def _say(self, line: str) -> None:
        self._tell(self.seen, line)

    def _serve(self, member: MemberLike) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                request, answer = self._requests.get_nowait()
                try:
                    request(member)
                except Exception as error:
                    answer.put(error)
                else:
                    self._look()
                    answer.put(None)

    def _close(self) -> None:
        for opened in (self._port, self._ledger, self.member):
            try:
                if opened is not None:
                    opened.close()
            except Exception as error:
                self.error = self.error or error
        with self._changed:
            self._ending.set()
            self.seen = replace(self.seen, acknowledges=False, takes_orders=False)
            self._changed.notify_all()
        self.opened.set()

    # ---- other threads

    def shown(self) -> Observed:
        """What was seen last, not yet `aged`, with how far the journal is read now."""
        return replace(self.seen, replay=self.replaying.now)

    @property
    def running(self) -> bool:
        return self.is_alive() and not self._ending.is_set()

    def ask(self, request: Request, timeout: float = PATIENCE_S) -> None:
        """Have that done between two steps; raises what it raises, Refusal if it is not done."""
        answer: Answer = queue.SimpleQueue()
        if not self.opened.is_set() or not self.running:
            raise Refusal("not-ready", f"{self.seen.name} is starting or ending; ask again")
        self._requests.put((request, answer))
        try:
            error = answer.get(timeout=timeout)
        except queue.Empty:
            raise Refusal("no-answer", f"{self.seen.name} did not get to it in time") from None
        if error is not None:
            raise error

    def wait(self, holds: Callable[[Observed], bool], timeout: float) -> bool:
        """Whether that came to hold in time, while this thread ran."""
        with self._changed:
            self._changed.wait_for(
                lambda: holds(self.seen) or self._ending.is_set(), timeout=timeout
            )
            return holds(self.seen)

    def demote(self, to: str = "", timeout: float = PATIENCE_S) -> Observed:
        """Hand over to a standby that is in sync; what is seen then. Raises Refusal.

        to: which one, "" for the one that has the most.
        """
        if self.seen.role != "PRIMARY":
            leads = f"; {self.seen.leader} does" if self.seen.leader else ""
            raise Refusal("not-primary", f"{self.seen.name} does not lead{leads}")
        try:
            self.ask(lambda member: switch(member, to), timeout)
        except SwitchUnderWay as error:
            raise Refusal("switching", str(error)) from None
        except ValueError as error:
            raise Refusal("not-in-sync" if to else "no-standby-in-sync", str(error)) from None
        self.wait(lambda seen: seen.role != "PRIMARY" or not seen.switching, timeout)
        if self.seen.role != "PRIMARY":
            # The witness names the next one a moment later; until then it is still us.
            self.wait(lambda seen: seen.leader != seen.name, SUCCESSOR_S)
            return self.seen
        if self.seen.switching:
            raise Refusal("too-slow", "the switch is not done yet; it goes on")
        raise Refusal("given-up", "the standby was lost meanwhile; this node goes on as primary")

    def end(self) -> None:
        """Step no more; the member is closed by this thread."""
        self._ending.set()


def switch(member: MemberLike, to: str) -> None:
    """Have it hand over, unless it has just done so: a second one may ask at the same time."""
    if member.role.name == "PRIMARY":
        member.switch(to)


def changes(before: Observed, now: Observed) -> list[str]:
    """A line for everything that somebody on duty would want to know."""
    told = []
    if (now.role, now.epoch) != (before.role, before.epoch):
        told.append(f"is {now.role} in epoch {now.epoch}; {now.leader or 'nobody'} leads")
    if now.in_sync != before.in_sync:
        told.append(f"in sync: {', '.join(now.in_sync) or 'nobody'}")
    if now.problem != before.problem:
        told.append(f"problem: {now.problem}" if now.problem else "the problem is over")
    if now.journal_problem != before.journal_problem:
        told.append(f"journal: {now.journal_problem or 'all is well again'}")
    return told + ledger_changes(before.ledger, now.ledger)


def ledger_changes(before: LedgerSeen | None, now: LedgerSeen | None) -> list[str]:
    """What became of the ledger that this node feeds."""
    if before is None or now is None or now.state == "off":
        return []
    told = []
    if now.state == "live" and before.state != "live" and not now.problem:
        told.append(f"ledger: goes on behind command {now.position}")
    if now.problem != before.problem:
        told.append(f"ledger: {now.problem or 'all is well again'}")
    return told
