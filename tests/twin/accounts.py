"""Balances of cash and shares, what of them open orders hold back, and what accounts are."""

from dataclasses import dataclass, field

CASH = 0
"""The asset number of cash; every other asset is the instrument of that id."""


@dataclass
class Balance:
    """What an account owns of one asset, and how much of that is reserved."""

    total: int = 0
    reserved: int = 0

    @property
    def available(self) -> int:
        return self.total - self.reserved


@dataclass
class Settings:
    """What SET_ACCOUNT said; accounts of one group (not 0) do not trade with each other."""

    firm: int = 0
    group: int = 0
    self_trade: int = 0


@dataclass
class Accounts:
    """Every open account's settings, and its balances, one per asset it ever touched."""

    balances: dict[int, dict[int, Balance]] = field(default_factory=dict)
    settings: dict[int, Settings] = field(default_factory=dict)

    def open(self, account: int) -> None:
        self.balances[account] = {CASH: Balance()}
        self.settings[account] = Settings()

    def known(self, account: int) -> bool:
        return account in self.balances

    def of(self, account: int, asset: int) -> Balance:
        """The balance of an open account; an asset it never touched is zero."""
        return self.balances[account].setdefault(asset, Balance())

    def total_of(self, asset: int) -> int:
        """What all accounts together own of an asset."""
        return sum(b[asset].total for b in self.balances.values() if asset in b)

    def move(self, asset: int, giver: int, taker: int, amount: int) -> None:
        """Give ``amount`` of an asset from one account to another (or to itself)."""
        self.of(giver, asset).total -= amount
        self.of(taker, asset).total += amount
