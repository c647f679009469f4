"""Two nodes that know each other get keys; a recording of one gets none and harms nothing."""

import itertools

import pytest

from replicator.greeter import PeerGreeter
from replicator.greeting import Reason
from replicator.handshake import Connected
from replicator.refused import Refused
from tests.replicator.shaking import (
    ALPHA,
    BETA,
    CLUSTER,
    GAMMA,
    Links,
    chance,
    initiator,
    node,
    peer_of,
    responder,
    shake,
    talk,
    ticking,
)


def test_both_get_the_same_connection_and_know_who_the_other_is():
    ours, theirs = shake(initiator(), responder())
    assert (ours.peer, theirs.peer) == ("alpha", "beta")
    assert ours.link.connection == theirs.link.connection
    assert (ours.cluster, theirs.cluster) == (CLUSTER, CLUSTER)
    assert talk(ours.link, theirs.link)


def test_the_same_chance_makes_the_same_bytes_another_one_others():
    def frames(seed: int) -> list[bytes]:
        asks, asked = initiator(seed=seed), responder(seed=seed + 1)
        reply, _ = asked.answer(hello := asks.hello())
        ours = asks.welcomed(reply)
        assert isinstance(ours, Connected)
        return [hello, reply, ours.link.seal(12, b"body")]

    assert frames(5) == frames(5)
    assert [one == other for one, other in zip(frames(5), frames(6), strict=True)] == [False] * 3


def test_every_handshake_has_keys_and_a_number_of_its_own():
    asks, asked = initiator(), responder()
    links = [shake(asks, asked)[0].link for _ in range(5)]
    assert len({link.connection for link in links}) == 5
    sealed = {link.seal(12, b"the same body")[24:] for link in links}
    assert len(sealed) == 5
    for one, other in itertools.permutations(links, 2):
        assert other.open(one.seal(12, b"x")) is None


def test_each_direction_has_a_key_of_its_own():
    ours, theirs = shake(initiator(), responder())
    there, back = ours.link.seal(12, b"the same"), theirs.link.seal(12, b"the same")
    assert there[:24] == back[:24]
    assert there[24:] != back[24:]
    assert ours.link.open(there) is None


def test_a_node_without_a_journal_learns_the_cluster():
    blank = node("beta", 2, cluster=bytes(16))
    ours, theirs = shake(initiator(blank), responder())
    assert (ours.cluster, theirs.cluster) == (CLUSTER, bytes(16))


def test_each_of_several_peers_is_known_by_its_key():
    asked = responder()
    ours, theirs = shake(initiator(BETA), asked)
    others, also_theirs = shake(initiator(GAMMA), asked)
    assert (theirs.peer, also_theirs.peer) == ("beta", "gamma")
    assert talk(ours.link, theirs.link)
    assert talk(others.link, also_theirs.link)


def test_a_hello_is_repeated_until_it_is_answered_and_gets_the_same_answer():
    """Doubled and slow messages do not make a second connection that pushes out the first."""
    asks, asked = initiator(), responder()
    hello = asks.hello()
    assert asks.hello() == hello
    reply, theirs = asked.answer(hello)
    again, same = asked.answer(hello)
    assert again == reply
    assert isinstance(theirs, Connected)
    assert isinstance(same, Connected)
    assert same.link is theirs.link
    ours = asks.welcomed(reply)
    assert isinstance(ours, Connected)
    assert asks.welcomed(again) is None, "a double of the answer"
    assert talk(ours.link, theirs.link)
    assert asked.answer(hello) == (b"", None), "a double of a HELLO whose connection is in use"
    assert asks.hello() != hello


def test_a_replayed_hello_ends_no_good_connection():
    asks, asked, links = initiator(), responder(), Links()
    recorded = asks.hello()
    ours, theirs = shake(asks, asked)
    links.pending = theirs.link
    assert not links.open(b"noise")
    assert links.pending is theirs.link, "nothing is in use before a good frame has come"
    assert links.open(ours.link.seal(12, b"proof")) == (12, b"proof")
    assert links.current is theirs.link

    restarted = responder(seed=99)  # it has forgotten all stamps, so it takes the recording
    reply, found = restarted.answer(recorded)
    assert isinstance(found, Connected)
    links.pending = found.link
    for body in (b"goes on", b"and on"):
        assert links.open(ours.link.seal(12, body)) == (12, body)
    assert asks.welcomed(reply) is None, "nor does the real node take that answer"
    assert links.current is theirs.link
    assert found.link.received == 0

    renewed, theirs = shake(asks, restarted)
    links.pending = theirs.link
    assert links.open(renewed.link.seal(12, b"new")) == (12, b"new")
    assert links.open(ours.link.seal(12, b"old")) is None
    assert links.current is not found.link
    assert not links.pending


def test_an_older_hello_does_not_push_out_the_pending_connection():
    asks, asked = initiator(), responder()
    recorded = asks.hello()
    shake(asks, asked)
    ours, theirs = shake(asks, asked)
    reply, found = asked.answer(recorded)
    assert isinstance(found, Refused)
    assert found.reason is Reason.STALE
    assert asks.welcomed(reply) is None, "it asked nothing of the kind lately"
    assert talk(ours.link, theirs.link)


def test_a_clock_that_went_back_costs_one_more_hello():
    asked = responder()
    shake(initiator(clock=lambda: 10**18), asked)
    asks = initiator(clock=lambda: 5, seed=50)
    reply, found = asked.answer(asks.hello())
    assert isinstance(found, Refused)
    told = asks.welcomed(reply)
    assert isinstance(told, Refused)
    assert (told.reason, told.told) == (Reason.STALE, True)
    ours, theirs = shake(asks, asked)
    assert talk(ours.link, theirs.link)


def test_a_restarted_responder_is_reached_with_the_same_hello():
    asks = initiator()
    lost, _ = responder(seed=3).answer(asks.hello())
    ours, theirs = shake(asks, responder(seed=4))
    assert asks.welcomed(lost) is None
    assert talk(ours.link, theirs.link)


def test_both_may_ask_at_once():
    ours, theirs = shake(initiator(ALPHA, BETA), responder(BETA, (ALPHA,)))
    others, also = shake(initiator(BETA, ALPHA, seed=7), responder(ALPHA, (BETA,), seed=8))
    assert talk(ours.link, theirs.link)
    assert talk(others.link, also.link)


@pytest.mark.parametrize("lost", [True, False])
def test_a_greeter_does_both_and_tells_what_it_refused(lost: bool):
    heard: list[Refused] = []
    alpha = PeerGreeter(ALPHA, peer_of(BETA), random=chance(1), clock=ticking(), heard=heard.append)
    beta = PeerGreeter(
        node("beta", 2, cluster=bytes(16)), peer_of(ALPHA), random=chance(2), clock=ticking()
    )
    if lost:
        alpha.answer(beta.hello())
    reply, theirs = alpha.answer(beta.hello())
    ours = beta.welcomed(reply)
    assert not isinstance(ours, str)
    assert theirs is not None
    assert talk(ours, theirs)
    assert beta.cluster == CLUSTER
    assert beta.welcomed(b"noise") == ""
    wrong = PeerGreeter(
        node("beta", 2, build="2.0"), peer_of(ALPHA), random=chance(3), clock=lambda: 10**9
    )
    reply, none = alpha.answer(wrong.hello())
    assert none is None
    assert [refused.reason for refused in heard] == [Reason.BUILD]
    told = wrong.welcomed(reply)
    assert isinstance(told, str)
    assert told.startswith("alpha has 1.0 test and beta 2.0: both need releases with the same")
