"""How two nodes that know each other's public keys come to keys for one connection.

    initiator (standby)                                   responder (primary)
    hello()      ── HELLO: names, stamp, X25519 ──▶       answer()
    welcomed()   ◀── WELCOME: connection, X25519 ──       keeps its current connection, and
                     or REFUSE: why not                   the new one as *pending*
    first frame  ── encrypted with the new keys ──▶       the pending one is now current

Nothing here does I/O, waits, reads a clock of its own or draws a number of its own.

**A HELLO proves nothing about now**: it may be a recording. Whoever replays one lacks the private
half of its X25519 key, so it never gets keys; but it must not end a good connection either. So
`answer` gives keys that the responder puts *beside* those in use, and takes into use, for sending
too, when the first frame that opens with them has come (`SecureLink.received` is above 0).
Only then are the old ones forgotten. The stamp of a HELLO grows with each: an older
one than the last does not push out the pending connection of the last. docs/link.md tells more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from replicator._secure import SecureLink
from replicator.greeting import (
    NO_CLUSTER,
    Greeting,
    Kind,
    Malformed,
    Reason,
    hash_of,
    kind_of,
    parse,
    version_of,
)
from replicator.nodes import Node, Peer, check_peer
from replicator.refused import Refused, refused

Random = Callable[[int], bytes]
"""So many secret bytes that nobody can guess: os.urandom, or a seeded one of a simulation."""

Clock = Callable[[], int]
"""Nanoseconds that grow, over restarts too if possible: time.time_ns."""

MOST_STAMP = 2**63 - 1
INFO = b"lmax link 1 keys"


@dataclass(frozen=True)
class Connected:
    """Keys for one connection with a node whose identity is proven.

    cluster: of the peer; of a blank one zeros.
    """

    link: SecureLink
    peer: str
    cluster: bytes


class Initiator:
    """Who asks: for one peer, any number of times.

    A HELLO is repeated until it is answered, so that answers may be slower than questions; after
    a WELCOME the next one is new.
    """

    def __init__(self, node: Node, peer: Peer, *, random: Random, clock: Clock) -> None:
        check_peer(node, peer)
        self.node = node
        self.peer = peer
        self._random = random
        self._clock = clock
        self._stamp = 0
        self._private: X25519PrivateKey | None = None
        self._hello = b""

    def hello(self) -> bytes:
        """What to send, again too if no answer came."""
        if not self._hello:
            self._stamp = min(max(self._clock(), self._stamp + 1), MOST_STAMP)
            self._private = X25519PrivateKey.from_private_bytes(self._random(32))
            greeting = said_by(
                self.node,
                Kind.HELLO,
                self.peer.name,
                self.peer.number,
                cluster=self.node.cluster,
                number=self._stamp,
                ephemeral=self._private.public_key().public_bytes_raw(),
            )
            self._hello = greeting.packed()
        return self._hello

    def welcomed(self, frame: bytes) -> Connected | Refused | None:
        """What became of it. None: this is no answer to the last `hello`, and counts for nothing.

        A Refused that is not `told` by the peer is what this node makes of the answer; neither
        ends the asking.
        """
        try:
            greeting = parse(frame)
        except Malformed:
            return None
        if not self._hello or greeting.answers != hash_of(self._hello):
            return None
        if greeting.kind is Kind.HELLO:
            return None
        peer = self.peer
        if (greeting.origin, greeting.origin_number) != (peer.name, peer.number):
            return refused(Reason.OTHER_NODE, self.node, greeting, expected=peer.name)
        if not greeting.is_of(peer.public):
            return refused(Reason.SIGNATURE, self.node, greeting)
        if greeting.kind is Kind.REFUSE:
            return self._refused(greeting)
        return unfit(self.node, greeting) or self._connected(greeting, frame)

    def _refused(self, greeting: Greeting) -> Refused:
        reason = Reason.UNKNOWN
        if greeting.reason in set(Reason):
            reason = Reason(greeting.reason)
        if reason is Reason.STALE:
            # Our clock went back. The peer is proven: believe it, and ask with a later stamp.
            self._stamp = max(self._stamp, min(greeting.number, MOST_STAMP))
            self._forget()
        return refused(reason, self.node, greeting, told=True)

    def _connected(self, greeting: Greeting, frame: bytes) -> Connected | Refused:
        assert self._private is not None
        ours, theirs = self.node.identity.public, self.peer.public
        transcript = self._hello + frame + ours + theirs
        keys = keys_of(self._private, greeting.ephemeral, transcript)
        if keys is None:
            return refused(Reason.MALFORMED, self.node, greeting)
        self._forget()
        link = SecureLink(keys[0], keys[1], greeting.number)
        return Connected(link, self.peer.name, greeting.cluster)

    def _forget(self) -> None:
        """The next HELLO is a new one; keys that were made with the last cannot be made again."""
        self._hello, self._private = b"", None


@dataclass
class _Last:
    """The last HELLO of a peer that was welcomed."""

    stamp: int
    hello: bytes
    welcome: bytes
    connected: Connected


class Responder:
    """Who is asked: by any of these peers."""

    def __init__(self, node: Node, peers: list[Peer], *, random: Random) -> None:
        for peer in peers:
            check_peer(node, peer)
        self.node = node
        self.peers: Mapping[str, Peer] = {peer.name: peer for peer in peers}
        for unique in (self.peers, {peer.number for peer in peers}, {p.public for p in peers}):
            if len(unique) != len(peers):
                raise ValueError("two peers have the same name, number or key")
        self._random = random
        self._last: dict[str, _Last] = {}

    def answer(self, frame: bytes) -> tuple[bytes, Connected | Refused | None]:
        """What to send back, b"" for nothing, and what became of the HELLO.

        Connected is *pending* until a frame opens with its link: see above. The same HELLO gets
        the same answer and the same link until then; None afterwards, for it is a double.
        """
        if kind_of(frame) != Kind.HELLO:
            return b"", Refused(Reason.MALFORMED, "what came is no HELLO")
        if version_of(frame) != self.node.version:
            stranger = Greeting(Kind.HELLO, "?", version=version_of(frame))
            return self._refuse(Reason.VERSION, frame, stranger)
        try:
            greeting = parse(frame)
        except Malformed:
            return b"", Refused(Reason.MALFORMED, "what came is no HELLO of this version")
        if greeting.origin == self.node.name or greeting.is_of(self.node.identity.public):
            return b"", refused(Reason.SELF, self.node, greeting)
        reason = self._unproven(greeting)
        if reason is not None:
            return self._refuse(reason, frame, greeting)
        fault = unfit(self.node, greeting)
        if fault is not None:
            return self._refuse(fault.reason, frame, greeting)
        return self._known(frame, greeting)

    def _unproven(self, greeting: Greeting) -> Reason | None:
        """Why we do not believe who says so."""
        peer = self.peers.get(greeting.origin)
        if peer is None or peer.number != greeting.origin_number:
            return Reason.STRANGER
        return None if greeting.is_of(peer.public) else Reason.SIGNATURE

    def _known(self, frame: bytes, greeting: Greeting) -> tuple[bytes, Connected | Refused | None]:
        last = self._last.get(greeting.origin)
        if last is not None and last.hello == frame:
            if last.connected.link.received:
                return b"", None
            return last.welcome, last.connected
        if last is not None and greeting.number <= last.stamp:
            return self._refuse(Reason.STALE, frame, greeting, number=last.stamp)
        return self._welcome(frame, greeting)

    def _welcome(self, frame: bytes, greeting: Greeting) -> tuple[bytes, Connected | Refused]:
        private = X25519PrivateKey.from_private_bytes(self._random(32))
        connection = int.from_bytes(self._random(8), "little")
        welcome = said_by(
            self.node,
            Kind.WELCOME,
            greeting.origin,
            greeting.origin_number,
            cluster=self.node.cluster,
            number=connection,
            ephemeral=private.public_key().public_bytes_raw(),
            answers=hash_of(frame),
        ).packed()
        theirs, ours = self.peers[greeting.origin].public, self.node.identity.public
        keys = keys_of(private, greeting.ephemeral, frame + welcome + theirs + ours)
        if keys is None:
            return self._refuse(Reason.MALFORMED, frame, greeting)
        link = SecureLink(keys[1], keys[0], connection)
        connected = Connected(link, greeting.origin, greeting.cluster)
        self._last[greeting.origin] = _Last(greeting.number, frame, welcome, connected)
        return welcome, connected

    def _refuse(
        self, reason: Reason, frame: bytes, greeting: Greeting, number: int = 0
    ) -> tuple[bytes, Refused]:
        """A signed REFUSE, which is worth something to nobody but the sender of that very HELLO."""
        # Which cluster this is, only who has proven to be one of us is told.
        cluster = self.node.cluster if reason is Reason.CLUSTER else NO_CLUSTER
        target = "" if greeting.origin == "?" else greeting.origin
        answer = said_by(
            self.node,
            Kind.REFUSE,
            target,
            greeting.origin_number,
            reason=reason,
            cluster=cluster,
            number=number,
            answers=hash_of(frame),
        )
        return answer.packed(), refused(reason, self.node, greeting)


def said_by(
    node: Node,
    kind: Kind,
    target: str,
    target_number: int,
    *,
    reason: int = 0,
    cluster: bytes = NO_CLUSTER,
    number: int = 0,
    ephemeral: bytes = bytes(32),
    answers: bytes = bytes(32),
) -> Greeting:
    """A signed frame of ours."""
    return Greeting(
        kind,
        node.name,
        node.number,
        target,
        target_number,
        node.version,
        reason,
        cluster,
        node.build,
        number,
        ephemeral,
        answers,
    ).signed(node.identity)


def unfit(node: Node, greeting: Greeting) -> Refused | None:
    """Why nodes that are who they say cannot work together; None if they can."""
    blank = greeting.kind is Kind.HELLO and greeting.cluster == NO_CLUSTER
    blank |= greeting.kind is Kind.WELCOME and node.cluster == NO_CLUSTER
    for wrong, reason in (
        (greeting.version != node.version, Reason.VERSION),
        ((greeting.target, greeting.target_number) != (node.name, node.number), Reason.OTHER_NODE),
        (greeting.build != node.build, Reason.BUILD),
        (greeting.cluster != node.cluster and not blank, Reason.CLUSTER),
    ):
        if wrong:
            return refused(reason, node, greeting)
    return None


def keys_of(
    private: X25519PrivateKey, public: bytes, transcript: bytes
) -> tuple[bytes, bytes] | None:
    """The initiator's key for sending and the responder's. None: that is no point to share with."""
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return None
    salt = hashlib.sha256(transcript).digest()
    keys = HKDF(algorithm=SHA256(), length=64, salt=salt, info=INFO).derive(shared)
    return keys[:32], keys[32:]
