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
    return Text().append(f" {label:<{LABEL_WIDTH}}", style="bold cyan")


def _rate(meter: Meter, width: int) -> Text:
    line = _labelled("commands").append(f"{meter.rate:>9,.0f}/s  ")
    return line.append(sparkline(meter.rates, max(width - len(line) - 1, 0)), style="cyan")


def _orders(status: Status) -> Text:
    rejected = sum(status.rejected.values())
    share = 100 * rejected / max(status.accepted + rejected, 1)
    line = _labelled("orders").append(f"accepted {status.accepted:,}   ")
    line.append(f"rejected {rejected:,} ({share:.1f} %)   ")
    return line.append(f"trades {status.trades:,}")


def _latency(status: Status) -> Text:
    line = _labelled("latency")
    for name, label in LATENCIES.items():
        line.append(f"{label} ", "bright_black")
        line.append(f"{duration(status.latency_ns[name])}   ")
    return line


def _journal(status: Status) -> Text:
    journal = status.journal
    batches = int(journal["batches"])
    line = _labelled("journal").append(f"command {status.synced:,}   ")
    return line.append(
        f"segment {journal['segment']}   {journal['mode']}   {batches:,} batches synced"
    )


def _ledger(status: Status) -> Text:
    ledger = status.ledger
    state = str(ledger["state"])
    line = _labelled("ledger").append(f"command {ledger['position']:,}   ")
    line.append(f"{ledger['lag']:,} behind   ")
    line.append(state, STATE_STYLE.get(state, "default"))
    return line.append(f"   {ledger['rows']:,} rows")
