"""Rates, latencies and positions: the lower part of the screen."""

from __future__ import annotations

from rich.text import Text

from node.system import Status
from node.view.meter import Meter
from node.view.text import duration, sparkline

LABEL_WIDTH = 10
STATE_STYLE = {"live": "green", "starting": "yellow", "down": "yellow", "failed": "bold red"}
LATENCIES = {"p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9", "max": "max"}


def gauges(status: Status, meter: Meter, width: int) -> list[Text]:
    """Five lines: rate, orders, latency, journal, ledger."""
    return [
        _rate(meter, width),
        _orders(status),
        _latency(status),
        _journal(status),
        _ledger(status),
    ]


def _labelled(label: str) -> Text:
    return Text(f" {label:<{LABEL_WIDTH}}", style="bold cyan")


def _plain(line: Text, text: str, style: str = "default") -> Text:
    return line.append(text, style=style)


def _rate(meter: Meter, width: int) -> Text:
    line = _plain(_labelled("commands"), f"{meter.rate:>9,.0f}/s  ")
    return line.append(sparkline(meter.rates, max(width - len(line) - 1, 0)), style="cyan")


def _orders(status: Status) -> Text:
    rejected = sum(status.rejected.values())
    share = 100 * rejected / max(status.accepted + rejected, 1)
    line = _plain(_labelled("orders"), f"accepted {status.accepted:,}   ")
    _plain(line, f"rejected {rejected:,} ({share:.1f} %)   ")
    return _plain(line, f"trades {status.trades:,}")


def _latency(status: Status) -> Text:
    line = _labelled("latency")
    for name, label in LATENCIES.items():
        _plain(line, f"{label} ", "bright_black")
        _plain(line, f"{duration(status.latency_ns[name])}   ")
    return line


def _journal(status: Status) -> Text:
    journal = status.journal
    batches = int(journal["batches"])
    line = _plain(_labelled("journal"), f"command {status.synced:,}   ")
    return _plain(
        line, f"segment {journal['segment']}   {journal['mode']}   {batches:,} batches synced"
    )


def _ledger(status: Status) -> Text:
    ledger = status.ledger
    state = str(ledger["state"])
    line = _plain(_labelled("ledger"), f"command {ledger['position']:,}   ")
    _plain(line, f"{ledger['lag']:,} behind   ")
    _plain(line, state, STATE_STYLE.get(state, "default"))
    return _plain(line, f"   {ledger['rows']:,} rows")
