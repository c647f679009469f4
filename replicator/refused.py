"""Why two nodes do not talk, in a line for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from replicator.greeting import Greeting, Reason

SAME_NUMBERS = (
    "both need releases with the same numbers (`lmax --version`). Put the release that the primary"
    " has on the other node; docs/operations.md, Upgrading, tells how both get another one"
)


class Named(Protocol):
    """What a message tells of this node."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def build(self) -> str: ...
    @property
    def cluster(self) -> bytes: ...


@dataclass(frozen=True)
class Refused:
    """told: by the peer, which has proven to be it; otherwise it is what this node says."""

    reason: Reason
    text: str
    told: bool = False

    def __str__(self) -> str:
        return self.text


def apart(build: str, other: str) -> str:
    """The parts that the other one has not the same: "rules-3", not all of the text."""
    return (
        " ".join(part for part in build.split() if part not in other.split()) or "nothing instead"
    )


def refused(
    reason: Reason, node: Named, greeting: Greeting, *, told: bool = False, expected: str = ""
) -> Refused:
    """greeting: what the peer sent."""
    peer = "the other node" if greeting.origin == "?" else greeting.origin
    who, whom = (peer, node.name) if told else (node.name, peer)
    text = {
        Reason.MALFORMED: f"{who} cannot read what {whom} sent",
        Reason.VERSION: f"{peer} speaks version {greeting.version} of the link and {node.name}"
        f" version {node.version}: {SAME_NUMBERS}",
        Reason.BUILD: f"{peer} has {apart(greeting.build, node.build)} and {node.name}"
        f" {apart(node.build, greeting.build)}: {SAME_NUMBERS}",
        Reason.CLUSTER: f"{peer} belongs to cluster {greeting.cluster.hex()} and {node.name} to"
        f" {node.cluster.hex()}: one of them is connected to the wrong nodes",
        Reason.STRANGER: f"{who} knows no node {whom} with that number: enter it in {who}'s"
        " configuration",
        Reason.SIGNATURE: f"what came as {whom}'s is not signed with the key that {who}'s"
        f" configuration has for it: `lmax identity show` on {whom} prints the right one",
        Reason.OTHER_NODE: f"{peer} and {node.name} do not mean each other"
        + (f": {expected} should have answered" if expected else "")
        + ": compare names, numbers and endpoints in their configurations",
        Reason.SELF: f"{node.name} is connected to itself, or another node has its name or its"
        " key: each needs its own",
        Reason.STALE: f"{who} knows a later HELLO of {whom} than that one",
        Reason.UNKNOWN: f"{peer} refuses for reason {greeting.reason}, which this version does"
        " not know",
    }[reason]
    return Refused(reason, text, told)
