"""The trades that can still be busted or corrected."""

from dataclasses import dataclass, field

MAX_TRADES = 4_194_304


@dataclass
class Trade:
    """Who bought what from whom, as it stands after corrections."""

    instrument: int
    buyer: int
    seller: int
    price: int
    quantity: int
    busted: bool = False


@dataclass
class TradeLog:
    """The last ``limit`` trades by their ids 1, 2, 3, …"""

    limit: int = MAX_TRADES
    last_id: int = 0
    trades: dict[int, Trade] = field(default_factory=dict)

    def add(self, trade: Trade) -> int:
        """The new trade's id; the oldest is forgotten if there are too many."""
        self.last_id += 1
        self.trades[self.last_id] = trade
        self.trades.pop(self.last_id - self.limit, None)
        return self.last_id

    def find(self, trade_id: int, instrument: int) -> Trade | None:
        """A remembered trade of that instrument."""
        trade = self.trades.get(trade_id)
        return trade if trade is not None and trade.instrument == instrument else None

    def forget(self, instrument: int) -> None:
        """No trade of the instrument can be busted or corrected any more (it was split)."""
        for trade_id in [i for i, t in self.trades.items() if t.instrument == instrument]:
            del self.trades[trade_id]
