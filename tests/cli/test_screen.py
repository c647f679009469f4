"""The live screen on a terminal, and the parts it is made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live

from flow import MarketGenerator
from journal.replay import replayed
from lmax.schema import Side
from node.cli.command_text import as_text
from node.cli.stopping import Stop
from node.system import System
from node.view.screen import ScreenWatch
from node.view.text import bar, duration, money, sparkline
from tests.cli.driving import SMALL, left_behind
from tests.cli.terminal import CTRL_C, TO_SCREEN, TO_SHELL, terminal

COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def test_ctrl_c_in_a_terminal_drains_and_hurts_no_postgresql(tmp_path: Path):
    """The whole foreground gets the signal; the server is not part of it."""
    data = tmp_path / "data"
    with terminal("run", "--dir", data, "--for", "0", "--rate", "2000", *SMALL) as screen:
        screen.until(lambda text: text.count("last trades") > 3)
        screen.press(CTRL_C)
        code = screen.ended()
    shown = screen.text
    assert code == 0, shown[-3000:]
    assert shown.index(TO_SCREEN) < shown.index(TO_SHELL)
    after = COLOURS.sub("", shown.rpartition(TO_SHELL)[2])
    assert re.search(r"discrepancies +0\s", after), after
    assert f"{replayed(data / 'journal').state_hash:016x}" in after
    assert left_behind(data) == []


def test_a_second_ctrl_c_gives_the_terminal_back(tmp_path: Path):
    nowhere = f"host={tmp_path} dbname=none"
    options = ["--dir", tmp_path / "data", "--dsn", nowhere, "--for", "0", "--rate", "500", *SMALL]
    with terminal("run", *options, "--patience", "60") as screen:
        screen.until(lambda text: text.count("last trades") > 3)
        screen.press(CTRL_C)
        screen.until(lambda text: "ends at once" in text)
        screen.until(lambda text: text.count("stopping") > 3)
        screen.press(CTRL_C)
        assert screen.ended() == 130, "or its patience was over"
    assert TO_SHELL in screen.text
    assert "ended at once" in screen.text.rpartition(TO_SHELL)[2]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (132, 50), (60, 16), (20, 5)])
def test_a_frame_fits_the_terminal_and_shows_the_book(
    tmp_path: Path, postgres: str, width: int, height: int
):
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    market = MarketGenerator(1, 20, 3)
    with System(tmp_path, dsn=postgres, segment_bytes=1 << 20) as system:
        system.core.submit(market.setup())
        last = system.core.submit(market.next_batch(20_000))
        system.core.wait_applied(last)
        while system.core.marketdata.sequence < last:
            pass
        watch = ScreenWatch(system, Stop(), Live(console=console), 30.0, 1)
        lines = watch.frame(console).plain.split("\n")
        bids, asks = system.core.marketdata.depth(1, 1)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert "lmax" in lines[0]
    if height >= 16:
        rows = [line.split() for line in lines]
        ask, bid = (
            next(row for row in rows if row[:2] == [money(price), f"{quantity:,}"])
            for price, quantity, _ in (asks[0], bids[0])
        )
        assert rows.index(bid) - rows.index(ask) == 2, "the spread stands between them"
        assert any("AAPL" in line and "last trades" in line for line in lines)
        for label in ("commands", "orders", "latency", "journal", "ledger"):
            assert any(line.split()[:1] == [label] for line in lines), label


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 ns"), (999, "999 ns"), (1_000, "1.0 µs"), (9_940, "9.9 µs"), (9_960, "10 µs"),
        (110_000, "110 µs"), (999_400, "999 µs"), (999_600, "1.0 ms"), (32_000_000, "32 ms"),
        (1_500_000_000, "1.5 s"), (90_000_000_000, "90 s"), (5_000_000_000_000, "5000 s"),
    ],
)  # fmt: skip
def test_durations_read_as_people_say_them(ns: int, text: str):
    assert duration(ns) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00"), (1, "0.0001"), (1_899_500, "189.95"), (1_899_550, "189.955"), (-25_000, "-2.50")],
)
def test_money_shows_cents_and_more_only_where_there_is_more(amount: int, text: str):
    assert money(amount) == text


def test_bars_and_sparklines_are_in_proportion():
    assert bar(10, 10, 4) == "████"
    assert bar(5, 10, 4) == "██  "
    assert bar(1, 16, 2) == "▏ "
    assert bar(0, 10, 3) == bar(1, 0, 3) == "   "
    assert bar(99, 10, 3) == "███"
    assert sparkline([0, 7, 3.5], 8) == "▁█▅"
    assert sparkline([1, 2, 9, 9], 2) == "██"
    assert sparkline([], 5) == sparkline([0, 0], 5) == ""


def test_a_command_reads_as_a_sentence_of_trading():
    commands = MarketGenerator(3, 5, 2).next_batch(4_000)
    texts = [as_text(command) for command in commands]
    for command, text in zip(commands, texts, strict=True):
        assert f"account {command['account']}  instrument {command['instrument']}" in text
    first = commands[0]
    side = Side(first["side"]).name.lower()
    assert f"order {first['client_order_id']}  {side} {first['quantity']} at " in texts[0]
