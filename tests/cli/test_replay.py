"""`lmax replay` on small files, whole, cut and malformed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from flow.itch_write import end_of_file, message
from tests.cli.driving import inside, lmax

OPEN_NS = 34_200 * 10**9

LOBSTER = [
    "34200.1,1,11,100,5853300,1",
    "34200.2,1,12,50,5853400,-1",
    "34200.3,4,12,20,5853400,-1",
    "34200.4,5,0,10,5853350,1",
    "34200.5,3,99,10,5853350,1",
    "34200.6,2,11,40,5853300,1",
    "34200.7,3,12,30,5853400,-1",
    "34200.8,7,0,0,-1,-1",
]


def itch_day() -> bytes:
    """Listing, two orders, an execution, a hidden trade, a delete, the end."""
    parts: list[tuple[str, dict[str, int | str]]] = [
        ("S", {"code": "O"}),
        ("R", {"locate": 7, "symbol": "AAPL"}),
        ("A", {"locate": 7, "order": 1, "side": "B", "shares": 100, "price": 1_000_000}),
        ("A", {"locate": 7, "order": 2, "side": "S", "shares": 60, "price": 1_010_000}),
        ("E", {"locate": 7, "order": 1, "shares": 30}),
        ("P", {}),
        ("D", {"locate": 7, "order": 5}),
        ("D", {"locate": 7, "order": 2}),
        ("S", {"code": "C"}),
    ]
    return b"".join(
        message(letter, time=OPEN_NS + at, **fields) for at, (letter, fields) in enumerate(parts)
    )


def lobster_file(folder: Path, lines: list[str]) -> Path:
    path = folder / "AAPL_2012-06-21_34200000_57600000_message_1.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def options(postgres: str) -> list[str]:
    return ["--dsn", postgres, "--segment-mb", "1", "--json"]


def test_a_lobster_file_is_played_and_its_messages_are_counted(tmp_path: Path, options: list[str]):
    done = lmax("replay", lobster_file(tmp_path, LOBSTER), "--format", "lobster", *options)
    assert done.code == 0, done.errors
    found = done.json
    assert found["discrepancies"] == 0
    assert found["rejected"] == {}
    assert found["trades"] == 1
    assert found["messages"] == 8
    assert found["messages_by_type"]["new_order"] == 2
    assert found["messages_by_type"]["execution"] == 1
    assert found["unintroduced"] == 1
    assert found["ignored"] == 2
    assert found["latency_ns"]["p50"] > 0


def test_an_itch_file_is_played_plain_and_zipped_to_the_same_state(tmp_path: Path, postgres: str):
    plain, zipped = tmp_path / "day", tmp_path / "day.gz"
    plain.write_bytes(itch_day() + end_of_file())
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    common = ["--format", "itch", "--segment-mb", "1", "--json"]
    one = lmax("replay", plain, *common, "--dsn", postgres)
    assert one.code == 0, one.errors
    assert one.json["discrepancies"] == 0
    assert one.json["trades"] == 1
    assert one.json["messages"] == 9
    assert one.json["messages_by_type"]["A"] == 2
    assert one.json["unintroduced"] == 1
    assert one.json["ignored"] == 1
    two = lmax("replay", zipped, *common)
    assert two.code == 0, two.errors
    for name in ("trades", "commands", "messages_by_type", "discrepancies"):
        assert two.json[name] == one.json[name]


def test_a_malformed_line_is_named_and_what_came_before_is_kept(tmp_path: Path, options: list[str]):
    path = lobster_file(tmp_path, [*LOBSTER[:3], "34200.4,1,13,ten,5853300,1", *LOBSTER[4:]])
    offset = sum(len(line) + 1 for line in LOBSTER[:3])
    data = tmp_path / "data"
    done = lmax("replay", path, "--format", "lobster", "--dir", data, *options)
    assert done.code == 5
    assert f"line 4, byte {offset}" in done.json["error"]
    assert done.json["error"] in done.errors
    assert done.json["messages"] == 3
    assert done.json["trades"] == 1
    assert done.json["discrepancies"] == 0
    replay = inside("journal", "replay", data, "--json").json
    assert replay["state_hash"] == done.json["state_hash"]
    again = lmax("replay", path, "--format", "lobster", "--dir", data, *options)
    assert again.code == 3
    assert "already holds a journal" in again.errors


def test_a_cut_itch_file_names_the_byte_of_the_cut_message(tmp_path: Path, options: list[str]):
    day, path = itch_day(), tmp_path / "cut"
    last = len(message("S", code="C"))
    path.write_bytes(day[:-5])
    done = lmax("replay", path, "--format", "itch", *options)
    assert done.code == 5
    assert f"byte {len(day) - last}: the file is cut" in done.json["error"]
    assert done.json["messages"] == 8
    assert done.json["trades"] == 1
    assert done.json["discrepancies"] == 0


@pytest.mark.parametrize("kind", ["lobster", "itch"])
def test_a_file_that_is_not_there_is_told_before_anything_starts(tmp_path: Path, kind: str):
    done = lmax("replay", tmp_path / "none", "--format", kind, "--json")
    assert done.code == 5
    assert str(tmp_path / "none") in done.json["error"]
    assert "starting" not in done.errors


def test_the_first_book_is_seeded_from_an_orderbook_file(tmp_path: Path, options: list[str]):
    book = tmp_path / "AAPL_orderbook_1.csv"
    book.write_text("5853400,70,5853300,100\n")
    done = lmax(
        "replay", lobster_file(tmp_path, LOBSTER), "--format", "lobster", "--book", book, *options
    )
    assert done.code == 0, done.errors
    assert done.json["in_first_row"] == 1
    assert done.json["discrepancies"] == 0
