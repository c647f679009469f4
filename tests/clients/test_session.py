"""A session finds the primary, survives the loss of nodes, and every command is applied once."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import lmax
from lmax.records import joined
from lmax.schema import CommandType, EventType, Reason
from node.clients.protocol import Role
from node.clients.tickets import State
from tests.clients.nodes import PATIENCE, buys, cancel, opening, port, until
from tests.node.playing import journaled, offline

ROOT = Path(__file__).resolve().parent.parent.parent


def session_with(*addresses: str, **options) -> lmax.Session:
    return lmax.Session(addresses, patience=PATIENCE * 2, **options)


def results(session: lmax.Session, tickets: list[lmax.Ticket]) -> list[np.ndarray]:
    return [session.result(ticket, PATIENCE) for ticket in tickets]


def bids(session: lmax.Session) -> list[tuple[int, int, int]]:
    """Market data comes behind the answers: for a moment it may know of nothing yet."""
    try:
        return session.book(1).bids
    except KeyError:
        return []


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return f"127.0.0.1:{found.getsockname()[1]}"


def test_commands_are_answered_in_order_and_looked_at(tmp_path: Path) -> None:
    with (
        port(tmp_path, token="secret") as (_, server),
        session_with(server.address, token="secret") as session,
    ):
        stream = session.events(PATIENCE)
        first = session.submit(opening())
        tickets = session.submit(joined([buys(1, 50), buys(1000, quantity=0)]))
        found = results(session, first + tickets)
        assert [t.state for t in tickets] == [State.ACKNOWLEDGED] * 50 + [State.REJECTED]
        assert [t.sequence for t in tickets] == list(range(8, 59))
        assert tickets[-1].events[0]["reason"] == Reason.QUANTITY_RANGE
        assert session.status().sequence == 58
        assert session.ask(1, 7).tobytes() == tickets[6].events.tobytes()
        with pytest.raises(lmax.NotKnown):
            session.ask(1, 77)
        until(lambda: bids(session) == [(1000, 50, 50)])
        with pytest.raises(KeyError):
            session.book(9)
        more = session.submit(buys(2000))
        results(session, more)
        assert [next(stream).sequence for _ in range(3)] == [1, 2, 3]
        assert "secret" not in repr(session) + str(vars(session))
    assert joined(found).tobytes() == offline(tmp_path)[1][: len(joined(found))].tobytes()


def test_two_with_one_key_are_refused_before_they_are_sent(tmp_path: Path) -> None:
    with session_with(free_address()) as session:
        (ticket,) = session.submit(buys(1))
        with pytest.raises(lmax.AlreadyInFlight) as caught:
            session.submit(buys(1, price=7))
        assert caught.value.ticket is ticket
        with pytest.raises(ValueError, match="two of the commands"):
            session.submit(joined([cancel(5), cancel(5)]))
        with pytest.raises(TypeError):
            session.submit(np.zeros(1))  # type: ignore[arg-type]
        with pytest.raises(TimeoutError, match="refused"):
            session.result(ticket, 0.05)
    assert ticket.state is State.UNKNOWN
    with pytest.raises(lmax.FateUnknown):
        session.result(ticket)
    with pytest.raises(lmax.SessionClosed):
        session.submit(buys(2))


def test_a_wrong_token_is_said(tmp_path: Path) -> None:
    with (
        port(tmp_path, token="right") as (_, server),
        session_with(server.address, token="wrong") as session,
    ):
        (ticket,) = session.submit(buys(1))
        with pytest.raises(TimeoutError, match="token"):
            session.result(ticket, 2)


def test_many_threads_share_a_session(tmp_path: Path) -> None:
    with port(tmp_path) as (_, server), session_with(server.address) as session:
        results(session, session.submit(opening()))
        done: list[int] = []

        def trade(first: int) -> None:
            for at in range(first, first + 300, 30):
                found = results(session, session.submit(buys(at, 30)))
                done.extend(int(events[0]["client_order_id"]) for events in found)

        threads = [threading.Thread(target=trade, args=[n * 1000 + 1]) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert len(done) == len(set(done)) == 1800


def test_a_ring_that_is_full_delays_and_loses_nothing(tmp_path: Path) -> None:
    with port(tmp_path, slots=64) as (_, server), session_with(server.address) as session:
        results(session, session.submit(opening()))
        tickets = [t for n in range(60) for t in session.submit(buys(1 + n * 40, 40))]
        assert all(len(events) for events in results(session, tickets))
    orders = journaled(tmp_path)
    orders = orders[orders["type"] == CommandType.NEW_ORDER]
    assert sorted(orders["client_order_id"]) == list(range(1, 2401))


@contextmanager
def process(folder: Path, address: str, crash: int = 0) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-m", "tests.clients.serving", str(folder)]
    arguments += [address.rpartition(":")[2]] + (["--crash", str(crash)] if crash else [])
    serving = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert serving.stdout is not None
        assert serving.stdout.readline().strip() == address
        yield serving
    finally:
        serving.kill()
        serving.wait()
        assert serving.stdout is not None
        serving.stdout.close()


@pytest.mark.parametrize("crash", [8, 60, 333])
def test_a_node_that_is_killed_and_started_again_gives_the_original_answers(
    tmp_path: Path, crash: int
) -> None:
    address = free_address()
    with session_with(address) as session:
        with process(tmp_path, address, crash) as first:
            tickets = session.submit(opening())
            for at in range(1, 600, 50):
                tickets += session.submit(buys(at, 50))
            first.wait(PATIENCE)
        before = {t.sequence: t.events.tobytes() for t in tickets if t.done}
        with process(tmp_path, address):
            known = [t for t in tickets if t.client_order_id]
            found = results(session, known)
            resolved = {t.sequence: e.tobytes() for t, e in zip(known, found, strict=True)}
            for ticket in (t for t in tickets if not t.client_order_id and not t.done):
                with pytest.raises(lmax.FateUnknown):
                    session.result(ticket, PATIENCE)
    orders = journaled(tmp_path)
    orders = orders[orders["type"] == CommandType.NEW_ORDER]
    assert sorted(orders["client_order_id"]) == list(range(1, 601)), "each applied once"
    events = offline(tmp_path)[1]
    for sequence, data in (before | resolved).items():
        assert data == events[events["sequence"] == sequence].tobytes()


def test_it_follows_to_the_primary_and_back(tmp_path: Path) -> None:
    with (
        port(tmp_path / "a", name="a") as (a, first),
        port(tmp_path / "b", name="b", role=Role.STANDBY) as (b, second),
        session_with(first.address) as session,
    ):
        a.partner, b.partner = second.address, first.address
        results(session, session.submit(opening()))
        assert session.node == "a"
        a.played, a.played_epoch = Role.STANDBY, 2
        b.played, b.played_epoch = Role.PRIMARY, 2
        first.role_changed()
        second.role_changed()
        results(session, session.submit(opening(), idempotent=True))
        results(session, session.submit(buys(1)))
        assert (session.node, session.epoch) == ("b", 2)
        b.played = Role.STANDBY
        a.played, a.played_epoch = Role.PRIMARY, 3
        results(session, session.submit(buys(1)))
        assert (session.node, session.epoch) == ("a", 3)


def test_a_token_is_shown_only_where_it_was_told_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        with port(tmp_path, role=Role.STANDBY, token="secret") as (node, server):
            node.partner = f"127.0.0.1:{stranger.getsockname()[1]}"
            with session_with(server.address, token="secret") as session:
                (ticket,) = session.submit(buys(1))
                with pytest.raises(TimeoutError, match="not the primary"):
                    session.result(ticket, 0.5)
        stranger.settimeout(0.1)
        with pytest.raises(TimeoutError):
            stranger.accept()


def test_a_primary_of_a_lower_epoch_is_none(tmp_path: Path) -> None:
    with (
        port(tmp_path / "a", name="a", epoch=5) as (a, first),
        port(tmp_path / "b", name="b", epoch=4) as (b, second),
        session_with(first.address, second.address) as session,
    ):
        results(session, session.submit(opening()))
        a.played = Role.FENCED
        (ticket,) = session.submit(buys(1))
        until(lambda: session._talk.finder.refused_epochs > 0)
        assert not ticket.done
        assert b.core.business.applied == 0
        with pytest.raises(TimeoutError, match="epoch 4; 5 was seen"):
            session.result(ticket, 0.1)
        b.played_epoch = 6
        second.role_changed()
        assert session.result(ticket, PATIENCE)[0]["type"] == EventType.REJECTED
        assert (ticket.epoch, session.node) == (6, "b")


def test_answers_of_a_lower_epoch_are_refused(tmp_path: Path) -> None:
    """A node that was deposed and does not know it: what it still says is not believed."""
    with (
        port(tmp_path / "a", name="a", epoch=5) as (a, first),
        session_with(first.address) as session,
    ):
        results(session, session.submit(opening()))
        session._talk.finder.epoch = 6
        (ticket,) = session.submit(buys(1))
        until(lambda: session._talk.finder.refused_epochs > 0)
        assert not ticket.done
        a.played_epoch = 7
        first.role_changed()
        events = session.result(ticket, PATIENCE)
        assert events[0]["type"] == EventType.ACCEPTED
        assert ticket.original
        assert ticket.epoch == 7


def test_a_command_that_nobody_could_be_asked_about_is_unknown_until_asked(tmp_path: Path) -> None:
    address = free_address()
    with lmax.Session([address], patience=0.2) as session:
        sent, lost = session.submit(buys(1, 2))
        with pytest.raises(lmax.FateUnknown):
            session.result(sent, PATIENCE)
        until(lambda: lost.state is State.UNKNOWN)
        with process(tmp_path, address):
            with session_with(address) as other:
                results(other, other.submit(joined([opening(), buys(1)])))
            assert session.resolve(sent, PATIENCE)[0]["type"] == EventType.ACCEPTED
            with pytest.raises(lmax.NotKnown):
                session.resolve(lost, PATIENCE)
