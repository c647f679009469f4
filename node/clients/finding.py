"""Which node is the primary: asking one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from node.clients.link import Link, LinkLost
from node.clients.protocol import Code, Hello, ProtocolError, Role

CONNECT_WITHIN_S = 2.0


@dataclass
class Finder:
    """Knows the nodes' client ports, and what was wrong with each when it was asked last.

    epoch: the highest that was seen; a primary of a lower one is none. A session with a token
    shows it only at `addresses`, not wherever a node says that the primary is.
    """

    addresses: list[str]
    hello: Hello
    epoch: int = 0
    refused_epochs: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    hint: str = ""

    def find(self) -> Link | None:
        """A connection to the primary; None if none of the nodes is it just now."""
        turn = [*filter(self._may_ask, [self.hint]), *self.addresses]
        self.hint = ""
        asked: set[str] = set()
        while turn:
            address = turn.pop(0)
            if address in asked:
                continue
            asked.add(address)
            link = self._ask(address)
            if link is None:
                continue
            if link.welcome.role == Role.PRIMARY and link.welcome.epoch >= self.epoch:
                self.problems.pop(address, None)
                self.epoch = link.welcome.epoch
                return link
            link.close()
            self._note(address, link)
            turn[:0] = filter(self._may_ask, [link.welcome.primary])
        return None

    def _may_ask(self, address: str) -> bool:
        return bool(address) and (address in self.addresses or not self.hello.token)

    def _ask(self, address: str) -> Link | None:
        try:
            return Link(address, self.hello, CONNECT_WITHIN_S)
        except LinkLost as error:
            self.problems[address] = str(error) + (
                "; is the token right?" if error.code == Code.BAD_TOKEN else ""
            )
        except (OSError, ProtocolError, ValueError) as error:
            self.problems[address] = f"{address}: {error}"
        return None

    def _note(self, address: str, link: Link) -> None:
        welcome = link.welcome
        if welcome.role == Role.PRIMARY:
            self.refused_epochs += 1
            what = f"is the primary of epoch {welcome.epoch}; {self.epoch} was seen"
        else:
            what = f"is not the primary ({welcome.role.name})"
        self.problems[address] = f"{address} {what}"

    def trouble(self) -> str:
        """Why no primary was found, for people."""
        return "; ".join(self.problems.values()) or "no primary was found"
