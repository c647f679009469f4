"""A session finds the primary beside nodes that do not answer, without waiting for them.

An attempt to reach a node, and an answer, may take an hour here: who waited for it would not come
to an end.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

import lmax
from lmax.schema import EventType
from node.clients import asking, conversation, watching
from node.clients.protocol import Kind, Role
from node.clients.tickets import State
from tests.clients.nodes import PATIENCE, PlayedNode, buys, opening, port, until
from tests.clients.silent import Stub, stub
from tests.node.playing import journaled

HOUR = 3600.0


@pytest.fixture(autouse=True)
def never_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "CONNECT_WITHIN_S", HOUR)


@pytest.fixture(params=["deaf", "out of reach"])
def dead(request: pytest.FixtureRequest) -> Iterator[Stub]:
    """A node that stands still: the kernel accepts for it. Or one that nothing gets to."""
    with stub(backlog=0 if request.param == "out of reach" else 64) as found:
        if request.param == "out of reach":
            found.fill()
        yield found


def session_with(*addresses: str) -> lmax.Session:
    return lmax.Session(addresses, patience=2 * PATIENCE, answer_within=HOUR)


def lead(node: PlayedNode, epoch: int) -> None:
    node.played, node.played_epoch = Role.PRIMARY, epoch


def test_a_dead_node_keeps_nobody_from_the_primary(dead: Stub, tmp_path: Path) -> None:
    with port(tmp_path) as (_, server), session_with(dead.address, server.address) as session:
        for ticket in session.submit(opening()):
            session.result(ticket, PATIENCE)
        assert session.node == "a"


def test_a_standby_is_asked_again_while_the_other_one_is_dead(dead: Stub, tmp_path: Path) -> None:
    with (
        port(tmp_path, role=Role.STANDBY) as (node, server),
        session_with(dead.address, server.address) as session,
    ):
        tickets = session.submit(opening())
        until(lambda: "is not the primary" in session._talk.trouble)
        until(lambda: f"{dead.address} has not answered yet" in session._talk.trouble)
        assert not any(ticket.done for ticket in tickets)
        lead(node, 2)
        assert session.result(tickets[0], PATIENCE)[0]["type"]
        assert session.epoch == 2


def test_a_standby_says_that_it_leads_and_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else a client would find out as late as it asks the next time."""
    monkeypatch.setattr(watching, "WATCH_S", HOUR)
    monkeypatch.setattr(conversation, "PAUSE_S", HOUR)
    monkeypatch.setattr(conversation, "LONGEST_PAUSE_S", HOUR)
    with (
        port(tmp_path, role=Role.STANDBY) as (node, server),
        session_with(server.address) as session,
    ):
        tickets = session.submit(opening())
        until(lambda: "is not the primary" in session._talk.trouble)
        lead(node, 2)
        server.role_changed()
        assert session.result(tickets[0], PATIENCE)[0]["type"]
        assert session.epoch == 2


def test_a_standby_that_is_watched_and_ends_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(watching, "WATCH_S", HOUR)
    with stub() as standby, session_with(standby.address) as session:
        talk = standby.accept()
        talk.welcome(Role.STANDBY, 1)
        until(lambda: "is not the primary" in session._talk.trouble)
        talk.end()
        standby.accept().welcome(Role.PRIMARY, 2)
        until(lambda: session.epoch == 2)


def test_a_node_that_is_lost_while_it_is_watched_is_asked_again_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its connection stays open for a machine that has lost its power."""
    monkeypatch.setattr(watching, "WATCH_S", 0.05)
    with stub() as standby, session_with(standby.address) as session:
        talk = standby.accept()
        talk.welcome(Role.STANDBY, 1)
        again = standby.accept()
        again.welcome(Role.PRIMARY, 2)
        until(lambda: session.epoch == 2)
        assert talk.closed()


def test_who_is_silent_is_left_as_soon_as_another_node_leads(tmp_path: Path) -> None:
    with (
        stub() as old,
        port(tmp_path, name="b", role=Role.STANDBY) as (node, server),
        session_with(old.address, server.address) as session,
    ):
        talk = old.accept()
        talk.welcome(Role.PRIMARY, 1)
        tickets = session.submit(opening(), idempotent=True)
        talk.until(Kind.SUBMIT)
        until(lambda: "is not the primary" in session._talk.finder.trouble())
        assert session.node == "stub", "it is kept while nobody else leads"
        lead(node, 2)
        found = [session.result(ticket, PATIENCE) for ticket in tickets]
        assert (session.node, session.epoch) == ("b", 2)
        assert talk.closed()
    assert all(ticket.epoch == 2 for ticket in tickets)
    assert len(journaled(tmp_path)) == len(found), "each was applied once"


def test_what_cannot_be_sent_twice_is_unknown_when_its_node_fell_silent(tmp_path: Path) -> None:
    deposit = opening()[-1:].copy()
    deposit["client_order_id"] = 0
    with (
        stub() as old,
        port(tmp_path, role=Role.STANDBY) as (node, server),
        session_with(old.address, server.address) as session,
    ):
        talk = old.accept()
        talk.welcome(Role.PRIMARY, 1)
        (lost,) = session.submit(deposit)
        (kept,) = session.submit(buys(1))
        talk.until(Kind.SUBMIT)
        lead(node, 2)
        assert session.result(kept, PATIENCE)[0]["type"] == EventType.REJECTED
        assert lost.state is State.UNKNOWN
    assert len(journaled(tmp_path)) == 1


def test_a_silent_primary_is_not_left_for_one_of_a_lower_epoch(tmp_path: Path) -> None:
    with (
        stub() as new,
        port(tmp_path, epoch=4) as (node, server),
        session_with(new.address, server.address) as session,
    ):
        talk = new.accept()
        talk.welcome(Role.PRIMARY, 5)
        until(lambda: session.node == "stub")
        (ticket,) = session.submit(buys(1))
        until(lambda: session._talk.finder.refused_epochs > 2)
        assert (session.node, session.epoch) == ("stub", 5)
        assert not ticket.done
        assert node.core.business.applied == 0
        lead(node, 6)
        session.result(ticket, PATIENCE)
        assert ticket.epoch == 6


def test_who_answers_late_is_heard_if_it_leads_by_then(tmp_path: Path) -> None:
    with (
        stub() as late,
        port(tmp_path) as (_, server),
        session_with(late.address, server.address) as session,
    ):
        until(lambda: session.node == "a")
        talk = late.accept()
        talk.welcome(Role.PRIMARY, 2)
        until(lambda: session.node == "stub")
        assert session.epoch == 2


def test_who_answers_late_and_does_not_lead_is_let_go(tmp_path: Path) -> None:
    with (
        stub() as late,
        port(tmp_path, epoch=3) as (_, server),
        session_with(late.address, server.address) as session,
    ):
        until(lambda: session.node == "a")
        talk = late.accept()
        talk.welcome(Role.PRIMARY, 2)
        assert talk.closed()
        assert (session.node, session.epoch) == ("a", 3)


def test_a_session_that_is_closed_waits_for_nobody() -> None:
    with stub() as dead:
        with session_with(dead.address) as session:
            until(lambda: bool(session._talk.finder.problems))
        talk = dead.accept()
        talk.welcome(Role.PRIMARY, 1)
        assert talk.closed()
