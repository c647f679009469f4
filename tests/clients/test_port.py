"""One node's client port, frame by frame: answers, repeated commands, conflicts, questions."""

from pathlib import Path

import numpy as np
import pytest

from journal.beginning import note
from journal.folder import RealFolder
from journal.headers import read_header, segment_name
from journal.keys import Keys
from lmax.records import joined
from lmax.schema import COMMAND, EVENT, CommandType, EventType, Reason
from node.clients.desk import Limits
from node.clients.protocol import (
    Ask,
    Code,
    Flag,
    Frame,
    Kind,
    Refused,
    Role,
    decode_events,
    encode_book,
)
from node.clients.query import book, status
from node.core import Core
from node.refusals import CoreFailed
from node.snapshots import take_one
from tests.clients.nodes import SEGMENT, Raw, buys, cancel, opening, port, until
from tests.node.playing import offline, submit_all, sweep


def events_of(frame: Frame, original: bool = False) -> np.ndarray:
    assert frame.kind == Kind.EVENTS, Refused.decode(frame.body)
    assert bool(frame.flags & Flag.ORIGINAL) == original
    return decode_events(frame.body)[3]


def code_of(frame: Frame) -> Code:
    assert frame.kind == Kind.REFUSED
    return Refused.decode(frame.body).code


def deposit(own: int) -> np.ndarray:
    command = np.zeros(1, COMMAND)
    command["type"] = CommandType.DEPOSIT
    command["account"], command["quantity"], command["client_order_id"] = 1, 100, own
    return command


def collect(client: Raw, count: int) -> np.ndarray:
    """The events of so many commands, as they come."""
    parts: list[np.ndarray] = [np.empty(0, EVENT)]
    while sum(int((part["flags"] & 1).sum()) for part in parts) < count:
        parts.append(events_of(client.next()))
    return joined(parts)


def of_order(events: np.ndarray, id_: int) -> np.ndarray:
    """All events of the command that made the order, those of the book among them."""
    sequence = events[events["client_order_id"] == id_][0]["sequence"]
    return events[events["sequence"] == sequence]


def test_what_comes_is_what_the_journal_says(tmp_path: Path) -> None:
    """Also where a command has more events than a frame takes."""
    commands = sweep(3000)
    with port(tmp_path) as (_, server):
        client = Raw(server)
        parts = []
        for at in range(0, len(commands), 500):
            some = commands[at : at + 500]
            client.submit(some)
            parts.append(collect(client, len(some)))
        client.close()
    assert joined(parts).tobytes() == offline(tmp_path)[1].tobytes()


def test_the_same_again_gets_the_original_events_byte_for_byte(tmp_path: Path) -> None:
    with port(tmp_path) as (node, server):
        client, other = Raw(server), Raw(server)
        client.submit(opening())
        collect(client, len(opening()))
        first = events_of(client.answer(buys(5)))
        applied = node.core.business.applied
        for who in [client, other]:
            again = events_of(who.answer(buys(5), resend=True), original=True)
            assert again.tobytes() == first.tobytes()
        assert node.core.business.applied == applied, "it was not even published"
        double = events_of(client.answer(buys(5)))
        assert double[0]["reason"] == Reason.DUPLICATE_CLIENT_ORDER_ID, "no resend, no lookup"
        again = events_of(client.answer(buys(5), resend=True), original=True)
        assert again.tobytes() == first.tobytes()
        for raw in [client, other]:
            raw.close()


def test_another_body_under_the_same_id_is_a_conflict(tmp_path: Path) -> None:
    with port(tmp_path) as (node, server):
        client = Raw(server)
        client.submit(joined([opening(), buys(5)]))
        collect(client, len(opening()) + 1)
        hidden = buys(5)
        hidden["instructions"] = 1
        applied = node.core.business.applied
        for other in [buys(5, price=999), buys(5, quantity=2), hidden]:
            assert code_of(client.answer(other, resend=True)) == Code.CONFLICT
        assert node.core.business.applied == applied
        client.close()


def test_a_resend_that_never_came_is_applied_and_old_answers_are_not_its(tmp_path: Path) -> None:
    with port(tmp_path) as (node, server):
        client = Raw(server)
        client.submit(joined([opening(), cancel(5)]))
        refused = collect(client, len(opening()) + 1)[-1:]
        assert refused[0]["type"] == EventType.REJECTED
        events_of(client.answer(buys(5), resend=True))
        seen = node.core.business.applied
        found = events_of(client.answer(cancel(5), after=seen, resend=True))
        assert found[0]["type"] == EventType.CANCELLED
        again = events_of(client.answer(cancel(5), after=seen, resend=True), original=True)
        assert again.tobytes() == found.tobytes()
        client.close()


def test_a_deposit_with_an_id_is_made_once(tmp_path: Path) -> None:
    with port(tmp_path) as (_, server):
        client = Raw(server)
        client.submit(opening())
        collect(client, len(opening()))
        first = events_of(client.answer(deposit(7)))
        again = events_of(client.answer(deposit(7), resend=True), original=True)
        assert again.tobytes() == first.tobytes()
        other = events_of(client.answer(deposit(0), resend=True))
        assert other[0]["sequence"] == first[0]["sequence"] + 1
        client.close()


def test_parts_of_a_resend_that_were_taken_are_answered_and_the_rest_is_applied(
    tmp_path: Path,
) -> None:
    with port(tmp_path) as (_, server):
        client = Raw(server)
        client.submit(joined([opening(), buys(2), buys(4, price=999)]))
        collect(client, len(opening()) + 2)
        client.submit(buys(1, 5), resend=True)
        found: dict[int, tuple[int, int]] = {}
        while len(found) < 5:
            frame = client.next()
            if frame.kind == Kind.REFUSED:
                refused = Refused.decode(frame.body)
                assert refused.count == 1
                found[refused.position] = (frame.kind, refused.code)
                continue
            _, position, count, events = decode_events(frame.body)
            assert count == 1
            assert events[0]["client_order_id"] == position + 1
            found[position] = (frame.kind, frame.flags)
        new, old = (Kind.EVENTS, 0), (Kind.EVENTS, Flag.ORIGINAL)
        assert [found[at] for at in range(5)] == [
            new, old, new, (Kind.REFUSED, Code.CONFLICT), new,
        ]  # fmt: skip
        client.close()


@pytest.mark.parametrize("restart", [False, True])
def test_what_was_forgotten_is_looked_up_in_the_journal(tmp_path: Path, restart: bool) -> None:
    limits = Limits(answers=50)
    with port(tmp_path, limits=limits) as (_, server):
        client = Raw(server)
        client.submit(joined([opening(), deposit(7), buys(1, 300)]))
        events = collect(client, len(opening()) + 301)
        first = of_order(events, 1)
        if not restart:
            check_forgotten(client, server, first)
        client.close()
    if restart:
        with port(tmp_path, limits=limits) as (_, server):
            client = Raw(server)
            check_forgotten(client, server, first)
            client.close()


def check_forgotten(client: Raw, server, first: np.ndarray) -> None:
    assert events_of(client.answer(buys(1), resend=True), True).tobytes() == first.tobytes()
    assert code_of(client.answer(buys(1, price=999), resend=True)) == Code.CONFLICT
    assert events_of(client.answer(deposit(7), resend=True), True)[0]["command"] == 3
    client.send(Kind.ASK, Ask(1, 1).encode())
    assert events_of(client.next(), True).tobytes() == first.tobytes()
    client.send(Kind.ASK, Ask(1, 9999).encode())
    assert code_of(client.next()) == Code.NOT_KNOWN
    assert server.counters["journal searches"] >= 4


def test_questions(tmp_path: Path) -> None:
    with port(tmp_path) as (_, server):
        client = Raw(server)
        client.submit(joined([opening(), buys(5)]))
        events = collect(client, len(opening()) + 1)
        client.send(Kind.ASK, Ask(1, 5).encode())
        found = events_of(client.next(), original=True)
        assert found.tobytes() == of_order(events, 5).tobytes()
        for wrong in [Ask(2, 5), Ask(1, 6), Ask(1, 5, CommandType.CANCEL), Ask(1, 5, 0, 99)]:
            client.send(Kind.ASK, wrong.encode())
            assert code_of(client.next()) == Code.NOT_KNOWN
        client.send(Kind.ASK, Ask(1, 0).encode())
        assert code_of(client.next()) == Code.BAD_REQUEST
        client.send(Kind.BOOK, encode_book(99, 5))
        assert code_of(client.next()) == Code.BAD_REQUEST
        client.close()


def test_what_is_not_decided_is_pending_and_a_full_ring_is_a_refusal(tmp_path: Path) -> None:
    limits = Limits(pending_s=0.05)
    with port(tmp_path, limits=limits, slots=64) as (node, server):
        client = Raw(server)
        client.submit(opening())
        collect(client, len(opening()))
        node.core.input.add_gate(node.core.synced)  # no matter: only to have a gate
        stuck = node.core.input.cursor + 1
        assert node.core.input.try_claim(1) == stuck  # claimed, not published: nothing goes on
        client.submit(buys(5))
        asked = client.send(Kind.ASK, Ask(1, 5).encode())
        found = client.next()
        assert (found.request, code_of(found)) == (asked, Code.PENDING)
        assert code_of(client.answer(buys(100, 64))) == Code.RING_FULL
        assert code_of(client.answer(buys(100, 100))) == Code.BAD_REQUEST
        slot = node.core.input.view[stuck % 64]
        slot["sequence"], slot["type"] = stuck, CommandType.TIMER
        slot["timestamp"] = 1
        node.core.input.publish(stuck)
        assert events_of(client.next())[0]["client_order_id"] == 5
        client.close()


def test_who_does_not_read_is_closed_and_others_are_served(tmp_path: Path) -> None:
    with port(tmp_path, limits=Limits(unread_bytes=200_000)) as (_, server):
        client, slow = Raw(server), Raw(server)
        client.submit(joined([opening(), buys(1, 3000)]))
        collect(client, len(opening()) + 3000)
        number = 0
        try:
            while not server.counters.get("slow readers"):
                number += 1
                slow.submit(buys(1, 1000), resend=True)
                assert number < 1000, "it is served without reading"
        except OSError:
            until(lambda: server.counters.get("slow readers", 0) == 1)
        assert events_of(client.answer(buys(5000)))[0]["type"] == EventType.ACCEPTED
        for raw in [client, slow]:
            raw.close()


def test_a_standby_answers_what_changes_nothing(tmp_path: Path) -> None:
    with port(tmp_path) as (node, server):
        client = Raw(server)
        client.submit(joined([opening(), buys(5, price=1000, quantity=3)]))
        collect(client, len(opening()) + 1)
        node.played, node.partner, node.played_epoch = Role.STANDBY, "10.9.8.7:1234", 4
        server.role_changed()
        for refused in [client.answer(buys(6)), client.answer(buys(5), resend=True)]:
            said = Refused.decode(refused.body)
            assert (said.code, said.primary, said.epoch) == (Code.NOT_PRIMARY, node.partner, 4)
        client.send(Kind.ASK, Ask(1, 5).encode())
        assert code_of(client.next()) == Code.NOT_PRIMARY
        found = status(server.address)
        assert (found.role, found.epoch, found.primary) == (Role.STANDBY, 4, node.partner)
        assert found.sequence == node.core.business.applied
        until(lambda: node.core.marketdata.sequence == found.sequence)
        assert book(server.address, 1).bids == [(1000, 3, 1)]
        with pytest.raises(KeyError):
            book(server.address, 2)
        client.close()


def test_who_waits_for_a_node_that_steps_down_is_told(tmp_path: Path) -> None:
    with port(tmp_path) as (node, server):
        client = Raw(server)
        client.submit(opening())
        collect(client, len(opening()))
        stuck = node.core.input.try_claim(1)
        number = client.submit(buys(5, 3))
        resent = client.submit(buys(9), resend=True)
        until(lambda: node.core.input.cursor == stuck + 3)
        node.played = Role.FENCED
        server.role_changed()
        found, other = client.next(), client.next()
        said = Refused.decode(found.body)
        assert (found.request, said.code, said.position) == (number, Code.UNAVAILABLE, 0)
        assert (other.request, code_of(other)) == (resent, Code.NOT_PRIMARY)
        node.core.input.view[stuck % 4096]["sequence"] = stuck
        node.core.input.publish(stuck)
        node.core.wait_applied(stuck + 3)
        client.close()


def test_a_failed_core_is_unavailable(tmp_path: Path) -> None:
    with port(tmp_path) as (node, server):
        client = Raw(server)
        client.submit(opening())
        collect(client, len(opening()))
        real = node.core.raise_failure

        def failing() -> None:
            raise CoreFailed("the disk is gone")

        node.core.raise_failure = failing  # type: ignore[method-assign]
        assert code_of(client.answer(buys(5))) == Code.UNAVAILABLE
        assert status(server.address).role == Role.FENCED
        node.core.raise_failure = real  # type: ignore[method-assign]
        client.close()


def prune(journal: Path) -> None:
    """Delete the first segment, and note where the journal begins now."""
    folder = RealFolder(journal)
    header = read_header(folder, segment_name(2))
    assert isinstance(header, dict)
    note(folder, 2, header["first_sequence"] - 1, header["previous"])
    (journal / segment_name(1)).unlink()


def test_where_the_journal_was_pruned_nobody_is_told_that_nothing_was_there(
    tmp_path: Path,
) -> None:
    with Core(tmp_path, segment_bytes=SEGMENT) as core:
        submit_all(core, joined([opening(), buys(1, 12_000)]))
        core.wait_applied(core.input.cursor)
        # That the last write was synced is only certain once another one follows it.
        submit_all(core, buys(20_000))
        core.wait_applied(core.input.cursor)
    taken = take_one(tmp_path, Keys())["sequence"]
    with Core(tmp_path, segment_bytes=SEGMENT) as core:
        submit_all(core, buys(50_000, 10))
    prune(tmp_path)
    with port(tmp_path) as (node, server):
        client = Raw(server)
        events_of(client.answer(buys(50_005), resend=True), original=True)
        assert server._desk.answers is not None
        assert server._desk.answers.since == taken
        client.send(Kind.ASK, Ask(1, 99_999).encode())
        assert code_of(client.next()) == Code.FORGOTTEN
        client.send(Kind.ASK, Ask(1, 99_999, after=node.core.recovered).encode())
        assert code_of(client.next()) == Code.NOT_KNOWN
        events_of(client.answer(buys(99_999), resend=True))
        client.close()
