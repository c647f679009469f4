"""The book of one instrument as a ladder, and the last trades."""

from __future__ import annotations

from rich.text import Text

from lmax.schema import Phase, Side, Status
from marketdata._depth import MarketData
from marketdata.views import TradeState, Trading
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
    lines.append(_middle(depth.bids, depth.asks, market.trading(instrument)))
    lines += bids + [empty] * (levels - len(bids))
    return lines + [empty] * (height - len(lines))


def _level(level: tuple[int, int, int], most: int, width: int, colour: str) -> Text:
    price, quantity, orders = level
    line = Text().append(f"{money(price):>10}", style=f"bold {colour}")
    line.append(f"{quantity:>9,}")
    line.append(f"{orders:>4} ", style="bright_black")
    return line.append(bar(quantity, most, max(width - 24, 0)), style=colour)


def standing(trading: Trading) -> str:
    """Phase, status and limits in a few words; nothing where trading is as usual."""
    words = []
    if trading.phase != Phase.CONTINUOUS:
        words.append(trading.phase.name)
    if trading.status != Status.ACTIVE:
        words.append(trading.status.name)
    if trading.limit_state is not None:
        words.append("LIMIT_UP" if trading.limit_state == Side.BUY else "LIMIT_DOWN")
    if trading.short_sales_restricted:
        words.append("SHORT_RESTRICTED")
    return " ".join(words).lower().replace("_", " ")


Levels = list[tuple[int, int, int]]


def _middle(bids: Levels, asks: Levels, trading: Trading) -> Text:
    """The spread; while orders are collected, where the auction would trade."""
    call = trading.indicative
    if call is not None and call.price is not None:
        text = f"{call.quantity:,} would trade at {money(call.price)}"
        return Text(f"{text:>19}", style="bold yellow")
    if not bids or not asks:
        return Text(f"{'one side is empty':>19}", style="bright_black")
    spread = asks[0][0] - bids[0][0]
    text = f"crossed by {money(-spread)}" if spread <= 0 else f"spread {money(spread)}"
    return Text(f"{text:>19}", style="bright_black")


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
        line.append(f"{int(trade['quantity']):>7,}")
        if trade["state"] == TradeState.BUSTED:
            line.stylize("strike")
        lines.append(line)
    return lines + [Text("")] * (height - len(lines))
