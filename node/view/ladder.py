"""The book of one instrument as a ladder, and the last trades."""

from __future__ import annotations

from rich.text import Text

from lmax.schema import Side
from marketdata._depth import MarketData
from node.view.text import bar, money

BUY, SELL = "green", "red"


def ladder(market: MarketData, instrument: int, width: int, height: int) -> list[Text]:
    """The best asks above the best bids, the spread between: `height` lines (3 at least)."""
    levels = (height - 1) // 2
    depth = market.depth(instrument, levels)
    most = max((quantity for _, quantity, _ in depth.bids + depth.asks), default=0)
    asks = [_level(level, most, width, SELL) for level in reversed(depth.asks)]
    bids = [_level(level, most, width, BUY) for level in depth.bids]
    empty = Text("")
    lines = [empty] * (levels - len(asks)) + asks
    lines.append(_middle(depth.bids, depth.asks))
    lines += bids + [empty] * (levels - len(bids))
    return lines + [empty] * (height - len(lines))


def _level(level: tuple[int, int, int], most: int, width: int, colour: str) -> Text:
    price, quantity, orders = level
    line = Text().append(f"{money(price):>10}", style=f"bold {colour}")
    line.append(f"{quantity:>9,}")
    line.append(f"{orders:>4} ", style="bright_black")
    return line.append(bar(quantity, most, max(width - 24, 0)), style=colour)


def _middle(bids: list[tuple[int, int, int]], asks: list[tuple[int, int, int]]) -> Text:
    if not bids or not asks:
        return Text(f"{'one side is empty':>19}", style="bright_black")
    spread = money(asks[0][0] - bids[0][0])
    return Text(f"{'spread ' + spread:>19}", style="bright_black")


def tape(market: MarketData, symbols: dict[int, str], height: int) -> list[Text]:
    """The last trades of all instruments, newest first."""
    if height < 1:
        return []
    lines = []
    for trade in market.trades(height)[::-1]:
        second, micros = divmod(int(trade["time"]) // 1_000, 1_000_000)
        clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
        line = Text().append(f"{clock}.{micros // 1_000:03} ", style="bright_black")
        line.append(f"{symbols.get(int(trade['instrument']), '?'):<6}")
        side = BUY if trade["side"] == Side.BUY else SELL
        line.append(f"{money(int(trade['price'])):>9}", style=side)
        lines.append(line.append(f"{int(trade['quantity']):>7,}"))
    return lines + [Text("")] * (height - len(lines))
