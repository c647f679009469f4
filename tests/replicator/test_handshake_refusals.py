"""Who gets no keys, who is told why, and that no byte can be changed on the way."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicator.greeting import LAYOUT, Greeting, Kind, Malformed, Reason, parse
from replicator.handshake import Connected, Initiator, Responder
from replicator.identity import Identity
from replicator.nodes import Node, Peer
from replicator.refused import Refused
from tests.replicator.shaking import (
    ALPHA,
    BETA,
    GAMMA,
    chance,
    initiator,
    node,
    peer_of,
    responder,
    seed_of,
    shake,
)

BYTES = LAYOUT.size


def refusal(asks: Initiator, asked: Responder) -> tuple[Refused, Refused]:
    """What the responder says of the HELLO, and what the initiator is told of it."""
    reply, found = asked.answer(asks.hello())
    told = asks.welcomed(reply)
    assert isinstance(found, Refused), found
    assert isinstance(told, Refused), told
    return found, told


@pytest.mark.parametrize(
    ("changed", "reason", "text"),
    [
        ({"version": 2}, Reason.VERSION, "alpha speaks version 1 of the link and beta version 2"),
        ({"build": "1.1 test"}, Reason.BUILD, "alpha has 1.0 and beta 1.1: both need"),
        ({"build": ""}, Reason.BUILD, "alpha has 1.0 test and beta nothing instead: both need"),
        ({"cluster": bytes(15) + b"x"}, Reason.CLUSTER, "belongs to cluster 000102"),
        ({"number": 5}, Reason.STRANGER, "alpha knows no node beta with that number"),
        ({"name": "omega"}, Reason.STRANGER, "alpha knows no node omega"),
        (
            {"identity": Identity.of_seed(seed_of("mallory"))},
            Reason.SIGNATURE,
            "not signed with the key that alpha's configuration has",
        ),
    ],
)
def test_who_does_not_fit_is_refused_and_told(changed: dict, reason: Reason, text: str):
    found, told = refusal(initiator(replace(BETA, **changed)), responder())
    assert (found.reason, found.told) == (reason, False)
    assert (told.reason, told.told) == (reason, True)
    assert text in str(told)


def test_a_version_of_another_layout_is_told_too():
    """Only its first 8 bytes are what this version knows."""
    for frame in (struct.pack("<II", 1, 7), struct.pack("<II", 1, 7) + bytes(1000)):
        reply, found = responder().answer(frame)
        assert isinstance(found, Refused)
        assert found.reason is Reason.VERSION
        assert "the other node speaks version 7" in str(found)
        greeting = parse(reply)
        assert (greeting.kind, greeting.reason) == (Kind.REFUSE, Reason.VERSION)
        assert greeting.is_of(ALPHA.identity.public)


def test_a_reason_of_a_later_version_is_told_by_its_number():
    asks, asked = initiator(replace(BETA, build="x")), responder()
    reply, _ = asked.answer(asks.hello())
    later = replace(parse(reply), reason=77, version=9).signed(ALPHA.identity).packed()
    told = asks.welcomed(later)
    assert isinstance(told, Refused)
    assert (told.reason, told.told) == (Reason.UNKNOWN, True)
    assert "reason 77" in str(told)


def test_another_node_than_was_meant_is_found_out_on_both_sides():
    """Beta means gamma, but its channel leads to alpha, which knows beta."""
    found, told = refusal(initiator(BETA, GAMMA), responder(ALPHA, (BETA,)))
    assert found.reason is Reason.OTHER_NODE
    assert (told.reason, told.told) == (Reason.OTHER_NODE, False)
    assert "gamma should have answered" in str(told)


def test_a_node_that_is_connected_to_itself_says_so():
    """Its HELLO comes back to it, or a copy of it runs elsewhere under the same name or key."""
    for me in (BETA, node("beta", 7), Node("other", 7, BETA.identity, BETA.cluster, BETA.build)):
        reply, found = responder(BETA, (ALPHA,)).answer(initiator(me, GAMMA).hello())
        assert reply == b""
        assert isinstance(found, Refused)
        assert (found.reason, "connected to itself" in str(found)) == (Reason.SELF, True)
    asks = initiator()
    assert asks.welcomed(asks.hello()) is None
    for same in (peer_of(BETA), Peer("x", 2, ALPHA.identity.public), Peer("beta", 9, bytes(32))):
        with pytest.raises(ValueError, match="own"):
            Initiator(BETA, same, random=chance(), clock=lambda: 1)
        with pytest.raises(ValueError, match="own"):
            Responder(BETA, [same], random=chance())


def test_every_changed_byte_of_a_hello_gets_no_keys():
    asked = responder()
    asks = initiator()
    hello = asks.hello()
    reasons = set()
    for at in range(BYTES):
        changed = bytearray(hello)
        changed[at] ^= 1
        reply, found = asked.answer(bytes(changed))
        assert isinstance(found, Refused), f"byte {at}"
        reasons.add(found.reason)
        if reply:
            assert asks.welcomed(reply) is None, f"byte {at}: an answer to something else"
    assert {Reason.SIGNATURE, Reason.VERSION, Reason.STRANGER, Reason.MALFORMED} <= reasons
    shake(asks, asked)


def test_every_changed_byte_of_a_welcome_gets_no_keys():
    asks, asked = initiator(), responder()
    welcome, _ = asked.answer(asks.hello())
    for at in range(BYTES):
        changed = bytearray(welcome)
        changed[at] ^= 1
        assert not isinstance(asks.welcomed(bytes(changed)), Connected), f"byte {at}"
    assert isinstance(asks.welcomed(welcome), Connected), "none of that ended the asking"


def test_every_changed_byte_of_a_refusal_is_not_believed():
    asks, asked = initiator(replace(BETA, build="other")), responder()
    refuse, _ = asked.answer(asks.hello())
    for at in range(BYTES):
        changed = bytearray(refuse)
        changed[at] ^= 1
        found = asks.welcomed(bytes(changed))
        assert found is None or (isinstance(found, Refused) and not found.told), f"byte {at}"
    told = asks.welcomed(refuse)
    assert isinstance(told, Refused)
    assert told.told


def test_an_answer_of_a_peer_that_knows_better_is_checked_all_the_same():
    """The responder's own checks are no protection from a responder that makes none."""
    for changed, reason in (
        ({"version": 2}, Reason.VERSION),
        ({"build": "other"}, Reason.BUILD),
        ({"cluster": bytes(15) + b"x"}, Reason.CLUSTER),
        ({"target": "gamma"}, Reason.OTHER_NODE),
        ({"origin": "gamma"}, Reason.OTHER_NODE),
        ({"ephemeral": bytes(32)}, Reason.MALFORMED),
    ):
        asks, asked = initiator(), responder()
        welcome, _ = asked.answer(asks.hello())
        found = asks.welcomed(replace(parse(welcome), **changed).signed(ALPHA.identity).packed())
        assert isinstance(found, Refused)
        assert (found.reason, found.told) == (reason, False)


def test_a_hello_with_a_point_that_has_no_secret_gets_no_keys():
    weak = replace(parse(initiator().hello()), ephemeral=bytes(32)).signed(BETA.identity)
    _, found = responder().answer(weak.packed())
    assert isinstance(found, Refused)
    assert found.reason is Reason.MALFORMED


def test_a_signature_serves_one_kind_of_frame():
    hello = parse(initiator().hello())
    assert hello.is_of(BETA.identity.public)
    for kind in (Kind.WELCOME, Kind.REFUSE):
        assert not replace(hello, kind=kind).is_of(BETA.identity.public)


def test_a_welcome_to_another_node_or_another_hello_is_noise():
    asked = responder()
    to_gamma, _ = asked.answer(initiator(GAMMA).hello())
    asks = initiator()
    first = asks.hello()
    to_first, _ = asked.answer(first)
    assert isinstance(asks.welcomed(to_first), Connected)
    assert asks.welcomed(to_first) is None
    asks.hello()
    assert asks.welcomed(to_first) is None
    assert asks.welcomed(to_gamma) is None


@given(st.binary(max_size=BYTES + 10))
def test_any_bytes_are_noise_or_refused(frame: bytes):
    asks = initiator()
    asks.hello()
    assert asks.welcomed(frame) is None
    _, found = responder().answer(frame)
    assert isinstance(found, Refused)
    with pytest.raises(Malformed):
        parse(frame[: BYTES - 1])


@given(st.binary(min_size=BYTES, max_size=BYTES), st.integers(1, 3))
def test_what_is_taken_for_a_frame_is_packed_to_the_same_bytes(noise: bytes, kind: int):
    """So that no byte stands outside what is signed."""
    good = Greeting(Kind(kind), "a", 1, "b", 2).packed()
    for frame in (kind.to_bytes(4, "little") + noise[4:], good[:136] + noise[136:]):
        try:
            assert parse(frame).packed() == frame
        except Malformed:
            assert frame != good


def test_names_that_could_upset_a_terminal_or_a_log_are_no_names():
    for name in ("", "-x", "a b", "a\n", "a\x1b", "ü", "x" * 33):
        with pytest.raises(ValueError, match="a node has a name"):
            Peer(name, 1, bytes(32))
        with pytest.raises(ValueError, match="a node has a name"):
            Node(name, 1, BETA.identity)
    for number in (0, 16, -1):
        with pytest.raises(ValueError, match="a number from 1 to 15"):
            Peer("a", number, bytes(32))
    for bad in (b"\x1b[2J", b"a\0b", b"\xff"):
        frame = bytearray(initiator().hello())
        frame[40:72] = bad.ljust(32, b"\0")
        with pytest.raises(Malformed):
            parse(bytes(frame))


def test_two_peers_with_one_name_number_or_key_are_refused():
    key = BETA.identity.public
    for other in (Peer("beta", 3, bytes(32)), Peer("x", 2, bytes(32)), Peer("x", 3, key)):
        with pytest.raises(ValueError, match="same name, number or key"):
            Responder(ALPHA, [peer_of(BETA), other], random=chance())


def test_no_secret_is_told():
    """Neither the identity's seed, nor an X25519 key, nor a connection's."""
    drawn: list[bytes] = []

    def remembering(size: int) -> bytes:
        drawn.append(chance(len(drawn))(size))
        return drawn[-1]

    asks = Initiator(BETA, peer_of(ALPHA), random=remembering, clock=lambda: 1)
    asked = Responder(ALPHA, [peer_of(BETA)], random=remembering)
    hello = asks.hello()
    reply, theirs = asked.answer(hello)
    ours = asks.welcomed(reply)
    refusals = refusal(initiator(replace(BETA, version=3)), asked)
    texts = [repr(thing) for thing in (BETA, peer_of(BETA), asks, asked, theirs, ours, *refusals)]
    secrets = [seed_of("alpha"), seed_of("beta"), *(one for one in drawn if len(one) == 32)]
    assert len(secrets) == 4
    for secret in secrets:
        assert secret not in hello + reply
        shown = (secret.hex(), repr(secret)[2:-1])
        assert [text for text in texts if any(form in text for form in shown)] == []
