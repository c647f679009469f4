"""Which node is the primary: all are asked, and none is waited for that is silent."""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Callable

from node.clients.asking import Asking
from node.clients.link import Link, LinkLost
from node.clients.protocol import Code, Hello, Role
from node.clients.watching import Watching

APART_S = 0.02
"""A node that has not answered for so long does not keep the next one from being asked."""


class Finder:
    """Knows the nodes' client ports, and what was wrong with each when it was asked last.

    epoch: the highest that was seen; a primary of a lower one is none. A session with a token
    shows it only at `addresses`, not wherever a node says that the primary is. hint: whom to
    ask first. Who is silent stays asked while the others are asked again and again; who does not
    lead is listened to, and says when it does.
    """

    def __init__(self, addresses: list[str], hello: Hello) -> None:
        self.addresses = addresses
        self.epoch = 0
        self.refused_epochs = 0
        self.problems: dict[str, str] = {}
        self.hint = ""
        self._anywhere = not hello.token
        self._asking = Asking(hello)
        self._watching = Watching()
        self._found: Link | None = None

    def find(self) -> Link | None:
        """A connection to the primary; None if none of the nodes says just now that it is it."""
        turn = deque([*filter(self._may_ask, [self.hint]), *self.addresses])
        self.hint = ""
        asked: set[str] = set()
        while not self.heard():
            if turn:
                address = turn.popleft()
                if address in asked or self._is_asked(address):
                    continue
                asked.add(address)
                self._asking.begin(address)
            elif not self._asking.open:
                return None
            told = self._hear(APART_S)
            if told is not None:
                turn.extendleft(told)
            elif not turn:
                self._note_silent()
                return None
        found, self._found = self._found, None
        self._watching.close()
        return found

    def look(self, but: str) -> None:
        """Ask all but that one, and do not wait: `heard` tells."""
        for address in self.addresses:
            if address != but and not self._is_asked(address):
                self._asking.begin(address)

    def heard(self) -> bool:
        """Whether a primary has answered, which `find` will give."""
        self._hear(0)
        return self._found is not None

    def wait(self, seconds: float, over: Callable[[], bool]) -> None:
        """For so long; less where a node says that it leads, or who does, or when it is over.

        It is looked at again whether it is over when somebody calls `wake`.
        """
        deadline = time.monotonic() + seconds
        while self._found is None and not over() and (left := deadline - time.monotonic()) > 0:
            told = self._hear(left)
            if told:
                self.hint = told[0]
                return

    def wake(self) -> None:
        """From any thread: end a `wait` that is over."""
        self._asking.ring()

    def close(self) -> None:
        self._asking.close()
        self._watching.close()
        self._keep(None)

    def _is_asked(self, address: str) -> bool:
        return address in self._asking.open or address in self._watching

    def _hear(self, timeout: float) -> list[str] | None:
        """Take what was answered within that time; where the primary is said to be. None: nothing.

        Not waited for is what has come already.
        """
        answers = self._answers()
        if not answers and timeout > 0:
            poll = select.poll()
            for number in (self._asking.fileno(), *self._watching.filenos()):
                poll.register(number, select.POLLIN)
            poll.poll(timeout * 1000)
            answers = self._answers()
        if not answers:
            return None
        return [told for answer in answers if self._may_ask(told := self._judge(*answer))]

    def _answers(self) -> list[tuple[str, Link | Exception]]:
        news = [(link.address, link) for link in self._watching.news()]
        return [*news, *self._asking.answers()]

    def _may_ask(self, address: str) -> bool:
        return bool(address) and (address in self.addresses or self._anywhere)

    def _judge(self, address: str, found: Link | Exception) -> str:
        """Keep the primary's connection; of another node, where it says that the primary is."""
        if isinstance(found, Exception):
            self._note_error(address, found)
            return ""
        if found.welcome.role == Role.PRIMARY and found.welcome.epoch >= self.epoch:
            self.problems.pop(address, None)
            self.epoch = found.welcome.epoch
            self._keep(found)
            return ""
        self._note_other(address, found)
        if found.welcome.role == Role.PRIMARY:
            found.close()
        else:
            self._watching.add(found)
        return found.welcome.primary

    def _keep(self, link: Link | None) -> None:
        """Instead of one that was kept before: its epoch was not higher."""
        if self._found is not None:
            self._found.close()
        self._found = link

    def _note_error(self, address: str, error: Exception) -> None:
        if not isinstance(error, LinkLost):
            self.problems[address] = f"{address}: {error}"
            return
        hint = "; is the token right?" if error.code == Code.BAD_TOKEN else ""
        self.problems[address] = str(error) + hint

    def _note_other(self, address: str, link: Link) -> None:
        welcome = link.welcome
        if welcome.role == Role.PRIMARY:
            self.refused_epochs += 1
            what = f"is the primary of epoch {welcome.epoch}; {self.epoch} was seen"
        else:
            what = f"is not the primary ({welcome.role.name})"
        self.problems[address] = f"{address} {what}"

    def _note_silent(self) -> None:
        for address in self._asking.open:
            self.problems.setdefault(address, f"{address} has not answered yet")

    def trouble(self) -> str:
        """Why no primary was found, for people."""
        return "; ".join(list(self.problems.values())) or "no primary was found"
