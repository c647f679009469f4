"""``python -m bench.book``: the bare order book on five flows, at rest, among many, and its peers.

The flows are those of ../shared/data/flow where that folder is there, else generated ones of the
same shape; order ids are arbitrary 64-bit numbers. Beside our book, in the same run: the other
order books on PyPI and a plain one of dictionaries and deques through their Python API, and a loop
that only reads each message and writes as many reports.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Any

from bench import book_runs, common, flows, resting, rivals
from bench.measuring import timer_told
from flow import shapes

PEER_MESSAGES = 100_000


@dataclass(frozen=True)
class Effort:
    """How much of everything: messages of a flow, runs, sizes of books."""

    first: int | None
    runs: int
    peer_messages: int
    rests: tuple[int, ...]
    rest_messages: int
    books: int
    book_messages: int
    memory_orders: int


FULL = Effort(None, 30, PEER_MESSAGES, (1_000, 100_000), 300_000, 10_000, 400_000, 1_000_000)
QUICK = Effort(20_000, 3, 3_000, (1_000, 5_000), 20_000, 200, 10_000, 50_000)


def options() -> argparse.ArgumentParser:
    made = common.parser((__doc__ or "").split("\n\n")[0])
    made.add_argument("--flow", nargs="+", default=list(shapes.SWINGS), choices=shapes.SWINGS)
    made.add_argument("--ids", choices=flows.IDS, default="random", help="order ids of the flows")
    made.add_argument("--runs", type=int, help="best and median of so many (30)")
    made.add_argument(
        "--peer-messages",
        type=int,
        help=f"how many messages of each flow the peers play ({PEER_MESSAGES:,})",
    )
    made.add_argument("--no-peers", action="store_true", help="our book only")
    made.add_argument("--quick", action="store_true", help="little of everything, in seconds")
    return made


def on_flows(names: list[str], ids: str, effort: Effort) -> list[dict[str, Any]]:
    found = []
    for name in names:
        flow, source = flows.flow_of(name, ids=ids, first=effort.first)
        found.append(
            {"flow": name, "source": source, "ids": ids, **book_runs.on_flow(flow, effort.runs)}
        )
    return found


def peers_on(
    players: list[str], names: list[str], ids: str, effort: Effort, ours: dict[str, int]
) -> dict[str, Any]:
    """Players, ours first, on the first messages of the flows."""
    firsts = {name: flows.flow_of(name, ids=ids, first=effort.peer_messages)[0] for name in names}
    found = {name: rivals.measure(name, firsts) for name in players}
    rivals.add_ratios(found, ours)
    return found


def memory_of(effort: Effort) -> dict[str, Any]:
    """Bytes, in a process whose pools are unused."""
    with rivals.own_process() as pool:
        found = pool.submit(resting.memory, effort.memory_orders).result()
    with rivals.own_process() as pool:
        empty = pool.submit(book_runs.empty_books, effort.books).result()
    return {**found, "bytes_per_empty_book": empty}


def main(arguments: list[str] | None = None) -> None:
    parser = options()
    chosen = parser.parse_args(arguments)
    effort = QUICK if chosen.quick else FULL
    runs, peer_messages = chosen.runs or effort.runs, chosen.peer_messages or effort.peer_messages
    if runs < 1 or peer_messages < 1:
        parser.error("--runs and --peer-messages start at 1")
    effort = Effort(**{**vars(effort), "runs": runs, "peer_messages": peer_messages})
    timer = timer_told()
    results = on_flows(chosen.flow, chosen.ids, effort)
    show_flows(results, timer)
    few = max(3, effort.runs // 6)
    at_rest = [
        book_runs.at_rest(count, effort.rest_messages, few, chosen.ids) for count in effort.rests
    ]
    show_rest(at_rest)
    crowd = book_runs.among_many(effort.books, effort.book_messages, few)
    memory = memory_of(effort)
    show_room(crowd, memory)
    ours = {found["flow"]: found["messages_per_s"] for found in results}
    players = [rivals.OURS] if chosen.no_peers else list(rivals.PLAYERS)
    peers = peers_on(players, chosen.flow, chosen.ids, effort, ours)
    singles = peers[rivals.OURS]["flows"].values()
    worst = min(results, key=lambda found: found["messages_per_s"])
    answer = {
        "worst": worst["flow"],
        "worst_per_s": worst["messages_per_s"],
        "resting_100k_ns": at_rest[-1]["ns_per_message"],
        "bytes_per_order": memory["bytes_per_order"],
        "timer_ns": timer,
        "flows": results,
        "resting": at_rest,
        "books_10k": crowd,
        "memory": memory,
        "single_calls_per_s": min(run["messages_per_s"] for run in singles),
        "peers": peers,
    }
    show_peers(peers, answer, chosen.json)


def show_flows(results: list[dict[str, Any]], timer: dict[str, int]) -> None:
    common.show(
        f"Order book, batches of {book_runs.BATCH}; spans of one message include the timer's"
        f" {timer['p50']} ns",
        [
            "flow",
            "messages/s",
            "median",
            "quiet",
            "ns",
            "of raw",
            "p50",
            "p99",
            "p99.9",
            "p99.99",
            "cpu",
        ],
        [
            [
                found["flow"],
                f"{found['messages_per_s']:,}",
                f"{found['median_per_s']:,}",
                f"{found['undisturbed_per_s']:,}",
                found["ns_per_message"],
                found["ratio_to_raw"],
                *(found["percentiles_ns"][name] for name in ("p50", "p99", "p999", "p9999")),
                found["cpu_share"],
            ]
            for found in results
        ],
        None,
        False,
    )


def show_rest(results: list[dict[str, Any]]) -> None:
    common.show(
        "Orders come, change and go anywhere in a book that keeps its size",
        ["resting", "messages/s", "median", "quiet", "ns", "p50", "p99", "p99.9", "p99.99"],
        [
            [
                f"{found['resting']:,}",
                f"{found['messages_per_s']:,}",
                f"{found['median_per_s']:,}",
                f"{found['undisturbed_per_s']:,}",
                found["ns_per_message"],
                *(found["percentiles_ns"][name] for name in ("p50", "p99", "p999", "p9999")),
            ]
            for found in results
        ],
        None,
        False,
    )


def show_room(crowd: dict[str, Any], memory: dict[str, Any]) -> None:
    cases = [
        ("hot alone", "hot_alone", "hot"),
        ("hot among others", "together", "hot"),
        ("others beside it", "together", "others"),
        ("others alone", "others_alone", "others"),
    ]
    common.show(
        f"{crowd['books']:,} books, one of them hot; ns of a message, one at a time",
        ["which", "mean", "p50", "p99"],
        [
            [title, *(crowd[case][f"{who}_{what}"] for what in ("ns", "p50", "p99"))]
            for title, case, who in cases
        ],
        None,
        False,
    )
    common.show(
        f"Memory of {memory['orders']:,} resting orders",
        ["what", "bytes"],
        [[name.replace("_", " "), str(value)] for name, value in memory.items()],
        None,
        False,
    )


def show_peers(peers: dict[str, Any], answer: dict[str, Any], as_json: bool) -> None:
    rows = [[name, *peer_row(peer)] for name, peer in peers.items()]
    common.show(
        "Through the Python API, one call a message; how many times faster ours is at least",
        ["book", "version", "slowest flow", "fastest flow", "in batches", "in single calls",
         "same result"],
        rows,
        answer,
        as_json,
    )  # fmt: skip
    for name, peer in peers.items():
        if "error" in peer:
            print(f"{name}: {peer['error']}", file=sys.stderr)
        for flow, run in peer.get("flows", {}).items():
            if not run["agrees"]:
                print(f"{name} on {flow} differs: {run['differences']}", file=sys.stderr)


def peer_row(peer: dict[str, Any]) -> list[Any]:
    if "error" in peer:
        return ["error, see below", "", "", "", "", ""]
    runs = peer["flows"].values()
    rates = [run["messages_per_s"] for run in runs]
    return [
        peer["version"],
        f"{min(rates):,}/s",
        f"{max(rates):,}/s",
        min(run["ratio"] for run in runs),
        min(run["ratio_single_calls"] for run in runs),
        f"{sum(run['agrees'] for run in runs)} of {len(runs)}",
    ]


if __name__ == "__main__":
    main()
