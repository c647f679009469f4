"""The benches of the book and the engine measure what they say, and report it."""

import sys
from pathlib import Path

import numpy as np
import pytest

from bench import book_runs, engine, flows, resting, rivals
from bench._book import Books, reports_of_each
from bench.adapters import ADAPTERS
from bench.measuring import Rates
from bench.ours import SingleCalls
from bench.plain import PlainBook
from bench.playing import CHUNK, Outcome, differences, play, rows_of
from flow import shapes
from lmax.histogram import Histogram
from lmax.orderbook import OrderBook
from lmax.schema import MESSAGE, MessageType, ReportType
from tests.harness import run


def in_order(percentiles: dict) -> bool:
    values = [percentiles[name] for name in ("p50", "p90", "p99", "p999", "p9999", "max")]
    return values == sorted(values)


def test_the_book_is_measured_beside_every_peer_that_is_installed() -> None:
    found = run("book", "--quick", "--flow", "static", "normal")
    speeds = {flow["flow"]: flow["messages_per_s"] for flow in found["flows"]}
    assert found["worst_per_s"] == speeds[found["worst"]] == min(speeds.values()) > 0
    for part in [*found["flows"], *found["resting"]]:
        assert in_order(part["percentiles_ns"])
        assert part["median_per_s"] <= part["messages_per_s"]
    assert found["resting_100k_ns"] == found["resting"][-1]["ns_per_message"]
    assert found["books_10k"]["together"]["hot_ns"] > 0
    assert found["bytes_per_order"] > 16
    singles = found["peers"][rivals.OURS]["flows"]
    assert found["single_calls_per_s"] == min(run["messages_per_s"] for run in singles.values())
    assert set(found["peers"]) == {rivals.OURS, rivals.PLAIN, *ADAPTERS}
    for peer in found["peers"].values():
        if not peer["installed"]:
            assert "No module named" in peer["error"]
            continue
        assert all(run["agrees"] for run in peer["flows"].values()), peer
        assert all(run["ratio"] > 0 for run in peer["flows"].values())


def test_the_engine_is_measured_on_commands_that_it_accepts() -> None:
    found = run("engine", "--quick")
    assert [flow["flow"] for flow in found["flows"]] == ["normal", "static", engine.MARKET]
    for flow in found["flows"]:
        assert flow["accepted_share"] > 0.95
        assert 0 < flow["traded_share"] < 1
        assert flow["events_per_command"] > 1
        assert in_order(flow["latency_ns"])
        assert flow["ratio_to_raw"] == pytest.approx(
            flow["commands_per_s"] / flow["raw_per_s"], abs=0.002
        )
    assert found["commands_per_s"] == found["flows"][0]["commands_per_s"] > 0
    assert found["latency_ns"] == found["flows"][0]["latency_ns"]


@pytest.mark.parametrize("name", shapes.SWINGS)
def test_the_plain_book_single_calls_and_batches_come_to_the_same(name: str, seed: int) -> None:
    flow = shapes.generate(name, seed, 3_000)
    flow["order_id"] = flows.scrambled(flow["order_id"])
    right = rivals.expected(flow)
    assert right.trades or name == "static"  # hardly any orders meet there
    for player in (PlainBook(), SingleCalls()):
        found = play(player, flow, 60.0)
        assert found["messages"] == len(flow)
        assert differences(found, right) == {}


def test_a_player_that_runs_out_of_time_stops_after_a_chunk() -> None:
    flow = shapes.generate("normal", 1, 3_000)
    found = play(PlainBook(), flow, 1e-9)
    assert found["messages"] == CHUNK < len(flow)


def test_differences_are_named_and_what_a_book_does_not_tell_is_none() -> None:
    found = {"trades": None, "volume": 5, "resting": 1, "resting_quantity": 9}
    assert differences(found, Outcome(3, 5, 2, 9)) == {"resting": [1, 2]}


def test_a_peer_that_is_not_installed_is_named_with_its_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Missing:
        def __init__(self) -> None:
            import no_such_book  # type: ignore[import-not-found]  # noqa: F401

    monkeypatch.setitem(rivals.PLAYERS, "no-such-book", Missing)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert rivals.about("no-such-book") == {
        "installed": False,
        "error": "No module named 'no_such_book': `make bench` installs it",
    }
    (tmp_path / "peers").mkdir()
    (tmp_path / "peers" / "no-such-book.log").write_text("no wheel for this machine\n")
    assert "no wheel for this machine" in rivals.about("no-such-book")["error"]


def test_a_flow_has_arbitrary_ids_unless_dense_ones_are_asked_for() -> None:
    dense, _ = flows.flow_of("normal", ids="dense", first=5_000)
    arbitrary, _ = flows.flow_of("normal", first=5_000)
    assert dense["order_id"].max() < 1 << 20
    assert len(np.unique(arbitrary["order_id"])) == len(np.unique(dense["order_id"]))
    assert (arbitrary["order_id"] >> np.uint64(60)).max() == 15
    for name in ("type", "side", "ioc", "quantity", "price"):
        assert (dense[name] == arbitrary[name]).all()


@pytest.mark.parametrize("orders", [1, 300])
def test_a_steady_load_keeps_the_book_at_its_size_and_nothing_is_refused(
    orders: int, seed: int
) -> None:
    first, messages = resting.steady(orders, 4_000, seed=seed)
    book = OrderBook()
    book.apply(first)
    for start in range(0, len(messages), 100):
        reports = book.apply(messages[start : start + 100])
        assert not (reports["type"] == ReportType.REJECTED).any()
        assert orders - 2 <= len(book) <= orders + 2
    assert set(messages["type"]) == {MessageType.NEW, MessageType.CANCEL, MessageType.REPLACE}


def test_every_message_is_timed_once_and_leaves_the_same_book() -> None:
    flow = shapes.generate("static", 1, 2_000)
    messages = shapes.to_messages(flow)
    books, spans = Books(2), Histogram()
    books.time_each(messages, spans)
    assert spans.count == len(messages)
    in_batches = books.reports
    assert in_batches == reports_of_each(messages).sum()
    assert books.play(messages, 1, 64) > 0
    assert books.reports == 2 * in_batches
    assert books.resting(0) == books.resting(1) == rivals.expected(flow).resting


def test_messages_of_a_crowd_go_to_books_that_stay_small() -> None:
    crowd = book_runs.Crowd(50, 100, 5_000)
    made = crowd.open(hot=True, others=True)
    hot, others = Histogram(), Histogram()
    made.time_among(crowd.messages, crowd.which, hot, others)
    assert hot.count == crowd.is_hot.sum()
    assert hot.count + others.count == 5_000
    assert abs(made.resting(0) - 100) <= 2
    assert all(abs(made.resting(i) - crowd.OTHERS_REST) <= 2 for i in range(1, 50))


def test_a_book_out_of_range_is_refused() -> None:
    with pytest.raises(IndexError, match="book 1 of 1"):
        Books(1).play(np.zeros(1, MESSAGE), 1)


def test_rows_are_numbers_of_python() -> None:
    flow = shapes.generate("normal", 1, 10)
    assert all(type(value) is int for row in rows_of(flow) for value in row)


def test_the_undisturbed_rate_takes_the_best_time_of_each_part() -> None:
    rates = Rates(10)
    rates.parts = [[4, 9, 1], [6, 2, 3]]
    assert rates.undisturbed_per_s == round(10 * 1e9 / (4 + 2 + 1))
    done: list[int] = []
    real = Rates(2)
    real.time_parts([lambda: done.append(1), lambda: done.append(2)])
    assert done == [1, 2]
    assert real.undisturbed_per_s == real.best_per_s
