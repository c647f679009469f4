"""Trades that are taken back or corrected."""

from lmax.schema import EventType, Reason
from tests.twin.accounts import CASH
from tests.twin.checks import RejectedError, known_instrument, require
from tests.twin.commands import Command
from tests.twin.numbers import MAX_INT64
from tests.twin.trades import Trade
from tests.twin.world import World


def check_bust(world: World, c: Command) -> None:
    known_instrument(world, c)
    trade = _open_trade(world, c)
    _can_be_moved(world, trade, trade.quantity, -_amount(world, trade))


def check_correction(world: World, c: Command) -> None:
    instrument = known_instrument(world, c)
    trade = _open_trade(world, c)
    require(instrument.min_price <= c.price <= instrument.max_price, Reason.PRICE_RANGE)
    require(c.price % instrument.tick_size == 0, Reason.PRICE_TICK)
    require(1 <= c.quantity <= trade.quantity, Reason.QUANTITY_RANGE)
    require(c.quantity % instrument.lot_size == 0, Reason.QUANTITY_LOT)
    amount = instrument.notional(c.price, c.quantity)
    require(amount <= MAX_INT64, Reason.NOTIONAL_RANGE)
    _can_be_moved(world, trade, trade.quantity - c.quantity, amount - _amount(world, trade))


def bust_trade(world: World, c: Command) -> None:
    trade = world.trades.trades[c.trade_id]
    amount = _amount(world, trade)
    _move(world, trade, trade.quantity, -amount)
    trade.busted = True
    _tell(world, EventType.BUSTED, c, amount, (trade.quantity, amount))


def correct_trade(world: World, c: Command) -> None:
    trade = world.trades.trades[c.trade_id]
    before = trade.quantity, _amount(world, trade)
    amount = world.instruments[c.instrument].notional(c.price, c.quantity)
    _move(world, trade, trade.quantity - c.quantity, amount - before[1])
    trade.price, trade.quantity = c.price, c.quantity
    _tell(world, EventType.CORRECTED, c, amount, before)


def _open_trade(world: World, c: Command) -> Trade:
    trade = world.trades.find(c.trade_id, c.instrument)
    if trade is None:
        raise RejectedError(Reason.UNKNOWN_TRADE)
    require(not trade.busted, Reason.TRADE_BUSTED)
    return trade


def _can_be_moved(world: World, trade: Trade, shares_back: int, more_money: int) -> None:
    """The buyer can give back shares; who owes money (more of it: the buyer) can pay it."""
    if trade.buyer == trade.seller:
        return
    has = world.accounts.of(trade.buyer, trade.instrument).available
    require(has >= shares_back, Reason.INSUFFICIENT_SHARES)
    payer = trade.buyer if more_money > 0 else trade.seller
    require(world.accounts.of(payer, CASH).available >= abs(more_money), Reason.INSUFFICIENT_CASH)


def _move(world: World, trade: Trade, shares_back: int, more_money: int) -> None:
    world.accounts.move(trade.instrument, trade.buyer, trade.seller, shares_back)
    world.accounts.move(CASH, trade.buyer, trade.seller, more_money)


def _amount(world: World, trade: Trade) -> int:
    return world.instruments[trade.instrument].notional(trade.price, trade.quantity)


def _tell(world: World, event: EventType, c: Command, amount: int, before: tuple[int, int]) -> None:
    trade = world.trades.trades[c.trade_id]
    world.report.add(
        event,
        instrument=trade.instrument,
        trade_id=c.trade_id,
        account=trade.buyer,
        maker_account=trade.seller,
        price=trade.price,
        quantity=trade.quantity,
        amount=amount,
        leaves=before[0],
        maker_leaves=before[1],
    )
