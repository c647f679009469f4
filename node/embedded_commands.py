"""What an embedded engine can be asked for: one method for each command."""

from __future__ import annotations

from typing import Unpack

from lmax import requests
from lmax.amounts import Amount
from lmax.order_requests import OrderOptions, new_order
from lmax.schema import CommandType, LotPolicy, Side
from node.embedded_operator import OperatorMethods


class CommandMethods(OperatorMethods):
    """Each method publishes one command and returns its sequence at once.

    Raises TypeError or ValueError, with nothing published, for a value that can never be right:
    a float, too many decimals, an id out of its range.
    """

    def define_instrument(
        self,
        instrument: int,
        symbol: str,
        *,
        tick: Amount = "0.01",
        lot: Amount = 1,
        min_price: Amount | None = None,
        max_price: Amount | None = None,
        max_quantity: Amount | None = None,
        quantity_scale: int = 0,
        lot_policy: LotPolicy = LotPolicy.ANY,
        round_lot: Amount = 0,
    ) -> int:
        """A new instrument; see lmax.requests.define_instrument."""
        request = requests.define_instrument(
            instrument,
            symbol,
            tick=tick,
            lot=lot,
            min_price=min_price,
            max_price=max_price,
            max_quantity=max_quantity,
            quantity_scale=quantity_scale,
            lot_policy=lot_policy,
            round_lot=round_lot,
        )
        return self.submit(request)

    def open_account(self, account: int) -> int:
        """A new account, 1..16777215, without cash or shares."""
        return self.submit(requests.open_account(account))

    def deposit(self, account: int, amount: Amount) -> int:
        """Cash into an account."""
        return self.submit(requests.transfer(CommandType.DEPOSIT, account, amount))

    def withdraw(self, account: int, amount: Amount) -> int:
        """Available cash out of an account."""
        return self.submit(requests.transfer(CommandType.WITHDRAW, account, amount))

    def deposit_shares(self, account: int, instrument: int, quantity: Amount) -> int:
        """Shares into an account."""
        return self.submit(
            requests.transfer_shares(CommandType.DEPOSIT, account, instrument, quantity)
        )

    def withdraw_shares(self, account: int, instrument: int, quantity: Amount) -> int:
        """Available shares out of an account."""
        return self.submit(
            requests.transfer_shares(CommandType.WITHDRAW, account, instrument, quantity)
        )

    def buy(
        self,
        account: int,
        instrument: int,
        quantity: Amount,
        price: Amount | None = None,
        *,
        client_order_id: int,
        **options: Unpack[OrderOptions],
    ) -> int:
        """`new_order` with Side.BUY."""
        return self.submit(
            new_order(
                account,
                instrument,
                Side.BUY,
                quantity,
                price,
                client_order_id=client_order_id,
                options=options,
            )
        )

    def sell(
        self,
        account: int,
        instrument: int,
        quantity: Amount,
        price: Amount | None = None,
        *,
        client_order_id: int,
        **options: Unpack[OrderOptions],
    ) -> int:
        """`new_order` with Side.SELL."""
        return self.submit(
            new_order(
                account,
                instrument,
                Side.SELL,
                quantity,
                price,
                client_order_id=client_order_id,
                options=options,
            )
        )

    def new_order(
        self,
        account: int,
        instrument: int,
        side: Side,
        quantity: Amount,
        price: Amount | None = None,
        *,
        client_order_id: int,
        **options: Unpack[OrderOptions],
    ) -> int:
        """A limit order, or a market order where no price is given, or what the options say.

        client_order_id: yours, new within the account. If you do not know whether a command
        arrived, send it again under the same id: it is done at most once.
        options: see lmax.order_requests.OrderOptions.
        """
        return self.submit(
            new_order(
                account,
                instrument,
                side,
                quantity,
                price,
                client_order_id=client_order_id,
                options=options,
            )
        )

    def cancel(self, account: int, instrument: int, client_order_id: int) -> int:
        """Take an open order out of the book."""
        return self.submit(requests.cancel(account, instrument, client_order_id))

    def reduce(self, account: int, instrument: int, client_order_id: int, by: Amount) -> int:
        """Less of an open order, which keeps its place in the queue."""
        return self.submit(requests.reduce(account, instrument, client_order_id, by))

    def replace(
        self,
        account: int,
        instrument: int,
        client_order_id: int,
        *,
        new_client_order_id: int,
        quantity: Amount,
        price: Amount | None = None,
        stop: Amount | None = None,
    ) -> int:
        """Another id, price and total quantity for an open order.

        price: none for an order without one; stop: another trigger price of a stop order.
        """
        return self.submit(
            requests.replace(
                account,
                instrument,
                client_order_id,
                new_client_order_id=new_client_order_id,
                quantity=quantity,
                price=price,
                stop=stop,
            )
        )

    def end_of_day(self) -> int:
        """Expire every order of the day; client order ids of closed orders are free again."""
        return self.submit(requests.end_of_day())
