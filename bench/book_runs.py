"""What `bench.book` measures of our book."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from bench._book import Books, raw, reports_of_each
from bench._clock import timer_mean_ns
from bench.flows import Flow, scrambled
from bench.measuring import Rates, Spans
from bench.resting import Messages, cancels, opening, resident_bytes, steady
from flow import shapes
from lmax.histogram import Histogram
from lmax.orderbook import OrderBook
from lmax.schema import MESSAGE, ReportType

BATCH = 4096


def batches(messages: Messages) -> list[Messages]:
    return [messages[start : start + BATCH] for start in range(0, len(messages), BATCH)]


def apply_all(book: OrderBook, parts: list[Messages]) -> None:
    for part in parts:
        book.apply(part)


def on_flow(flow: Flow, runs: int) -> dict[str, Any]:
    """A flow again and again through one book, which is emptied (not timed) between."""
    messages = shapes.to_messages(flow)
    away = cancels(messages["order_id"][flow["type"] == shapes.NEW])
    parts, book, core = batches(messages), OrderBook(), Books()
    reports = reports_of_each(messages)
    rates, within, limit = (Rates(len(messages)) for _ in range(3))
    spans = Spans()
    for _ in range(runs + 1):
        rates.time_parts([partial(book.apply, part) for part in parts])
        book.apply(away)
        within.time(partial(core.play, messages, batch=BATCH))
        core.play(away)
        limit.time(partial(raw, messages, reports))
    for _ in range(max(2, runs // 3)):
        core.time_each(messages, spans.run())
        core.play(away)
    return {
        "messages": len(messages),
        **rates.told(),
        "ns_per_message": round(rates.best_ns, 1),
        "without_python_per_s": within.best_per_s,
        **spans.told(),
        "reports_per_message": round(float(reports.mean()), 2),
        "raw_per_s": limit.best_per_s,
        "ratio_to_raw": round(limit.best_ns / rates.best_ns, 3),
        "trades": trades(messages),
    }


def trades(messages: Messages) -> int:
    reports = OrderBook().apply(messages)
    return int(np.count_nonzero(reports["type"] == ReportType.FILL))


def at_rest(resting: int, count: int, runs: int, ids: str) -> dict[str, Any]:
    """A steady load on a book in which so many orders rest; as much goes before, to warm up."""
    first, both = steady(resting, 2 * count, ids=ids)
    warm, messages = both[:count], both[count:]
    parts = batches(messages)
    rates, within, spans = Rates(count), Rates(count), Spans()
    for _ in range(runs):
        book, core = OrderBook(), Books()
        apply_all(book, [first, *batches(warm)])
        rates.time_parts([partial(book.apply, part) for part in parts])
        core.play(first)
        core.play(warm)
        within.time(partial(core.play, messages, batch=BATCH))
    for _ in range(max(2, runs // 3)):
        core = Books()
        core.play(first)
        core.play(warm)
        core.time_each(messages, spans.run())
    return {
        "resting": resting,
        "messages": count,
        **rates.told(),
        "ns_per_message": round(rates.best_ns, 1),
        "without_python_ns": round(within.best_ns, 1),
        **spans.told(),
    }


class Crowd:
    """One hot book among many: who is asked for what, and when. The first half warms up.

    The hot book holds `resting` orders, the others 20 each. Every other message, by chance, is for
    the hot one, the others are for any of the rest.
    """

    OTHERS_REST = 20

    def __init__(self, books: int, resting: int, count: int) -> None:
        rng = np.random.default_rng(1)
        self.books = books
        self.hot_opening, hot = steady(resting, count)
        self.which = np.where(rng.random(count) < 0.5, 0, rng.integers(1, books, count)).astype(
            np.uint32
        )
        self.is_hot = self.which == 0
        turn = _occurrence(self.which)
        base_opening, base = steady(
            self.OTHERS_REST, int(turn[~self.is_hot].max()) + 1, ids="dense", seed=2
        )
        self.messages = np.zeros(count, MESSAGE)
        self.messages[self.is_hot] = hot[: int(self.is_hot.sum())]
        self.messages[~self.is_hot] = base[turn[~self.is_hot]]
        _own_ids(self.messages, self.which, ~self.is_hot)
        self.owners = np.repeat(np.arange(1, books, dtype=np.uint32), self.OTHERS_REST)
        self.openings = np.tile(base_opening, books - 1)
        _own_ids(self.openings, self.owners, np.ones(len(self.owners), bool))

    def open(self, hot: bool, others: bool) -> Books:
        """Books with what rests in them at the beginning."""
        made = Books(self.books if others else 1)
        if others:
            made.play_among(self.openings, self.owners)
        if hot:
            made.play(self.hot_opening)
        return made


def _own_ids(messages: Messages, books: Any, chosen: Any) -> None:
    """Ids that differ from book to book."""
    own = messages["order_id"] + (books.astype(np.uint64) << np.uint64(32))
    messages["order_id"] = np.where(chosen, scrambled(own), messages["order_id"])


def _occurrence(numbers: Any) -> Any:
    """For each element how many equal ones come before it."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=ordered[0] + 1))
    starts = np.repeat(begins, np.diff(begins, append=len(ordered)))
    found = np.empty(len(numbers), np.int64)
    found[order] = np.arange(len(numbers)) - starts
    return found


def among_many(books: int, count: int, runs: int) -> dict[str, Any]:
    """One hot book alone, together with thousands of others, and these without it.

    One message at a time goes in. `whole_ns` is the time of everything by the number of messages;
    the other means come from the clock around each message, less what the clock costs itself.
    """
    crowd = Crowd(books, 1_000, count)
    hot, rest = crowd.is_hot, ~crowd.is_hot
    cost = timer_mean_ns()
    found: dict[str, Any] = {"books": books, "messages": count, "hot_share": 0.5}
    cases = {
        "hot_alone": (True, False, hot),
        "together": (True, True, hot | rest),
        "others_alone": (False, True, rest),
    }
    for name, (with_hot, with_others, chosen) in cases.items():
        messages, which = crowd.messages[chosen], crowd.which[chosen]
        half = len(which) // 2
        warm, messages, which = (messages[:half], which[:half]), messages[half:], which[half:]
        whole, means = [], []
        histograms = [Histogram(), Histogram()]
        for _ in range(runs):
            made = crowd.open(with_hot, with_others)
            made.play_among(*warm)
            whole.append(made.play_among(messages, which) / len(messages))
            made = crowd.open(with_hot, with_others)
            made.play_among(*warm)
            means.append(made.time_among(messages, which, *histograms))
        best = np.min(means, axis=0) - cost
        found[name] = {"whole_ns": round(min(whole), 1)}
        for book, mean, histogram in zip(("hot", "others"), best, histograms, strict=True):
            if histogram.count:
                found[name][f"{book}_ns"] = round(float(mean), 1)
                found[name][f"{book}_p50"] = histogram.percentile(50)
                found[name][f"{book}_p99"] = histogram.percentile(99)
    found["hot_slowdown"] = round(found["together"]["hot_ns"] / found["hot_alone"]["hot_ns"], 2)
    found["others_slowdown"] = round(
        found["together"]["others_ns"] / found["others_alone"]["others_ns"], 2
    )
    return found


def empty_books(count: int) -> float:
    """Bytes that a book takes in which nothing rests; for a process of its own."""
    OrderBook().apply(opening(np.random.default_rng(1), 1))
    before = resident_bytes()
    kept = [OrderBook() for _ in range(count)]
    return round((resident_bytes() - before) / len(kept), 1)
