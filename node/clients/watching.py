"""Connections to nodes that do not lead: such a node says on them when it does."""

from __future__ import annotations

import time

from node.clients.link import Link, LinkLost
from node.clients.protocol import Frame, Kind, ProtocolError, Welcome

WATCH_S = 1.0
"""A node that is lost without a word is asked anew after so long."""


class Watching:
    """One thread uses it. A link is given back with its new welcome, or closed."""

    def __init__(self) -> None:
        self._links: dict[str, tuple[Link, float]] = {}

    def __contains__(self, address: str) -> bool:
        return address in self._links

    def add(self, link: Link) -> None:
        """Instead of another one to that node."""
        self._end(link.address)
        self._links[link.address] = link, time.monotonic() + WATCH_S

    def filenos(self) -> list[int]:
        return [link.fileno() for link, _ in self._links.values()]

    def news(self) -> list[Link]:
        """Those whose node has become something else; whoever gets one watches or closes it."""
        return [link for address in list(self._links) if (link := self._heard(address))]

    def close(self) -> None:
        for address in list(self._links):
            self._end(address)

    def _heard(self, address: str) -> Link | None:
        link, until = self._links[address]
        try:
            welcomes = [_welcome(frame) for frame in link.receive(0)]
        except (LinkLost, ProtocolError):
            self._end(address)
            return None
        if welcomes:
            link.welcome = welcomes[-1]
            del self._links[address]
            return link
        if time.monotonic() > until:
            self._end(address)
        return None

    def _end(self, address: str) -> None:
        if address in self._links:
            self._links.pop(address)[0].close()


def _welcome(frame: Frame) -> Welcome:
    if frame.kind != Kind.WELCOME:
        raise ProtocolError(f"a frame of kind {frame.kind}, where nothing was asked")
    return Welcome.decode(frame.body)
