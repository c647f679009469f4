"""What the operator of an embedded engine can ask for: one method for each command."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Unpack

from lmax import operator_requests as requests
from lmax.amounts import Amount
from lmax.operator_requests import MassCancelScope, ProtectionOptions
from lmax.requests import Request
from lmax.schema import Phase, SelfTrade, Status
from lmax.times import Time


class OperatorMethods(ABC):
    """Each method publishes and returns the sequence at once; see CommandMethods."""

    @abstractmethod
    def submit(self, commands: Request, timeout: float = 1.0) -> int:
        """Publish commands; the sequence of the last."""

    # -- the venue -------------------------------------------------------------------------

    def timer(self) -> int:
        """Do what is due by now: expiries, ends of halts, bands, indicative prices."""
        return self.submit(requests.timer())

    def set_phase(self, phase: Phase, instrument: int | None = None) -> int:
        """The phase of an instrument, or of all that are active."""
        return self.submit(requests.set_phase(phase, instrument))

    def set_close(self, time: Time) -> int:
        """When the market closes today: ns since 1970, or a datetime with a time zone."""
        return self.submit(requests.set_close(time))

    def set_index(self, level: Amount, reference: Amount) -> int:
        """An index now, and what it is compared with: its fall halts the market."""
        return self.submit(requests.set_index(level, reference))

    def kill_switch(
        self,
        on: bool,
        *,
        account: int | None = None,
        firm: int | None = None,
        instrument: int | None = None,
    ) -> int:
        """Stop (or allow again) an account, a firm, an instrument or, with none named, all."""
        return self.submit(
            requests.kill_switch(on, account=account, firm=firm, instrument=instrument)
        )

    def mass_cancel(self, **scope: Unpack[MassCancelScope]) -> int:
        """Cancel every open order that matches all that is named; see MassCancelScope."""
        return self.submit(requests.mass_cancel(**scope))

    def session_ended(self, session: int) -> int:
        """Cancel the session's orders with CANCEL_ON_DISCONNECT."""
        return self.submit(requests.session_ended(session))

    def set_account(
        self,
        account: int,
        *,
        firm: int = 0,
        group: int = 0,
        self_trade: SelfTrade = SelfTrade.DEFAULT,
    ) -> int:
        """The firm and group of an account, and what happens instead of a trade with itself."""
        request = requests.set_account(account, firm=firm, group=group, self_trade=self_trade)
        return self.submit(request)

    # -- one instrument --------------------------------------------------------------------

    def set_status(self, instrument: int, status: Status) -> int:
        """Suspend an instrument, let it trade again, or delist it for ever."""
        return self.submit(requests.set_status(instrument, status))

    def set_reference(self, instrument: int, price: Amount) -> int:
        """The price that bands, collars of auctions and falls are measured from."""
        return self.submit(requests.set_reference(instrument, price))

    def set_protection(self, instrument: int, **options: Unpack[ProtectionOptions]) -> int:
        """Everything that protects an instrument, see ProtectionOptions; what is not named is off.

        collar, auction_collar, drop: percent; times: ns or a timedelta, to 24 hours.
        """
        return self.submit(requests.set_protection(instrument, **options))

    def set_tick_table(
        self, instrument: int, rows: Sequence[tuple[Amount, Amount]], effective: Time = 0
    ) -> int:
        """Ticks by price, from a time on: rows of (price from which on, tick), the first from 0.

        One command for each row; the sequence is that of the last.
        """
        return self.submit(requests.set_tick_table(instrument, rows, effective))

    def split(
        self, instrument: int, numerator: int, denominator: int, *, cash_in_lieu: Amount = 0
    ) -> int:
        """So many new shares for so many old ones; what makes no lot is paid at that price."""
        request = requests.split(instrument, numerator, denominator, cash_in_lieu=cash_in_lieu)
        return self.submit(request)

    def dividend(self, instrument: int, amount: Amount) -> int:
        """Money for every share; open buys and sell stops are lowered by it."""
        return self.submit(requests.dividend(instrument, amount))

    def change_symbol(self, instrument: int, symbol: str) -> int:
        """Another name for an instrument."""
        return self.submit(requests.change_symbol(instrument, symbol))

    def bust_trade(self, instrument: int, trade_id: int) -> int:
        """Undo a trade: the money goes back to the buyer, the shares to the seller."""
        return self.submit(requests.bust_trade(instrument, trade_id))

    def correct_trade(
        self, instrument: int, trade_id: int, *, price: Amount, quantity: Amount
    ) -> int:
        """Another price for a trade, and a quantity not above the one it has."""
        request = requests.correct_trade(instrument, trade_id, price=price, quantity=quantity)
        return self.submit(request)
