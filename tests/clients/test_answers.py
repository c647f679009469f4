"""What is remembered of recent commands: the original events, within bounds."""

from pathlib import Path

import numpy as np
import pytest

from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import CommandType, EventType, Reason
from node.clients.answers import Answers, Gap
from node.clients.keys import key
from node.clients.past import search
from node.core import Core
from tests.clients.nodes import SEGMENT, buys, cancel
from tests.node.playing import end_of_day, journaled, market, opening, submit_all

NEW = CommandType.NEW_ORDER


class Played:
    """Commands played in an engine, and answers fed with what came of them."""

    def __init__(self, **bounds: int) -> None:
        self.engine = Engine()
        self.answers = Answers(**bounds)

    def play(self, commands: np.ndarray, part: int = 1000) -> list[np.ndarray]:
        found = []
        for at in range(0, len(commands), part):
            some = commands[at : at + part].copy()
            first = self.answers.position + 1
            some["sequence"] = some["timestamp"] = np.arange(first, first + len(some))
            events = self.engine.apply(some)
            self.answers.feed(some, events)
            ends = np.flatnonzero(events["flags"] & 1) + 1
            found += np.split(events, ends[:-1])
        return found


@pytest.mark.parametrize("part", [1, 7, 1000])
def test_every_command_with_an_id_gets_its_own_events_back(seed: int, part: int) -> None:
    played = Played()
    commands = market(seed, 1500)
    expected = played.play(commands, part)
    newest = {}
    for at, (command, events) in enumerate(zip(commands, expected, strict=True)):
        double = events[0]["reason"] == Reason.DUPLICATE_CLIENT_ORDER_ID
        if command["type"] == NEW and not double:
            newest[int(command["account"]), int(command["client_order_id"])] = at
    assert len(newest) > 300
    for (account, id_), at in newest.items():
        found = played.answers.find(key(account, id_, NEW))
        assert found is not None
        assert found.sequence == at + 1
        assert found.events.tobytes() == expected[at].tobytes()
        assert found.is_for(commands[at].tobytes())


def test_a_refused_double_does_not_take_the_place_of_the_original() -> None:
    played = Played()
    played.play(opening())
    first, second = played.play(joined([buys(5), buys(5, price=999)]), 1)
    assert second[0]["reason"] == Reason.DUPLICATE_CLIENT_ORDER_ID
    found = played.answers.find(key(1, 5, NEW))
    assert found is not None
    assert found.events.tobytes() == first.tobytes()
    assert not found.is_for(buys(5, price=999)[0].tobytes())


def test_everything_but_the_connection_makes_a_body() -> None:
    played = Played()
    played.play(joined([opening(), buys(5)]))
    found = played.answers.find(key(1, 5, NEW))
    assert found is not None
    other = buys(5)
    other["session"] = 77
    assert found.is_for(other[0].tobytes())
    for field in ["display_quantity", "instructions", "self_trade", "expire_time", "offset"]:
        other = buys(5)
        other[field] = 1
        assert not found.is_for(other[0].tobytes()), field


def test_only_what_is_behind_counts() -> None:
    played = Played()
    played.play(joined([opening(), cancel(5), buys(5), cancel(5)]))
    refused = len(opening()) + 1
    newest = played.answers.find(key(1, 5, CommandType.CANCEL))
    assert newest is not None
    assert newest.events[0]["type"] == EventType.CANCELLED
    assert played.answers.find(key(1, 5, CommandType.CANCEL), refused + 2) is None
    assert played.answers.covers(0)


def test_a_cancel_may_have_an_id_of_its_own() -> None:
    played = Played()
    played.play(joined([opening(), buys(5), cancel(5, own=900), cancel(5, own=901)]))
    found = [played.answers.find(key(1, id_, CommandType.CANCEL)) for id_ in (900, 901)]
    assert [a.events[0]["type"] for a in found if a] == [EventType.CANCELLED, EventType.REJECTED]
    assert played.answers.find(key(1, 5, CommandType.CANCEL)) is None


def test_an_id_of_another_day_names_the_newer_order() -> None:
    played = Played()
    played.play(joined([opening(), buys(5), end_of_day(), buys(5, price=900)]))
    found = played.answers.find(key(1, 5, NEW))
    assert found is not None
    assert found.events[0]["price"] == 900


@pytest.mark.parametrize("bounds", [{"most": 300}, {"most_bytes": 200_000}])
@pytest.mark.parametrize("part", [1, 50])
def test_memory_is_bounded_and_the_oldest_goes_first(bounds: dict[str, int], part: int) -> None:
    played = Played(**bounds)
    answers = played.answers
    played.play(joined([opening(), buys(1, 1000)]), part)
    assert answers.count <= bounds.get("most", 10**9)
    assert answers.size <= bounds.get("most_bytes", 10**9)
    assert 100 < answers.count == answers.position - answers.since
    assert len(answers._where) <= answers.count
    assert answers.find(key(1, 1, NEW)) is None
    assert not answers.covers(answers.since - 1)
    assert answers.covers(answers.since)
    last = answers.find(key(1, 1000, NEW))
    assert last is not None
    assert last.sequence == answers.position
    oldest = answers.at(answers.since + 1)
    assert oldest is not None
    assert oldest.events[0]["sequence"] == answers.since + 1


def test_a_gap_is_refused() -> None:
    played = Played()
    played.play(opening())
    commands = buys(1, 2)
    commands["sequence"] = commands["timestamp"] = played.answers.position + np.array([1, 2])
    events = played.engine.apply(commands)
    with pytest.raises(Gap):
        played.answers.feed(commands[1:], events[events["sequence"] == commands[1]["sequence"]])
    with pytest.raises(Gap):
        played.answers.feed(commands, events[:1])
    played.answers.feed(commands, events)


def test_what_is_forgotten_is_found_in_the_journal(tmp_path: Path) -> None:
    commands = joined([opening(), buys(1, 500), end_of_day(), buys(1, 500, price=900), buys(7)])
    with Core(tmp_path, segment_bytes=SEGMENT) as core:
        submit_all(core, commands)
        core.wait_applied(len(commands))
    day = len(opening()) + 501
    found = search(tmp_path, None, key(1, 7, NEW), 0, len(commands))
    assert found is not None
    assert found.sequence == day + 7, "the double behind it is no answer"
    assert found.command == journaled(tmp_path)[found.sequence - 1].tobytes()
    assert found.events[0]["price"] == 900
    older = search(tmp_path, None, key(1, 7, NEW), 0, day)
    assert older is not None
    assert older.events[0]["price"] == 1000
    assert search(tmp_path, None, key(1, 7, NEW), found.sequence, len(commands)) is None
    assert search(tmp_path, None, key(2, 7, NEW), 0, len(commands)) is None
